"""Which instances are at a crawl, and when all of them agree that it is complete."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

if TYPE_CHECKING:
    from redis import Redis

    from crawler.frontier.keys import Keys

WORKER_TTL_MS = 15_000
"""After so long without a sign of life an instance counts as gone."""
LUA = Path(__file__).with_name("lua")

Beginning = Literal["anew", "resumed", "joined"]


class Census(NamedTuple):
    """What an instance without work is told."""

    busy_others: int
    """Instances that have work in hand, which may lead to more."""
    pending: int
    """Requests that wait."""
    held_back: int
    """Requests that wait for all else to be done."""
    finished: bool
    """Nobody has work and nothing waits: the crawl is complete."""


class Fleet:
    """One instance's membership in a crawl.

    Every request is taken while the instance is marked as busy, so that no other one can see an empty
    queue and nobody at work while a request is in hand.
    """

    def __init__(self, server: Redis, keys: Keys, ttl_ms: int = WORKER_TTL_MS) -> None:
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.server = server
        self.keys = keys
        self.ttl_ms = ttl_ms
        self.busy = True
        self._join = server.register_script((LUA / "join.lua").read_text())
        self._beat = server.register_script((LUA / "beat.lua").read_text())

    def join(self, seeds: str = "", *, anew: bool = False) -> Beginning:
        """Enter the crawl; begins it anew when the former one is complete.

        Args:
            seeds: what a new crawl begins with, for `other_crawl`.
            anew: drop what an interrupted crawl has left; never under a running instance.
        """
        first = self.keys.of_the_fleet
        rest = [key for key in self.keys.of_a_crawl if key not in first]
        return cast("Beginning", text(self._join(keys=first + rest, args=[self.worker, self.ttl_ms, seeds, int(anew)])))

    def work(self) -> None:
        """Say that this instance is about to take work."""
        if not self.busy:
            self.busy = True
            self.beat()

    def rest(self) -> Census:
        """Say that this instance has no work, and learn whether there is any elsewhere."""
        self.busy = False
        return self.beat()

    def beat(self) -> Census:
        """Give a sign of life."""
        answer = cast(
            "list[int]", self._beat(keys=self.keys.of_the_fleet, args=[self.worker, self.ttl_ms, int(self.busy)])
        )
        return Census(answer[0], answer[1], answer[2], bool(answer[3]))

    def leave(self) -> None:
        """Leave the crawl; what is pending stays for the others."""
        with self.server.pipeline() as pipe:
            pipe.zrem(self.keys.workers, self.worker)
            pipe.srem(self.keys.busy, self.worker)
            pipe.execute()


def text(value: object) -> str:
    """Return a reply of Redis as text."""
    return value.decode() if isinstance(value, bytes) else str(value)


def other_crawl(server: Redis, keys: Keys, seeds: str, *, anew: bool = False) -> str | None:
    """Return what is in the way of a crawl that begins with `seeds`: a sentence with the remedy, or None.

    Instances without seeds take part in whatever crawl there is. With `anew` an interrupted one is no obstacle.
    """
    state = {text(name): text(value) for name, value in cast("dict[Any, Any]", server.hgetall(keys.state)).items()}
    theirs = state.get("seeds", "")
    if not seeds or not theirs or theirs == seeds or "finished" in state:
        return None
    seconds, _ = server.time()
    own_store = "or give yours a store of its own with -s STORE_DIR=.crawler-2"
    if server.zcount(keys.workers, seconds * 1000, "+inf"):
        return (
            f"Another crawl of {keys.spider} is running here, with {theirs}: join it by the same arguments or none, "
            f"wait for its end, {own_store}."
        )
    pending = server.zcard(keys.requests) + server.llen(keys.last)
    if not pending or anew:
        return None
    return (
        f"Another crawl of {keys.spider} was interrupted here, with {theirs} and {pending:,} requests pending: go on "
        f"with it by the same arguments or none, drop it with -a anew=1, {own_store}."
    )
