"""What an operator has to see to: crawls that do not get on, and stores and disks that will not do for long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from crawler.frontier.bounds import number
from crawler.frontier.connection import KEEPS_ALL
from crawler.words import counted

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.settings import BaseSettings

    from crawler.frontier.survey import Survey, Worker

SILENT_S = 60.0
"""So long an instance says nothing of itself before its reactor counts as stuck, in seconds."""
NOTES_MISSED = 4
"""The same in notes, for one that seldom says anything."""
WAITING_MS = 1_000
"""A crawl all of whose hosts are to be left alone for longer waits, in ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an operator calls an alarm.

    Attributes:
        stalled_s: so long without a request that is done is no progress.
        least_free_bytes: below it the disk of a feed is nearly full.
        full_share: from this share of `maxmemory` on, Redis is nearly full.
        least_visit_s: the least interval between two visits of a page where it is learnt.
    """

    stalled_s: float = 300.0
    least_free_bytes: float = 1024**3
    full_share: float = 0.9
    least_visit_s: float = 3600.0

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Read them.

        Raises:
            SettingsError: one cannot work.
        """
        default = cls()
        return cls(
            stalled_s=number(settings, "NO_PROGRESS_S", default.stalled_s),
            least_free_bytes=number(settings, "FREE_DISK_LEAST_BYTES", default.least_free_bytes),
            full_share=number(settings, "REDIS_FULL_SHARE", default.full_share),
            least_visit_s=number(settings, "REVISIT_LEAST_S", default.least_visit_s),
        )


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to see to.

    Attributes:
        kind: a word for programs, listed in docs/status.md.
        text: a sentence with the remedy.
        crawl: the one it is about; "" for the store.
    """

    kind: str
    text: str
    crawl: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the server says of its memory, in bytes; `most` is 0 where no limit is set."""

    used: int = 0
    most: int = 0
    policy: str = KEEPS_ALL
    writes: bool = True
    """Whether its last attempt to write its data to disk succeeded."""


def memory_of(server: Redis) -> Memory:
    """Ask a server about its memory."""
    told: dict[str, Any] = {}
    for section in ("memory", "persistence"):
        told |= server.info(section)
    states = (told.get("aof_last_write_status", "ok"), told.get("rdb_last_bgsave_status", "ok"))
    return Memory(
        used=int(told.get("used_memory", 0)),
        most=int(told.get("maxmemory", 0)),
        policy=str(told.get("maxmemory_policy", KEEPS_ALL)),
        writes=set(states) == {"ok"},
    )


def alarms_of_store(memory: Memory, limits: Limits = USUAL) -> Iterator[Alarm]:
    """Yield what is wrong with the server."""
    if memory.policy != KEEPS_ALL:
        yield Alarm(
            "eviction",
            f"Redis has the maxmemory-policy {memory.policy} and would drop requests when its memory is full: "
            f"set it to {KEEPS_ALL}.",
        )
    if memory.most and memory.used >= limits.full_share * memory.most:
        yield Alarm(
            "redis_memory",
            f"Redis uses {memory.used:,} of the {memory.most:,} bytes of its maxmemory: give it more, or crawls will "
            "wait for room, and then stop.",
        )
    if not memory.writes:
        yield Alarm("redis_disk", "Redis cannot write its data to disk: see its log, and make room.")


def alarms_of_crawl(name: str, crawl: Survey, limits: Limits = USUAL) -> Iterator[Alarm]:
    """Yield what is wrong with a crawl."""
    if crawl.progress == "lost":
        yield Alarm(
            "lost",
            "What Redis holds does not add up: keys are gone. Bring its data back, or begin anew with -a anew=1.",
            name,
        )
    if crawl.progress == "unread" and not crawl.workers:
        yield Alarm("seeds_unread", "Nobody has read the seeds to their end: start it with the same seeds.", name)
    if dead := crawl.number("dead"):
        given_up = f"{counted(dead, 'request')} {'was' if dead == 1 else 'were'} given up"
        yield Alarm("dead_letters", f"{given_up}: see scrapy dead {name}.", name)
    stalled_s = stalled_of(crawl)
    if crawl.state == "running" and crawl.to_do and stalled_s >= limits.stalled_s and not waits(crawl):
        yield Alarm(
            "no_progress",
            f"No request was done for {stalled_s / 60:.0f} min, and {crawl.to_do:,} are left: see the logs of the "
            "instances.",
            name,
        )
    yield from alarms_of_workers(name, crawl, limits)


def stalled_of(crawl: Survey) -> float:
    """Return for how many seconds instances that are there have done no request."""
    ages = [one.age_s for one in crawl.living if one.age_s is not None]
    return min(crawl.stalled_s, max(ages)) if len(ages) == len(crawl.living) > 0 else crawl.stalled_s


def waits(crawl: Survey) -> bool:
    """Tell whether every host with pending requests is to be left alone for now, and nothing is in hand."""
    waiting = [host for host in crawl.hosts if host.pending]
    return bool(waiting) and not crawl.leased and all(host.next_ms > WAITING_MS for host in waiting)


def alarms_of_workers(name: str, crawl: Survey, limits: Limits) -> Iterator[Alarm]:
    """Yield what is wrong with the instances of a crawl."""
    disks: dict[tuple[str, str], int] = {}
    for worker in crawl.workers:
        if text := trouble_of(worker):
            kind = "lease_overdue" if worker.is_dead or worker.lease_ms < 0 else "stuck"
            yield Alarm(kind, f"The instance {worker.title} {text}", name)
        for disk in worker.vitals.disks if worker.vitals else ():
            disks[worker.host, disk.path] = disk.free
    for (host, path), free in disks.items():
        if free < limits.least_free_bytes:
            yield Alarm(
                "feed_disk",
                f"The disk of {path} on {host} is nearly full ({free / 1024**2:,.0f} MiB are free): make room.",
                name,
            )


def trouble_of(worker: Worker) -> str:
    """Return what is wrong with an instance; "" for nothing."""
    if worker.is_dead or worker.lease_ms < 0:
        why = "has died" if worker.is_dead else f"gives no sign of life since {-worker.lease_ms / 1000:.0f} s"
        in_hand = counted(worker.leases, "request")
        held = f", and nobody has taken back the {in_hand} that it has in hand" if worker.leases else ""
        return f"{why}{held}: start another."
    if worker.vitals and worker.told_ms is not None:
        silent_s = worker.told_ms / 1000
        if silent_s >= max(SILENT_S, NOTES_MISSED * worker.vitals.every_s):
            return f"lives, and has said nothing of itself for {silent_s:.0f} s: a page or its disk may keep it."
    return ""
