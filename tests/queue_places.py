"""Where a request of the model's queue can be, and what is known of it and of workers."""

from __future__ import annotations

from dataclasses import dataclass, field

from crawler.frontier.queue import NewLink

PENDING, AGAIN, LAST, SUSPECTS, DUE = "pending", "again", "last", "suspects", "due"


@dataclass
class Request:
    """A request that is not done: its page (None for what has no links), and where it is: a key, or a worker."""

    page: int | None
    link: NewLink
    place: str
    crashes: int = 0
    due_ms: int = 0
    """Since when it may be handed out, of one that is `DUE` or `AGAIN`."""
    again: bool = False
    """Whether it visits a page that was visited before."""


@dataclass
class Worker:
    """What Redis knows of a worker."""

    deadline_ms: int
    starting: bool = True
    steps: int = 0
    told: tuple[int, int] = (0, 0)
    pops: int = 0
    popped: list[str] = field(default_factory=list)
    alone: bool = False
