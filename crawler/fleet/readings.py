"""What Redis tells of a fleet's crawls, read by a thread: a silent Redis must not keep the parent from its signals."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

import redis

from crawler.frontier.keys import Keys
from crawler.frontier.queue import text

if TYPE_CHECKING:
    from redis import Redis

READ_S = 1.0
"""Seconds between two readings."""
RATE_S = 10.0
"""Seconds over which pages a second are counted."""
READY_MS = 10
"""For so long a host could have been asked and was not, before that counts as waiting for an instance: one that has
nothing else to do takes what is due at once."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a crawl is.

    Attributes:
        at_s: when this was read, by this process' clock.
        records: how many are in the feeds.
        pending: requests that are left, without the next.
        revisits: those that wait to visit a page again.
        done: requests that are done, until their next visit too, or given up.
        epoch: name of the crawl.
        finished: whether it is complete.
        ready: how many hosts wait for an instance, and not for their time.
        paused: whether all are told to hold back.
        drained: when all were told to end last, as Redis has it.
        pages_per_s: over the last seconds.
    """

    at_s: float
    records: int = 0
    pending: int = 0
    revisits: int = 0
    done: int = 0
    epoch: str = ""
    finished: bool = False
    ready: int = 0
    paused: bool = False
    drained: str = ""
    pages_per_s: float = 0.0


class Readings(threading.Thread):
    """Keeps the latest reading of each spider.

    Args:
        server: a client; blocking.
        keys: of the crawls, by spider.
        revive: called while Redis is silent: where it is an embedded store, there may be no instance left to do it.
    """

    def __init__(self, server: Redis, keys: Mapping[str, Keys], revive: Callable[[], None] = lambda: None) -> None:
        super().__init__(name="readings", daemon=True)
        self.server, self.keys, self.revive = server, keys, revive
        self.former: dict[str, deque[Reading]] = {spider: deque() for spider in keys}
        self.latest: dict[str, Reading] = {}
        self.silent = False
        self.ended = threading.Event()

    def run(self) -> None:
        """Read again and again."""
        while not self.ended.wait(READ_S):
            self.read()

    def read(self) -> None:
        """Read once."""
        try:
            for spider, keys in self.keys.items():
                self.note(spider, read_crawl(self.server, keys))
            self.silent = False
        except redis.RedisError:
            self.silent = True
            self.revive()

    def note(self, spider: str, found: Reading) -> None:
        """Keep a reading, with the pace since the former ones."""
        former = self.former[spider]
        if former and former[-1].epoch != found.epoch:
            former.clear()
        former.append(found)
        while former[0].at_s < found.at_s - RATE_S:
            former.popleft()
        span_s = found.at_s - former[0].at_s
        pages_per_s = (found.done - former[0].done) / span_s if span_s else 0.0
        self.latest[spider] = replace(found, pages_per_s=pages_per_s)

    def stop(self) -> None:
        """End the thread; one that waits for Redis is left behind, as nobody else is to wait for that."""
        self.ended.set()
        if self.is_alive():
            self.join(READ_S)
            self.silent = self.silent or self.is_alive()


def read_crawl(server: Redis, keys: Keys) -> Reading:
    """Read where a crawl is. Blocking."""
    seconds, micros = server.time()
    now_ms = seconds * 1000 + micros // 1000
    pipe = server.pipeline(transaction=False)
    pipe.hmget(keys.control, "epoch", "finished", "done", "dead", "visits", "paused_ms", "drained_ms")
    pipe.scard(keys.recorded)
    pipe.hlen(keys.requests)
    pipe.zcount(keys.due, f"({now_ms}", "+inf")
    pipe.zcount(keys.hosts, "-inf", now_ms - READY_MS)
    control, records, left, revisits, ready = pipe.execute()
    epoch, finished, *ended, paused, drained = control
    return Reading(
        monotonic(),
        records=records,
        pending=left - revisits,
        revisits=revisits,
        done=sum(int(number or 0) for number in ended),
        epoch=text(epoch or b""),
        finished=bool(finished),
        ready=ready,
        paused=paused is not None,
        drained=text(drained or b""),
    )
