"""What an instance has counted and not told yet."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from crawler.drift.counts import PAGE, RECORD, Counts, Group, filled_in

if TYPE_CHECKING:
    from crawler.items import Record

MOST_GROUPS = 1_000
"""Groups of a crawl that are watched; of more hosts, those that came first."""


class Batch(NamedTuple):
    """What is told at once; the same number is the same batch."""

    number: int
    counts: dict[Group, Counts]

    def words(self, worker: str, epoch: str) -> tuple[Any, ...]:
        """Return verb and arguments by which a worker tells it."""
        pairs = (word for group, counts in self.counts.items() for word in (group.pack(), orjson.dumps(counts)))
        return "tally", worker, epoch, self.number, MOST_GROUPS, *pairs


class Tally:
    """Counts in the reactor, and is told there or in the I/O thread: one batch after the other."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: dict[Group, Counts] = {}
        self.batch = Batch(0, {})

    def read(self, record: Record) -> None:
        """Count a record."""
        url = record.fetched_from
        with self.lock:
            self.add(Group.of(record.kind, record.site, url), filled_in(record), url)
            self.add(Group.of(PAGE, record.site, url), [RECORD])

    def refuse(self, site: str, url: str) -> None:
        """Count a page, or a record, that was refused."""
        with self.lock:
            self.add(Group.of(PAGE, site, url), [], url)

    def add(self, group: Group, names: list[str], url: str = "") -> None:
        """Count a reading, of a page that is worth a look; under the lock."""
        self.counts.setdefault(group, Counts()).add(names, url)

    def take(self) -> Batch | None:
        """Return what is to be told: what is not known to have been, before what came later; None where that is all."""
        with self.lock:
            if not self.batch.counts:
                if not self.counts:
                    return None
                self.batch, self.counts = Batch(self.batch.number + 1, self.counts), {}
            return self.batch

    def told(self, batch: Batch) -> None:
        """Note that a batch was told."""
        with self.lock:
            if batch.number == self.batch.number:
                self.batch = Batch(batch.number, {})
