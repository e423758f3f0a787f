"""Requests that were leased and wait for the engine to take them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Lock
from time import monotonic
from typing import NamedTuple

import orjson

from crawler.frontier.queue import Handed


class Leased(NamedTuple):
    """A leased request: when it may go (monotonic seconds), and the generation of its lease."""

    id: str
    payload: bytes
    due: float
    generation: int


class PrefetchBuffer:
    """First come, first served among those whose time has come. Filled by the I/O thread, emptied by the reactor."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.lock = Lock()
        self.waiting: deque[Leased] = deque()
        self.lent: list[Leased] = []
        self.alone = ""
        """A suspect that was handed out alone: nothing is fetched beside it."""
        self.held = False
        """Whether nothing may be taken, as the crawl is paused."""

    def __len__(self) -> int:
        return len(self.waiting)

    def room(self) -> int:
        """Return how many more there is room for; 0 until half of them are gone, so that few calls bring many."""
        waiting = len(self.waiting) + len(self.lent)
        return 0 if self.alone or 2 * waiting > self.capacity else self.capacity - waiting

    def fill(self, requests: Iterable[Handed], generation: int, *, alone: bool) -> None:
        """Add what a POP has given."""
        now = monotonic()
        leased = [Leased(one.id, one.payload, now + one.due_in_ms / 1000, generation) for one in requests]
        with self.lock:
            self.waiting.extend(sorted(leased, key=lambda one: one.due))
            self.alone = leased[0].id if alone and leased else self.alone

    def take(self) -> Leased | None:
        """Return a request whose time has come."""
        with self.lock:
            if not self.held and self.waiting and self.waiting[0].due <= monotonic():
                return self.waiting.popleft()
            return None

    def lend(self, slot: str) -> Leased | None:
        """Return a waiting request to a slot's host, whose place in the air another request takes meanwhile."""
        with self.lock:
            for leased in self.waiting:
                if slot_in(leased.payload) == slot:
                    self.waiting.remove(leased)
                    self.lent.append(leased)
                    return leased
        return None

    def take_back(self, leased: Leased) -> None:
        """Let a request wait here again whose place was lent."""
        with self.lock:
            if leased in self.lent:
                self.lent.remove(leased)
                self.waiting.appendleft(leased)

    def next_due(self) -> float | None:
        """Return when the next request may go, in monotonic seconds; None without one."""
        with self.lock:
            return self.waiting[0].due if self.waiting and not self.held else None

    def hand_back(self) -> list[Leased]:
        """Return and forget what waits; what is lent, or fetched alone, goes its way."""
        with self.lock:
            left = [*self.waiting]
            self.waiting.clear()
            if self.alone in {leased.id for leased in left}:
                self.alone = ""
            return left

    def clear(self) -> list[Leased]:
        """Return and forget all."""
        with self.lock:
            left = [*self.lent, *self.waiting]
            self.waiting.clear()
            self.lent.clear()
            self.alone = ""
            return left


def slot_in(payload: bytes) -> str | None:
    """Return the slot that a payload names; None where it is none that can be read."""
    try:
        slot = orjson.loads(payload)["s"]
    except (ValueError, KeyError, TypeError):
        return None
    return slot if isinstance(slot, str) else None
