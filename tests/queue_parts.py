"""What the model of the queue holds: requests, and workers as Redis knows them."""

from __future__ import annotations

from dataclasses import dataclass, field

from crawler.frontier.queue import NewLink


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
