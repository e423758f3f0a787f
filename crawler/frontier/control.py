"""Orders to a whole crawl, from outside: pause, resume, drain, clear. Blocking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, cast

from crawler.frontier.keys import FLEET, LASTING, LEDGER, Keys
from crawler.frontier.queue import Queue, text, texts
from crawler.frontier.revisits import left_of

if TYPE_CHECKING:
    from redis import Redis

CONTROL = ":control"
KEYS_A_CALL = 1000
"""Keys that Redis looks at in one call."""

Outcome = Literal["none", "paused", "resumed", "already", "drained", "running", "cleared"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an order.

    Attributes:
        outcome: `none` where there is no crawl, or only a finished one; `already` where nothing had to be done.
        pending: requests that wait.
        in_hand: requests that instances have in hand.
        workers: the instances at work.
        revisits: requests that wait to visit a page again; they are not among those that are pending.
    """

    outcome: Outcome
    pending: int
    in_hand: int
    workers: list[str]
    revisits: int = 0

    @classmethod
    def of(cls, reply: Any) -> Self:
        """Read the answer of a verb."""
        outcome, left, in_hand, workers, revisits = reply
        return cls(cast("Outcome", text(outcome)), left - in_hand - revisits, in_hand, texts(workers), revisits)


class Holdings(NamedTuple):
    """What Redis holds of a crawl: its name among all there were, and so many requests, letters and records."""

    epoch: str
    pending: int
    dead: int
    records: int
    seeds: int
    """Of other programs, which stay."""
    revisits: int
    """Requests that wait to visit a page again, which are not pending."""


class Control:
    """Gives orders to one crawl. Each can be repeated without harm."""

    def __init__(self, server: Redis, keys: Keys) -> None:
        self.queue = Queue(server, keys)

    def pause(self, *, paused: bool) -> Answer:
        """Have all instances hold back, or go on."""
        return self.call("pause", int(paused))

    def drain(self) -> Answer:
        """Have all instances that are at work by now end."""
        return self.call("drain")

    def clear(self, epoch: str) -> Answer:
        """Drop a crawl that nobody is at."""
        return self.call("clear", epoch, *LEDGER, *LASTING)

    def call(self, verb: str, *arguments: Any) -> Answer:
        """Give an order, once it is known which processes of this machine have gone."""
        self.queue.bereave()
        return Answer.of(self.queue.call(verb, *arguments))

    def at_work(self, workers: list[str]) -> list[str]:
        """Return those of `workers` that have not ended, nor given no sign of life for as long as their lease."""
        self.queue.bereave()
        server, keys = self.queue.server, self.queue.keys
        seconds, _ = server.time()
        living = set(texts(cast("list[bytes]", server.zrange(keys.workers, seconds * 1000, "+inf", byscore=True))))
        return [worker for worker in workers if worker in living]

    def holdings(self) -> Holdings | None:
        """Return what there is of the crawl; None where there is none."""
        server, keys = self.queue.server, self.queue.keys
        epoch = server.hget(keys.control, "epoch")
        if epoch is None:
            return None
        left, revisits = left_of(server, keys)
        dead, records = server.hlen(keys.dead), server.scard(keys.recorded)
        return Holdings(text(epoch), left - revisits, dead, records, self.seeds_waiting(), revisits)

    def seeds_waiting(self) -> int:
        """Return how many seeds of other programs there are, in whichever of scrapy-redis' ways."""
        server, key = self.queue.server, self.queue.keys.start_urls
        counts = {"list": server.llen, "set": server.scard, "zset": server.zcard}
        count = counts.get(text(server.type(key)))
        return count(key) if count else 0


def crawls(server: Redis) -> list[str]:
    """Return the names of all crawls that a Redis holds anything of."""
    found = texts(server.scan_iter(f"{FLEET}*{CONTROL}", count=KEYS_A_CALL))
    return sorted({key.removeprefix(FLEET).removesuffix(CONTROL) for key in found})


def named(worker: str) -> str:
    """Return an instance's name for a reader: machine and process."""
    machine, pid, _ = worker.rsplit(":", 2)
    return f"{machine.rpartition('-')[0]} pid {pid}"
