"""The heartbeat: renews the leases while a page keeps the reactor, or a disk the I/O thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from redis.exceptions import RedisError

from crawler.frontier.patience import LAST_WORDS_S
from crawler.frontier.queue import Queue
from crawler.words import counted

logger = logging.getLogger(__name__)

BEATS_A_LEASE = 3
LOOK_S = 0.5
"""Seconds between two looks for orders, and for workers of this machine that have died."""


class Pulse(threading.Thread):
    """Beats a third of the way, and takes back what instances that were killed on this machine had in hand.

    Args:
        queue: the verbs.
        look: called besides at each look.
    """

    def __init__(self, queue: Queue, look: Callable[[], None] = lambda: None) -> None:
        super().__init__(name="pulse", daemon=True)
        self.queue = queue
        self.look = look
        self.stopping = threading.Event()

    def run(self) -> None:
        """Beat until told to stop; what an answer means, the courier finds out by its own calls."""
        every_s = self.queue.options.lease_ttl_ms / 1000 / BEATS_A_LEASE
        next_beat = monotonic() + every_s
        while not self.stopping.wait(min(LOOK_S, max(0.0, next_beat - monotonic()))):
            with suppress(RedisError):
                if monotonic() >= next_beat:
                    next_beat = monotonic() + every_s
                    self.queue.beat()
                self.look()
                if gone := self.queue.bereave():
                    died = counted(gone, "instance")
                    logger.warning("%s of this machine died: what was in hand there is fetched again", died)

    def stop(self) -> None:
        """End soon; without waiting for that."""
        self.stopping.set()

    def wait_for_end(self) -> None:
        """Wait until the thread has ended, for a silent Redis not long: work in the midst of an exit can crash it."""
        if self.is_alive():
            self.join(LAST_WORDS_S)
