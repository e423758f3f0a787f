"""Whether a site has changed its pages: what a crawl has filled, beside what crawls before it did."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from crawler.drift.counts import Counts, Group, watched

USUAL_SHARE = 0.5
"""A field is expected where it was filled in this share of the readings, or more."""
FALLEN_SHARE = 0.5
"""It has fallen where the share is below this part of what it was."""
COMPARABLE_SHARE = 0.1
"""A crawl with less than this part of the usual readings is another thing than those before: it proves nothing."""
CONFIRMED = 3
"""So many crawls in a row that are unlike those before are what is usual from then on."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A field that is filled no more.

    Attributes:
        name: of the field.
        share: of the readings that have it, 0 to 1.
        former: the same of the crawls before.
    """

    name: str
    share: float
    former: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A group that is not what it was.

    Attributes:
        group: which.
        n: how many readings tell so.
        falls: the fields, in the order of the record.
        url: one of its pages.
    """

    group: Group
    n: int
    falls: list[Fall]
    url: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a group after a crawl.

    Attributes:
        usual: counts, those of a crawl weighing twice as much as those of the one before it.
        unlike: how many crawls in a row were unlike that.
        drift: what the last one has shown, if anything.
    """

    usual: Counts = field(default_factory=Counts)
    unlike: int = 0
    drift: Drift | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a group.

    Attributes:
        crawl: name of the crawl that was learnt from last.
        before: what was known before that: it can be learnt from again, when it has read more.
        now: what is known since.
    """

    crawl: str = ""
    before: State = field(default_factory=State)
    now: State = field(default_factory=State)

    def base(self, crawl: str) -> State:
        """Return what a crawl is to be compared with."""
        return self.before if crawl == self.crawl else self.now


ENTRY = TypeAdapter(Entry)


def is_comparable(counts: Counts, usual: Counts, least: int) -> bool:
    """Tell whether there are enough readings to compare."""
    return usual.n >= least and counts.n >= max(least, COMPARABLE_SHARE * usual.n)


def drift_of(group: Group, counts: Counts, usual: Counts, least: int) -> Drift | None:
    """Return what is filled no more; None where that cannot be told, or there is nothing."""
    if not is_comparable(counts, usual, least):
        return None
    falls = [Fall(name, counts.share(name), usual.share(name)) for name in watched(group.kind)]
    falls = [one for one in falls if one.former >= USUAL_SHARE and one.share < FALLEN_SHARE * one.former]
    return Drift(group=group, n=round(counts.n), falls=falls, url=counts.url) if falls else None


def learnt(group: Group, counts: Counts, base: State, least: int) -> State:
    """Return what is known of a group after a crawl.

    One that is unlike those before it, as its site has changed or it was so small, leaves that alone, unless it is the
    last of `CONFIRMED` in a row: then that is forgotten for what the crawl has shown.
    """
    drift = drift_of(group, counts, base.usual, least)
    if not base.usual.n:
        return State(counts)
    if drift is None and is_comparable(counts, base.usual, min(least, round(base.usual.n))):
        return State(blended(base.usual, counts))
    if base.unlike + 1 >= CONFIRMED:
        return State(counts, 0, drift)
    return replace(base, unlike=base.unlike + 1, drift=drift)


def blended(former: Counts, counts: Counts) -> Counts:
    """Return the mean of two counts: thus the older a crawl is, the less it weighs."""
    names = former.filled.keys() | counts.filled.keys()
    filled = {one: round((former.filled.get(one, 0) + counts.filled.get(one, 0)) / 2, 2) for one in sorted(names)}
    return Counts(round((former.n + counts.n) / 2, 2), filled, counts.url)
