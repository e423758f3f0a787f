"""Signals to stop that come while an instance starts: each wait of the start ends with the first of them."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Raised, wherever the start just is, by a signal to stop; no error, and nothing that catches errors catches it."""


def interrupt_at_once() -> None:
    """Let the first signal to stop raise `Interrupted` in the main thread; a second one ends the process."""
    on_stop(interrupt)


def interrupt(number: int, _: FrameType | None) -> None:
    """Raise `Interrupted`."""
    on_stop(signal.SIG_DFL)
    warnings.simplefilter("ignore", ResourceWarning)  # a file that is just being opened ends with this process
    raise Interrupted(signal.Signals(number).name)


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


def on_stop(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """Have signals to stop handled."""
    for number in STOPS:
        signal.signal(number, handler)
