"""Ctrl-C and SIGTERM as a wish that is heard where nothing can be torn by it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stopping:
    """Hears the signals to stop, in the main thread.

    Attributes:
        asked: set, soon, once one has come.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.was_heard = self.is_free = False

    def listen(self) -> None:
        """Hear signals from here on, also where a shell has started us with SIGINT ignored."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.hear)

    def hear(self, *_: object) -> None:
        """Take notice of a signal; what waits for others is cut short once."""
        was_heard, self.was_heard = self.was_heard, True
        # In a thread of its own: this one may hold the lock of the event, in the midst of waiting for it.
        threading.Thread(target=self.asked.set).start()
        if self.is_free and not was_heard:
            raise KeyboardInterrupt

    @contextmanager
    def heard_at_once(self) -> Iterator[None]:
        """Let a signal end the block as a KeyboardInterrupt, wherever it is; one that has come before, at the begin."""
        self.is_free = True
        try:
            if self.was_heard:
                raise KeyboardInterrupt
            yield
        finally:
            self.is_free = False
