"""The faults: each crawls a site while something goes wrong, and returns what is left behind."""

from __future__ import annotations

import contextlib
import json
import pickle
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import cast

from tests.faults.fleet import OURS, Fleet, Project
from tests.faults.outcome import Outcome
from tests.faults.relay import relay
from tests.faults.servers import Server, server
from tests.faults.site import BLOCK, POISON, Faults, fault_site
from tests.faults.storm import come_back, let_pass, moments, storm

SILENCE_S = (2.0, 3.0)
"""How long a stopped server is silent, of a lease of 3 s."""
STOPPED_S = 4.5
"""How long a stopped instance is away: its lease ends meanwhile."""
COMMIT_S = 0.05
"""From an answer to the line in the file, about."""
STARTUP_S = 1.5
"""What an instance takes to start on an idle machine, about."""
TEST_SPIDERS = ("SPIDER_MODULES=tests.faults.spiders",)
HOSTILE = (
    pickle.dumps(Path),
    b"",
    b"no JSON",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"v":2,"u":"http://127.0.0.1/","s":"127.0.0.1","new":1}',
    b'{"v":1,"u":"file:///etc/passwd","s":"127.0.0.1"}',
    b'{"v":1,"u":"http://127.0.0.1/","s":"127.0.0.1","c":"__init__"}',
    b'{"v":1,"u":"http://127.0.0.1/","s":"127.0.0.1","h":[["X","1\\r\\nY: 2"]]}',
    b'{"v":1,"u":"http://127.0.0.1/","s":"127.0.0.1","p":1e999}',
    b'{"v":1,"u":"http://127.0.0.1/","s":{"a":1},"p":"high","l":[]}',
    b'{"v":1,"u":"http://127.0.0.1/","s":"127.0.0.1","unknown":true}',
)
"""What no instance has written."""

SWAP = """
local former = {}
for index, id in ipairs(redis.call("ZRANGE", KEYS[1], 0, #ARGV - 1)) do
  former[index] = redis.call("HGET", KEYS[2], id)
  redis.call("HSET", KEYS[2], id, ARGV[index])
end
return former
"""
"""Puts payloads in the place of waiting ones, before an instance can take one of them."""


@dataclass(slots=True)
class Arena:
    """Where a fault strikes.

    Attributes:
        folder: for feeds and logs.
        project: whose instances crawl.
        records: of the site.
        size: number of instances.
        seed: of the moments at which faults strike.
        faults: of the site.
        binary: the server's program, by default the embedded store's.
        locked_down: the server wants TLS and a password, and allows what it must.
    """

    folder: Path
    project: Project = OURS
    records: int = 150
    size: int = 2
    seed: int = 1
    faults: Faults = field(default_factory=Faults)
    binary: str | None = None
    locked_down: bool = False

    @property
    def random(self) -> Random:
        """A generator that begins with the seed."""
        return Random(self.seed)  # noqa: S311 - the moments of a test

    @contextmanager
    def crawl(self, *, extra: tuple[str, ...] = (), embedded: bool = False, **options: object) -> Iterator[Fleet]:
        """Crawl, on a server of its own or on the embedded store."""
        with contextlib.ExitStack() as stack:
            site = stack.enter_context(fault_site(self.records, self.faults, extra))
            store = None if embedded else stack.enter_context(server(self.binary, locked_down=self.locked_down))
            yield stack.enter_context(
                Fleet(site, self.folder, store, project=self.project, size=self.size, **options)  # type: ignore[arg-type]  # its own names
            )


# --- instances ---


def kills(arena: Arena, events: int) -> Outcome:
    """SIGKILL of an instance."""
    with arena.crawl() as fleet:
        storm(fleet, signal.SIGKILL, events, arena.random)
        return fleet.complete()


def kills_with_files_of_their_own(arena: Arena, events: int) -> Outcome:
    """SIGKILL of an instance; each writes a file of its own, and `scrapy merge` joins them."""
    with arena.crawl(own_files=True) as fleet:
        storm(fleet, signal.SIGKILL, events, arena.random)
        outcome = fleet.complete()
        return fleet.merged(outcome) if arena.project is OURS else outcome


def kills_on_the_embedded_store(arena: Arena, events: int) -> Outcome:
    """SIGKILL of an instance, of the one that started the store too."""
    with arena.crawl(embedded=True) as fleet:
        storm(fleet, signal.SIGKILL, events, arena.random)
        return fleet.complete()


def terms(arena: Arena, events: int) -> Outcome:
    """SIGTERM of an instance."""
    with arena.crawl() as fleet:
        storm(fleet, signal.SIGTERM, events, arena.random)
        return fleet.complete()


def double_terms(arena: Arena, events: int) -> Outcome:
    """SIGTERM of an instance, twice."""
    with arena.crawl() as fleet:
        storm(fleet, signal.SIGTERM, events, arena.random, times=2)
        return fleet.complete()


def terms_during_start_up(arena: Arena, events: int) -> Outcome:
    """SIGTERM of an instance that is just starting, at any moment of its start."""
    random = arena.random
    with arena.crawl() as fleet:
        with fleet.site.holding():  # or the crawl would be complete before
            for _ in range(events):
                worker = random.choice(fleet.workers)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    worker.process.wait(random.uniform(0, STARTUP_S))
                fleet.strike(worker, signal.SIGTERM)
                fleet.again(worker)
            fleet.until_joined()
        return fleet.complete()


def kill_of_all(arena: Arena, events: int) -> Outcome:
    """SIGKILL of all instances at the same time, as when a machine dies."""
    with arena.crawl() as fleet:
        for _ in moments(fleet, events, arena.random):
            for worker in fleet.workers:
                if worker.running and not worker.struck:
                    fleet.strike(worker, signal.SIGKILL)
            come_back(fleet)
        return fleet.complete()


def kills_at_the_end(arena: Arena, events: int) -> Outcome:
    """SIGKILL of all but one instance once the last page has been answered."""
    with arena.crawl() as fleet:
        fleet.until_joined()
        fleet.until(lambda: {asked.path for asked in fleet.site.crawled()} >= fleet.site.linked)
        for worker in fleet.workers[: min(events, arena.size - 1)]:
            if worker.running:
                worker.lasting = True
                fleet.strike(worker, signal.SIGKILL)
        return fleet.complete()


def stopped_instance(arena: Arena, events: int) -> Outcome:
    """SIGSTOP of an instance for longer than its lease."""
    random = arena.random
    with arena.crawl() as fleet:
        for _ in moments(fleet, events, random):
            worker = fleet.choose(random)
            worker.process.send_signal(signal.SIGSTOP)
            fleet.events += 1
            let_pass(fleet, STOPPED_S)
            worker.process.send_signal(signal.SIGCONT)
        return fleet.complete()


def stopped_to_the_end(arena: Arena, _: int) -> Outcome:
    """SIGSTOP of all instances but one, just after an answer, until that one has completed the crawl."""
    random = arena.random
    with arena.crawl() as fleet:
        fleet.until(lambda: len(fleet.at_work()) == arena.size)
        awake, *sleepers = fleet.workers
        for worker in sleepers:
            fleet.until_answered(worker)
            let_pass(fleet, random.uniform(0, COMMIT_S))
            worker.process.send_signal(signal.SIGSTOP)
            fleet.events += 1
        fleet.until(lambda: not awake.running or fleet.is_quiet())  # the latter while a sleeper holds the feed's lock
        for worker in sleepers:
            worker.process.send_signal(signal.SIGCONT)
        return fleet.complete()


def poison(arena: Arena, _: int) -> Outcome:
    """A page of which each instance that reads it dies."""
    with arena.crawl(extra=(POISON,), spider="poisoned", settings=TEST_SPIDERS) as fleet:
        with fleet.site.withholding("/v/0"):  # or those that come back last would begin a new crawl
            fleet.until(lambda: bool(fleet.dead_letters()))
            fleet.until(lambda: all(worker.running for worker in fleet.workers))
            fleet.until_joined()
        outcome = fleet.complete()
        outcome.events = len(fleet.former)
        return outcome


def blocked_reactor(arena: Arena, _: int) -> Outcome:
    """A callback that takes longer than a lease."""
    with arena.crawl(extra=(BLOCK,), spider="blocked", settings=TEST_SPIDERS) as fleet:
        outcome = fleet.complete()
        outcome.events = 1
        return outcome


def hostile_payloads(arena: Arena, _: int) -> Outcome:
    """Requests in the queue that somebody else has written: each is a dead letter, and the others go on."""
    with arena.crawl() as fleet, store_of(fleet).client() as client:
        hurt: list[str] = []
        for _moment in moments(fleet, 1, arena.random):
            with fleet.site.holding():
                prefix, slot = f"{{crawler}}:{fleet.spider}:", "127.0.0.1"
                swapped = client.eval(SWAP, 2, f"{prefix}queue:{slot}", f"{prefix}requests", *HOSTILE)
                hurt += [json.loads(former)["u"] for former in cast("list[bytes]", swapped)]
        fleet.events = len(hurt)
        outcome = fleet.complete()
        return replace(outcome, lost=sorted(set(outcome.lost) - fleet.site.below(hurt)))


# --- the store ---


def silent_store(arena: Arena, events: int) -> Outcome:
    """SIGSTOP of Redis for two or three seconds."""
    random = arena.random
    with arena.crawl() as fleet:
        for _ in moments(fleet, events, random):
            store_of(fleet).pause()
            fleet.events += 1
            let_pass(fleet, random.uniform(*SILENCE_S))
            store_of(fleet).resume()
        return fleet.complete()


def restarted_store(arena: Arena, events: int) -> Outcome:
    """SIGKILL of Redis, which is started again with its file."""
    with arena.crawl() as fleet:
        for _ in moments(fleet, events, arena.random):
            store_of(fleet).restart()
            fleet.events += 1
        return fleet.complete()


def lost_store(arena: Arena, _: int) -> Outcome:
    """SIGKILL of Redis, which is started again without its file."""
    with arena.crawl() as fleet:
        for _ in moments(fleet, 1, arena.random):
            store_of(fleet).restart(without_data=True)
            fleet.events += 1
        return fleet.complete()


def reset_connections(arena: Arena, events: int) -> Outcome:
    """All connections to Redis reset."""
    return relayed(arena, events, "reset")


def lost_replies(arena: Arena, events: int) -> Outcome:
    """A reply of Redis that never arrives: what was asked for was done all the same."""
    return relayed(arena, events, "lose a reply")


def relayed(arena: Arena, events: int, fault: str) -> Outcome:
    """Crawl through a relay on which connections meet with `fault`."""
    with fault_site(arena.records, arena.faults) as site, server(arena.binary) as store, relay(store.url) as wire:
        store.address = wire.url
        with Fleet(site, arena.folder, store, project=arena.project, size=arena.size) as fleet:
            for _ in moments(fleet, events, arena.random):
                if fault == "reset":
                    wire.reset()
                else:
                    wire.replies_to_lose += 1
                fleet.events += 1
            return fleet.complete()


def no_memory(arena: Arena, events: int) -> Outcome:
    """Redis has no memory left for two seconds."""
    with arena.crawl() as fleet:
        for _ in moments(fleet, events, arena.random):
            store_of(fleet).fill()
            fleet.events += 1
            let_pass(fleet, SILENCE_S[0])
            store_of(fleet).set("maxmemory", 0)
        return fleet.complete()


def evicting_store(arena: Arena, _: int) -> Outcome:
    """Redis throws away what it likes: its policy is changed on the way, and memory gets short."""
    with arena.crawl() as fleet:
        for _ in moments(fleet, 1, arena.random):
            store_of(fleet).set("maxmemory-policy", "allkeys-random")
            store_of(fleet).fill(1)
            fleet.events += 1
        return fleet.complete()


def store_that_may_evict(arena: Arena, _: int) -> Outcome:
    """A Redis whose policy allows it to throw away what it likes."""
    with fault_site(arena.records, arena.faults) as site, server(arena.binary) as store:
        store.set("maxmemory-policy", "allkeys-lru")
        with Fleet(site, arena.folder, store, project=arena.project, size=arena.size) as fleet:
            return fleet.outcome()


def store_of(fleet: Fleet) -> Server:
    """Return the server of a fleet that has one."""
    assert fleet.store is not None
    return fleet.store
