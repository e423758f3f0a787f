"""One visit of a page: what it has shown, and when the next one is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING, Any

from crawler.freshness.policy import AUTO, Bounds, History, interval_s
from crawler.frontier.queue import Revisit
from crawler.frontier.revisits import visit_again

if TYPE_CHECKING:
    from crawler.frontier.prefetch import Leased


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """What is kept of a page between its visits.

    Attributes:
        visits: how many there were.
        whole: number of the last one that read the page; others failed, or heard that it is unchanged.
        failed: whether the last one found no page.
        at_s: when the last one was, in seconds since 1970 by the clock of its instance.
        planned_s: how long after it the next one was to be.
        history: of changes.
        age_s: of the newest record when the page was read; None where none tells.
        links: digest of where the page led to.
        validators: by which to ask whether it is still the same.
    """

    visits: int = 0
    whole: int = 0
    failed: bool = False
    at_s: float = 0.0
    planned_s: float = 0.0
    history: History = field(default_factory=History)
    age_s: float | None = None
    links: str = ""
    validators: Mapping[str, str] = field(default_factory=dict)

    def pack(self) -> dict[str, Any]:
        """Return it in short."""
        said = {
            "n": self.visits,
            "w": self.whole,
            "x": int(self.failed),
            "at": round(self.at_s),
            "in": round(self.planned_s),
            "c": round(self.history.changes, 3),
            "t": round(self.history.watched_s),
            "g": round(1 - self.history.guess, 3),
            "a": None if self.age_s is None else round(self.age_s),
            "l": self.links,
            "v": self.validators,
        }
        return {name: value for name, value in said.items() if value not in (0, "", None, {})}

    @classmethod
    def unpack(cls, said: Mapping[str, Any]) -> PageState:
        """Read it; nothing is of a page that was never visited."""
        return cls(
            visits=said.get("n", 0),
            whole=said.get("w", 0),
            failed=bool(said.get("x")),
            at_s=said.get("at", 0),
            planned_s=said.get("in", 0),
            history=History(changes=said.get("c", 0), watched_s=said.get("t", 0), guess=1 - said.get("g", 0)),
            age_s=said.get("a"),
            links=said.get("l", ""),
            validators=said.get("v", {}),
        )


class Visit:
    """A visit under way; what comes of its records is added until it is acknowledged.

    Attributes:
        page: the fingerprint of the page.
        before: what was known of it.
        changed: whether anything was other than at the visit before.
        read: whether the page was read, and not only heard of.
        failed: whether there was none to read.
        is_last: whether the page is not visited again.
        is_whole: whether all of the page came with one answer: else its validators say nothing of the rest.
        homes: states of the other pages that records of this one are followed on, by fingerprint.
        validators: of the answer.
        links: digest of where the page leads to.
        age_s: of the newest record.
        readings: of records, by their keys.
    """

    def __init__(self, page: int, before: PageState, every: float | str, bounds: Bounds) -> None:
        self.page = page
        self.before = before
        self.every = every
        self.bounds = bounds
        self.homes: dict[str, PageState] = {}
        self.is_whole = True
        self.is_last = self.changed = self.read = self.failed = False
        self.validators: dict[str, str] = {}
        self.links = before.links
        self.age_s: float | None = None
        self.readings: dict[str, bytes] = {}

    @property
    def number(self) -> int:
        """Which visit of the page it is, from 1 on."""
        return self.before.visits + 1

    def after(self, now_s: float) -> PageState:
        """Return what is kept of the page after this visit."""
        before = self.before
        elapsed_s = max(before.planned_s, now_s - before.at_s) if before.visits else 0.0
        # The first visit has nothing to compare with, and a failed one has compared nothing.
        compared = before.visits and not self.failed
        history = before.history.after(elapsed_s, changed=self.changed) if compared else before.history
        age_s = self.age_s if self.read else None if before.age_s is None else before.age_s + elapsed_s
        return PageState(
            visits=self.number,
            whole=self.number if self.read else before.whole,
            failed=self.failed,
            at_s=now_s,
            planned_s=self.interval_s(history, age_s),
            history=history,
            age_s=age_s,
            links=self.links,
            validators=self.validators if self.read else before.validators,
        )

    def interval_s(self, history: History, age_s: float | None) -> float:
        """Return how long until the next one; a page that fails is asked less and less often."""
        if self.every != AUTO:
            return float(self.every)
        if self.failed:
            return self.bounds.keep(2 * self.before.planned_s)
        return interval_s(history, age_s, self.bounds)

    def told(self, leased: Leased) -> Revisit | None:
        """Return what the acknowledgement of the page says; None where it is not visited again."""
        if self.is_last:
            return None
        state = self.after(time())
        payload = visit_again(leased.payload, state.pack(), state.validators)
        due_in_ms = round(1000 * state.planned_s)
        return Revisit(leased.id, self.page, due_in_ms, payload, self.readings)
