"""Signals to stop that come while an instance starts: each wait of the start ends with the first of them."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import warnings
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

STOPS = (signal.SIGINT, signal.SIGTERM)
LOOK_S = 0.01
"""Seconds until it is tried again where a stop cannot be heard just now."""


class Interrupted(BaseException):
    """Raised, wherever the start just is, by a signal to stop; no error, and nothing that catches errors catches it."""


def interrupt_at_once() -> None:
    """Let the first signal to stop raise `Interrupted` in the main thread; a second one ends the process."""
    on_stop(interrupt)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise `Interrupted`; where an object is just being deleted, which would swallow it, a moment later."""
    if is_in_del(frame):
        threading.Timer(LOOK_S, os.kill, (os.getpid(), number)).start()
        return
    on_stop(signal.SIG_DFL)
    warnings.simplefilter("ignore", ResourceWarning)  # a file that is just being opened ends with this process
    raise Interrupted(signal.Signals(number).name)


def is_in_del(frame: FrameType | None) -> bool:
    """Tell whether a frame is within a `__del__`."""
    while frame is not None and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    return frame is not None


def note_signals() -> list[int]:
    """Return a list of the signals to stop that come before Scrapy hears them: no half a start must be left."""
    noted: list[int] = []
    on_stop(lambda number, _: noted.append(number))
    return noted


def repeat_signals(noted: list[int]) -> None:
    """Send the noted signals again as soon as the reactor runs and Scrapy's handlers are there."""
    from twisted.internet import reactor  # noqa: PLC0415 - the one that Scrapy has installed by now

    def repeat() -> None:
        for number in noted:
            os.kill(os.getpid(), number)

    reactor.callWhenRunning(reactor.callLater, 0, repeat)


def stop_once_running(crawler: Crawler) -> None:
    """Let a stop that comes while the engine opens the spider wait for it: Scrapy would leave it so, and just exit."""
    stop = crawler.stop_async

    async def stop_async() -> None:
        while crawler.crawling and not crawler.engine.running:  # noqa: ASYNC110 - the engine tells no event
            await asyncio.sleep(LOOK_S)
        await stop()

    crawler.stop_async = stop_async  # type: ignore[method-assign]


def on_stop(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """Have signals to stop handled."""
    for number in STOPS:
        signal.signal(number, handler)
