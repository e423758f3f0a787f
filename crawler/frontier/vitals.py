"""What an instance says of itself, and how it stands in Redis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    from crawler.frontier.queue import Queue

PLACE = "CRAWLER_PLACE"
"""Environment variable by which a fleet tells its instances what it calls them."""
KEPT_MS = 900_000
"""How long Redis keeps what an instance has said last, in ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a host has answered an instance in the last ten minutes.

    Attributes:
        requests: sent to it.
        errors: those that got no answer, or 429, or 500 and above.
    """

    requests: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The disk that a feed is on, in bytes."""

    path: str
    free: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What an instance says of itself.

    Attributes:
        place: what its fleet calls it, such as `users-1`; "" for one that was started alone.
        age_s: since its spider was opened.
        stays: whether it waits for seeds when all is done.
        every_s: how often it says so.
        pages: answers that it got.
        records: lines that it has written.
        pages_per_s: in the last minute.
        memory_bytes: resident; on systems without /proc the most that it ever was.
        cpu_share: of one core, in the last minute.
        delay_ms: least time between two requests to a host, as its settings say.
        own_delays_ms: the same for the slots that its settings name.
        hosts: how hosts have answered, by slot.
        disks: where its feeds are.
    """

    place: str = ""
    age_s: float = 0.0
    stays: bool = False
    every_s: float = 0.0
    pages: int = 0
    records: int = 0
    pages_per_s: float = 0.0
    memory_bytes: int = 0
    cpu_share: float = 0.0
    delay_ms: float = 0.0
    own_delays_ms: dict[str, float] = field(default_factory=dict)
    hosts: dict[str, Asked] = field(default_factory=dict)
    disks: list[Disk] = field(default_factory=list)

    def command(self, queue: Queue) -> tuple[Any, ...]:
        """Return the command of Redis by which the worker of `queue` says it."""
        return queue.command("vitals", queue.worker, KEPT_MS, orjson.dumps(self))


READER = TypeAdapter(Vitals)


def vitals_of(said: bytes | None) -> Vitals | None:
    """Read what an instance has said; None where it has said nothing, or nothing that this version can read."""
    try:
        return READER.validate_json(said or b"")
    except ValidationError:
        return None
