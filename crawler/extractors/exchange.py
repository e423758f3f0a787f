"""The counter between an extractor, which blocks its thread, and the reactor, which does its requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import Any

ROBOTS = "robots"
"""Reason of a denial by robots.txt, which explains a failure better than what the extractor says after it."""


class Abandoned(BaseException):
    """Raised in an extractor's thread when nobody waits for it any more; not an Exception, which extractors catch."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that an extractor makes."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Got:
    """What was answered."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Denied:
    """Why there is no answer, in a word and in a sentence."""

    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits for its answer, or for None: nobody will give it any."""

    wanted: Wanted
    box: SimpleQueue[Got | Denied | None]


@dataclass(frozen=True, slots=True)
class Ended:
    """What an extractor has returned, or raised."""

    value: Any = None
    error: BaseException | None = None


Fetch = Callable[[Wanted], Got | Denied]
Job = Callable[[Fetch], Any]


class Exchange:
    """One extractor in a thread of its own, which cannot keep the process alive, and what it says.

    The thread is never waited for: who leaves the exchange lets it end at its next request.

    Args:
        job: what the thread does; it is given a function that blocks until its request is answered.
        ended: called in the reactor's thread when the thread has ended, however late.
    """

    def __init__(self, job: Job, ended: Callable[[Exchange], None]) -> None:
        self.job = job
        self.ended = ended
        self.loop = asyncio.get_running_loop()
        self.said: asyncio.Queue[Asked | Ended] = asyncio.Queue()
        self.waiting: Asked | None = None
        self.is_left = False

    def start(self, name: str) -> None:
        """Start the thread."""
        Thread(target=self.run, name=f"ytdlp-{name}", daemon=True).start()

    # --- in the thread ---

    def run(self) -> None:
        """Do the job, and say what came of it."""
        try:
            end = Ended(value=self.job(self.fetch))
        except BaseException as exc:  # noqa: BLE001 - whatever an extractor raises, the crawl goes on
            end = Ended(error=exc)
        with contextlib.suppress(Abandoned):
            self.tell(end)

    def fetch(self, wanted: Wanted) -> Got | Denied:
        """Have the reactor do a request, and wait for it.

        Raises:
            Abandoned: nobody waits for this extractor.
        """
        asked = Asked(wanted, SimpleQueue())
        self.tell(asked)
        if (answer := asked.box.get()) is None:
            raise Abandoned
        return answer

    def tell(self, what: Asked | Ended) -> None:
        """Hand something to the reactor.

        Raises:
            Abandoned: it has stopped.
        """
        try:
            self.loop.call_soon_threadsafe(self.hear, what)
        except RuntimeError as exc:
            raise Abandoned from exc

    # --- in the reactor ---

    def hear(self, what: Asked | Ended) -> None:
        """Take what the thread says."""
        if isinstance(what, Ended):
            self.ended(self)
        elif self.is_left:
            what.box.put(None)
            return
        else:
            self.waiting = what
        self.said.put_nowait(what)

    async def next(self, timeout_s: float) -> Asked | Ended | None:
        """Return what the thread says next; None where it says nothing for so long."""
        try:
            return await asyncio.wait_for(self.said.get(), timeout_s)
        except TimeoutError:
            return None

    def answer(self, answer: Got | Denied) -> None:
        """Answer the request that waits."""
        if self.waiting is not None:
            self.waiting.box.put(answer)
            self.waiting = None

    def leave(self) -> None:
        """Wait no longer: let the thread end at its next request, or now where it waits for one."""
        self.is_left = True
        if self.waiting is not None:
            self.waiting.box.put(None)
            self.waiting = None
