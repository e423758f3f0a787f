"""What Redis holds of how often fields are filled, in this crawl and in those before it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from crawler.drift.counts import COUNTS, Counts, Group
from crawler.drift.tally import MOST_GROUPS
from crawler.drift.verdict import ENTRY, Drift, Entry, drift_of, learnt
from crawler.frontier.queue import Queue, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import TypeAdapter
    from redis import Redis

    from crawler.frontier.keys import Keys

LEAST_READINGS = 20
"""Readings of a group from which it is judged, where no setting says so."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pages:
    """What stands in the book at one moment.

    Attributes:
        epoch: name of the crawl.
        period: number of its period: a long crawl has several.
        counts: those of this period.
        entries: what is known from those before.
    """

    epoch: str
    period: int
    counts: dict[Group, Counts]
    entries: dict[Group, Entry]

    @property
    def name(self) -> str:
        """Name of the period among those of all crawls."""
        return f"{self.epoch}:{self.period}"

    def entry(self, group: Group) -> Entry:
        """Return what is known of a group."""
        return self.entries.get(group) or Entry()

    def drifts(self, least: int) -> list[Drift]:
        """Return what has changed; where a period is too young to tell, that of the one before."""
        found = []
        for group in sorted(self.counts.keys() | self.entries.keys()):
            entry, counts = self.entry(group), self.counts.get(group, Counts())
            drift = drift_of(group, counts, entry.base(self.name).usual, least)
            if counts.n < least and self.period and entry.crawl == f"{self.epoch}:{self.period - 1}":
                drift = entry.now.drift
            found += [drift] if drift else []
        return found

    def learnt(self, least: int) -> dict[Group, Entry | None]:
        """Return what is known from now on of what was read, and None for what is to be forgotten: there is an end."""
        name = self.name
        new: dict[Group, Entry | None] = {}
        for group, counts in self.counts.items():
            base = self.entry(group).base(name)
            if base.usual.n or counts.n >= least:
                new[group] = Entry(name, base, learnt(group, counts, base, least))
        others = sorted(self.entries.keys() - new.keys(), key=lambda one: self.entry(one).now.usual.n)
        too_many = max(0, len(others) + len(new) - MOST_GROUPS)
        return new | dict.fromkeys(others[:too_many])


class Book:
    """Reads and writes it. Blocking.

    Args:
        queue: the crawl's.
        least: readings of a group from which it is judged.
    """

    def __init__(self, queue: Queue, least: int = LEAST_READINGS) -> None:
        self.queue, self.least = queue, least

    @classmethod
    def of(cls, server: Redis, keys: Keys, least: int = LEAST_READINGS) -> Book:
        """Return that of a crawl, for an onlooker."""
        return cls(Queue(server, keys), least)

    def read(self) -> Pages:
        """Return what stands there now."""
        epoch, period, fill, profile = self.queue.call("recall")
        return Pages(text(epoch), int(period), readable(COUNTS, fill), readable(ENTRY, profile))

    def drifts(self) -> list[Drift]:
        """Return what has changed."""
        return self.read().drifts(self.least)

    def learn(self) -> None:
        """Take what this crawl has read for what is usual. Repeat it until it returns; also when more was read."""
        self.write(self.read(), closes=False)

    def turn(self, period_ms: float) -> None:
        """Do so where a period of a long crawl is over, and begin the next one."""
        server = self.queue.server
        since_ms, (seconds, micros) = server.hget(self.queue.keys.control, "fill_ms"), server.time()
        if since_ms is not None and 1000 * seconds + micros / 1000 - float(since_ms) >= period_ms:
            self.write(self.read(), closes=True)

    def write(self, pages: Pages, *, closes: bool) -> None:
        """Write what is known from now on, unless somebody has who has read more."""
        readings = sum(counts.n for counts in pages.counts.values())
        words: list[Any] = [pages.epoch, pages.period, round(readings), int(closes)]
        for group, entry in pages.learnt(self.least).items():
            words += (group.pack(), "" if entry is None else orjson.dumps(entry))
        self.queue.call("learn", *words)


def readable(reader: TypeAdapter[T], stored: Sequence[bytes]) -> dict[Group, T]:
    """Read what is known by group, from fields and values, without what this version cannot read."""
    found: dict[Group, T] = {}
    for group, value in zip(stored[::2], stored[1::2], strict=True):
        with suppress(ValueError, TypeError):  # pydantic's and orjson's errors are ValueErrors
            found[Group.unpack(group)] = reader.validate_json(value)
    return found
