"""Memory and time of the queue with few requests and with many: this project's verbs beside stock scrapy-redis.

Bytes are what `used_memory` falls by when keys are dropped, without the buffer of the append-only file.
A POP takes 16 requests. A STEP acknowledges them and brings 32 links, half of which are known, so that the queue keeps
its size. Stock's are 16 pops, and 32 times its dupefilter with a push of what is new, one by one as its scheduler does.
Times are those of the client, its own work included. Both sizes are in one server and take turns, call by call.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Protocol

from redis import Redis
from scrapy import Request
from scrapy_redis.dupefilter import RFPDupeFilter
from scrapy_redis.queue import PriorityQueue

from benchmarks.report import machine, parser, progress, say, table
from benchmarks.servers import store
from benchmarks.spider import VideoSpider
from crawler.frontier.keys import Keys
from crawler.frontier.queue import NewLink, Queue, Report

POP = 16
LINKS = 32
CHUNK = 500
"""Requests of one call while the queue is filled."""
HOSTS = 100
POLL_S = 0.01
URL = "https://{host}/videos/watch/{number:012d}"


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one crawl's keys."""

    per_request: float
    per_fingerprint: float
    payload: int


class Side(Protocol):
    """One of the two that are compared."""

    def __init__(self, server: Redis, name: str) -> None: ...

    def fill(self, amount: int) -> None:
        """Put so many requests into the queue."""

    def turn(self) -> tuple[float, float]:
        """Do one POP and one STEP; return the ms that they took."""

    def drop(self) -> Memory:
        """Drop the fingerprints, then the queue."""


class Ours:
    """This project's queue."""

    def __init__(self, server: Redis, name: str) -> None:
        self.server = server
        self.name = name
        self.random = Random(name)  # noqa: S311 - sample data, no secret
        self.queue = Queue(server, Keys(name))
        self.queue.join()
        self.links = self.all_links()
        self.known: list[NewLink] = []

    def all_links(self) -> Iterator[NewLink]:
        """Return links without end, over all hosts in turn."""
        number = 0
        while True:
            host = f"{self.name}{number % HOSTS}.example"
            url = URL.format(host=host, number=number)
            payload = f'{{"v":1,"u":"{url}","s":"{host}"}}'.encode()
            yield NewLink(self.random.getrandbits(64) - 2**63, host, 0, last=False, payload=payload)
            number += 1

    def next_links(self, amount: int) -> list[NewLink]:
        """Return so many new links."""
        return [next(self.links) for _ in range(amount)]

    def fill(self, amount: int) -> None:
        """Put so many requests into the queue."""
        for first in range(0, amount, CHUNK):
            self.known = self.next_links(min(CHUNK, amount - first))
            self.queue.step(Report(links=self.known, started=True))

    def turn(self) -> tuple[float, float]:
        """Do one POP and one STEP; return the ms that they took."""
        links = self.next_links(LINKS - POP) + self.random.sample(self.known, POP)
        started = time.perf_counter()
        popped = self.queue.pop(POP)
        after_pop = time.perf_counter()
        ids = [one.id for one in popped.requests]
        if len(ids) != POP:
            raise RuntimeError(f"A POP of {self.name} gave {len(ids)} requests ({popped.state}), not {POP}.")
        landed = [(f"{self.name}{(int(one, 16) - 1) % HOSTS}.example", one) for one in ids]
        before_step = time.perf_counter()
        told = self.queue.step(Report(links=links, acks=ids, landed=landed))
        ended = time.perf_counter()
        if (told.new_links, told.stale_acks) != (LINKS - POP, 0):
            raise RuntimeError(f"A STEP of {self.name} answered {told}, not {LINKS - POP} new links and no stale ack.")
        return 1000 * (after_pop - started), 1000 * (ended - before_step)

    def drop(self) -> Memory:
        """Drop the fingerprints, then the queue."""
        keys = self.queue.keys
        requests = self.server.hlen(keys.requests)
        payload = len(next(self.links).payload)
        fingerprints = int(self.server.hget(keys.control, "seen_count") or 0)
        seen = freed(self.server, [key.decode() for key in self.server.scan_iter(f"{keys.prefix}seen:*", CHUNK)])
        rest = freed(self.server, [key.decode() for key in self.server.scan_iter(f"{keys.prefix}*", CHUNK)])
        return Memory(rest / requests, seen / fingerprints, payload)


class Stock:
    """scrapy-redis' queue and dupefilter."""

    def __init__(self, server: Redis, name: str) -> None:
        self.server = server
        self.name = name
        self.random = Random(name)  # noqa: S311 - sample data, no secret
        self.queue = PriorityQueue(server, VideoSpider(), f"{name}:requests")
        self.filter = RFPDupeFilter(server, f"{name}:dupefilter")
        self.made = 0

    def next_requests(self, amount: int) -> list[Request]:
        """Return so many new requests."""
        self.made += amount
        numbers = range(self.made - amount, self.made)
        return [Request(URL.format(host=f"{self.name}{one % HOSTS}.example", number=one)) for one in numbers]

    def fill(self, amount: int) -> None:
        """Put so many requests into the queue; in one call where stock takes two each, which changes no byte."""
        for first in range(0, amount, CHUNK):
            requests = self.next_requests(min(CHUNK, amount - first))
            payloads: dict[Any, float] = {self.queue._encode_request(one): 0 for one in requests}  # noqa: SLF001 - not public
            self.server.zadd(self.queue.key, payloads)
            self.server.sadd(self.filter.key, *map(self.filter.request_fingerprint, requests))

    def turn(self) -> tuple[float, float]:
        """Do 16 pops, and queue 32 requests of which half are known; return the ms that they took."""
        requests = self.next_requests(LINKS - POP)
        requests += [requests[0].replace(url=one.url) for one in requests]
        started = time.perf_counter()
        popped = [self.queue.pop() for _ in range(POP)]
        after_pop = time.perf_counter()
        for request in requests:
            if not self.filter.request_seen(request):
                self.queue.push(request)
        ended = time.perf_counter()
        if None in popped:
            raise RuntimeError(f"The queue of {self.name} is empty: fill it with more.")
        return 1000 * (after_pop - started), 1000 * (ended - after_pop)

    def drop(self) -> Memory:
        """Drop the fingerprints, then the queue."""
        requests, fingerprints = len(self.queue), self.server.scard(self.filter.key)
        payload = len(self.queue._encode_request(self.next_requests(1)[0]))  # noqa: SLF001 - not public
        seen = freed(self.server, [self.filter.key])
        return Memory(freed(self.server, [self.queue.key]) / requests, seen / fingerprints, payload)


def used(server: Redis) -> int:
    """Return the bytes in use for data."""
    about: dict[str, Any] = server.info("memory")
    return int(about["used_memory"] - about["mem_aof_buffer"])


def freed(server: Redis, keys: list[str]) -> int:
    """Drop keys, and return the bytes that they took."""
    used(server)  # the buffers that this asks for stay
    before = used(server)
    for key in keys:  # one by one: a long command would count by its buffer
        server.delete(key)
    while server.info("memory")["lazyfree_pending_objects"]:  # Valkey frees in the background
        time.sleep(POLL_S)
    return before - used(server)


def rows(side: type[Side], server: Redis, sizes: list[int], turns: int) -> list[tuple[str, ...]]:
    """Measure one of the two at all sizes."""
    sides = {size: side(server, f"s{size}") for size in sizes}
    for size, one in sides.items():
        progress(f"{side.__name__}: {size:,} requests")
        one.fill(size)
    taken: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(turns):
        for size, one in sides.items():
            taken[size].append(one.turn())
    found: list[tuple[str, ...]] = []
    for size, one in sides.items():
        memory = one.drop()
        pop, step = (median(column) for column in zip(*taken[size], strict=True))
        bytes_each = (f"{memory.per_fingerprint:.1f}", f"{memory.per_request:.0f}", str(memory.payload))
        found.append((side.__name__.lower(), f"{size:,}", *bytes_each, f"{pop:.3f}", f"{step:.3f}"))
    return found


def main() -> None:
    """Measure, and print a table."""
    command = parser("queue", __doc__)
    command.add_argument("--sizes", default="10000,1000000", help="requests in the queue (%(default)s)")
    command.add_argument("--turns", type=int, default=500, help="calls that are timed at each size (%(default)s)")
    command.add_argument("--redis", default="", help="URL of an empty server to use instead of the embedded one")
    options = command.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(Redis.from_url(options.redis or stack.enter_context(store(folder))))
        if held := server.dbsize():
            command.error(f"--redis {options.redis} holds {held} keys: name a server that is empty.")
        sizes = [int(size) for size in options.sizes.split(",")]
        found = [row for side in (Ours, Stock) for row in rows(side, server, sizes, options.turns)]
        version = server.info("server")
    head = ("queue", "requests", "bytes a fingerprint", "bytes a request", "of it payload", "POP ms", "STEP ms")
    table(head, found)
    name = version.get("server_name", "redis")
    number = version.get("valkey_version", version["redis_version"])
    say(f"\n{options.turns} turns, medians; {name} {number}, {machine()}")


if __name__ == "__main__":
    main()
