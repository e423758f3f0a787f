"""Workers on one real queue, and what a test wants to know of what Redis holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, cast

from redis import Redis

from crawler.frontier.fingerprint import folded
from crawler.frontier.keys import FLEET, Keys
from crawler.frontier.options import Options
from crawler.frontier.queue import NewLink, Popped, Queue, Report, Told, text, texts

SITE = "site.example"
WORK_LEFT = ("requests", "hosts", "last", "suspects", "deliveries", "starting", "ready", "claims")
"""Keys that are gone once nothing is left to do."""


def signed_in(url: str, user: str, password: str) -> str:
    """Return the URL of a server for another user."""
    scheme, _, rest = url.partition("://")
    rest = rest.rpartition("@")[2]
    return f"{scheme}://{rest}{'&' if '?' in rest else '?'}username={user}&password={password}"


class Crew:
    """The workers of one crawl. Time passes by moving what Redis holds into the past, without anybody waiting."""

    def __init__(self, server: Redis, spider: str = "videos") -> None:
        self.server = server
        self.keys = Keys(spider)

    def queue(self, **options: Any) -> Queue:
        """Return a worker that has not joined yet."""
        return Queue(self.server, self.keys, Options(**{"cap": 1_000_000, **options}))

    def join(self, **options: Any) -> Queue:
        """Return a worker that has joined, and has no seeds to send."""
        queue = self.queue(**options)
        queue.join()
        tell(queue, started=True)
        return queue

    # --- the clock ---

    def pass_ms(self, passed_ms: float) -> None:
        """Let time pass that no worker sees; a negative one sets the clock back."""
        for pattern in ("*:workers", "*:hosts", "flights:*"):
            for key in self.names(FLEET + pattern):
                for member, due_ms in scores(self.server, key).items():
                    self.server.zadd(key, {member: due_ms - passed_ms})
        for pattern, names in (("*:control", ["last_ms"]), ("host:*", ["next_ms", "set_ms", "paused_ms"])):
            for key in self.names(FLEET + pattern):
                for name in names:
                    if self.server.hexists(key, name):
                        self.server.hincrbyfloat(key, name, -passed_ms)

    def let_lapse(self, *queues: Queue) -> None:
        """Let leases end, as where the others have gone on for so long."""
        self.server.zadd(self.keys.workers, dict.fromkeys((queue.worker for queue in queues), 1), xx=True)

    # --- what Redis holds ---

    def names(self, pattern: str) -> list[str]:
        """Return the keys of a pattern."""
        return sorted(texts(self.server.keys(pattern)))

    def control(self, name: str) -> str | None:
        """Return a field of the crawl's state."""
        value = self.server.hget(self.keys.control, name)
        return None if value is None else text(value)

    def left(self) -> int:
        """Return how many requests are pending or in hand."""
        return self.server.hlen(self.keys.requests)

    def leased(self, queue: Queue) -> list[str]:
        """Return the ids of what a worker has in hand."""
        return sorted(texts(self.server.smembers(f"{self.keys.prefix}leased:{queue.worker}")))

    def letters(self) -> dict[str, dict[str, Any]]:
        """Return the dead letters by the names of their pages."""
        letters = [json.loads(letter) for letter in cast("list[bytes]", self.server.hvals(self.keys.dead))]
        return {json.loads(letter["request"])["u"]: letter for letter in letters}


@contextmanager
def crew_at(url: str, spider: str = "videos") -> Iterator[Crew]:
    """Make a crew on a server."""
    with Redis.from_url(url) as server:
        yield Crew(server, spider)


def link(  # noqa: PLR0913 - a request has so many parts
    page: str, slot: str = SITE, *, priority: int = 0, last: bool = False, unless: str = "", filtered: bool = True
) -> NewLink:
    """Make a request of a page."""
    fields = {"v": 1, "u": page, "s": slot, "p": priority, "l": int(last), "x": unless}
    payload = json.dumps({name: value for name, value in fields.items() if value or name == "s"})
    fingerprint = folded(blake2b(page.encode()).digest()) if filtered else None
    return NewLink(fingerprint, slot, priority, last, payload.encode())


def push(queue: Queue, *pages: str | NewLink) -> Told:
    """Put requests into the queue."""
    return tell(queue, links=[link(page) if isinstance(page, str) else page for page in pages])


def tell(queue: Queue, **news: Any) -> Told:
    """Send a STEP."""
    return queue.step(Report(**news))


def pages(popped: Popped) -> list[str]:
    """Return which pages were handed out."""
    return [json.loads(request.payload)["u"] for request in popped.requests]


def ids(popped: Popped) -> list[str]:
    """Return the ids of what was handed out."""
    return [request.id for request in popped.requests]


def take(queue: Queue, limit: int = 100) -> dict[str, str]:
    """Lease requests; return their ids by page."""
    popped = queue.pop(limit)
    return dict(zip(pages(popped), ids(popped), strict=True))


def finish(queue: Queue, *request_ids: str) -> Told:
    """Acknowledge requests, which have landed."""
    return tell(queue, acks=list(request_ids))


def crash(crew: Crew, queue: Queue, witness: Queue) -> None:
    """Let a worker's lease end, and another one notice."""
    crew.let_lapse(queue)
    assert witness.beat() == "ok"


def vote(*queues: Queue) -> list[str]:
    """Let workers say, one after the other, that they are ready for the end; return where each saw the crawl."""
    return [tell(queue, ready=True).progress for queue in queues]


def scores(server: Redis, key: str) -> dict[str, float]:
    """Return a sorted set."""
    found = cast("list[tuple[bytes, float]]", server.zrange(key, 0, -1, withscores=True))
    return {text(member): score for member, score in found}
