"""Waiting for what is away and may come back: Redis, or room on a disk."""

from __future__ import annotations

import errno
import logging
import random
import threading
import time
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from redis.exceptions import (
    AuthenticationError,
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)

from crawler.errors import QueueLost, RedisSilent

logger = logging.getLogger(__name__)
T = TypeVar("T")

BACKOFF_S, MOST_BACKOFF_S = 0.05, 1.0
"""Seconds between two attempts while Redis or the disk is away: the first pause, doubled up to the longest."""
LAST_WORDS_S = 3.0
"""How long an instance that is asked to end waits for a silent Redis; its leases end by themselves."""
LAST_PAUSE_S = 0.2
"""Longest pause between two attempts meanwhile."""
ABSENT = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError, MasterDownError)
"""What Redis raises while it can do nothing for us, and may soon; of what it is away for, redis-py drops the word."""
COMES_BACK = ("OOM", "LOADING", "READONLY", "MISCONF", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "NOREPLICAS")
"""The same in words, where they are left, as in the errors of a script."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class Patience:
    """Repeats what can be repeated without harm. In one thread.

    Args:
        patience_s: how long something may be away.
        stopping: set when this instance is asked to end; from then on it waits for `LAST_WORDS_S` at the most.
        revive: called between two attempts to reach Redis.
        load_scripts: makes the verbs known to a Redis that has forgotten them.
    """

    def __init__(
        self,
        patience_s: float,
        stopping: threading.Event,
        revive: Callable[[], None],
        load_scripts: Callable[[], None],
    ) -> None:
        self.patience_s = patience_s
        self.stopping = stopping
        self.revive = revive
        self.load_scripts = load_scripts

    def insist(self, act: Callable[[], T]) -> T:
        """Repeat `act` while Redis is away.

        Raises:
            RedisSilent: it stays away.
            QueueLost: it says what no waiting helps against.
        """
        began, pause_s = 0.0, BACKOFF_S
        while True:
            try:
                result = act()
            except RedisError as exc:
                if not isinstance(exc, NoScriptError) and not comes_back(exc):
                    raise QueueLost(f"Redis refuses ({exc})") from exc
                began = began or monotonic()
                if self.is_over(began):
                    raise RedisSilent(f"Redis has not answered for {monotonic() - began:.0f} s ({exc})") from exc
                if isinstance(exc, NoScriptError):
                    self.insist(self.load_scripts)
                    continue
                if pause_s == BACKOFF_S:
                    logger.warning(
                        "Redis does not answer (%s): waiting, up to %.0f s. Nothing is lost if its data comes back.",
                        exc,
                        self.limit_s(),
                    )
                self.wait(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
                pause_s = min(MOST_BACKOFF_S, 2 * pause_s)
                if not self.stopping.is_set():
                    self.revive()
            else:
                if pause_s > BACKOFF_S:
                    logger.info("Redis answers again after %.1f s", monotonic() - began)
                return result

    def insist_on_room(self, write: Callable[[], None]) -> None:
        """Repeat `write` while the disk is full, or Redis away.

        Raises:
            OSError: it fails for another reason, or there was no room for too long.
            QueueLost: Redis stays away, or has lost the crawl.
        """
        began = 0.0
        while True:
            try:
                self.insist(write)
            except OSError as exc:
                if exc.errno not in NO_ROOM:
                    raise
                if not began:
                    began = monotonic()
                    logger.error(  # noqa: TRY400 - a sentence for the user, no traceback
                        "%s: waiting for room, up to %.0f s. Nothing is lost: what is not written is not acknowledged.",
                        exc,
                        self.limit_s(),
                    )
                if self.is_over(began):
                    raise
                self.wait(MOST_BACKOFF_S)
            else:
                if began:
                    logger.info("There is room again after %.1f s", monotonic() - began)
                return

    def is_over(self, began: float) -> bool:
        """Tell whether what was missed first at `began` has been waited for long enough."""
        return monotonic() - began > self.limit_s()

    def limit_s(self) -> float:
        """Return how long something is waited for by now."""
        return LAST_WORDS_S if self.stopping.is_set() else self.patience_s

    def wait(self, seconds: float) -> None:
        """Wait until the next attempt; being asked to end makes it come at once, and those after it often."""
        if self.stopping.is_set():
            time.sleep(min(seconds, LAST_PAUSE_S))
        else:
            self.stopping.wait(seconds)


def comes_back(error: RedisError) -> bool:
    """Tell whether waiting may help."""
    if isinstance(error, AuthenticationError):
        return False
    return isinstance(error, ABSENT) or (
        isinstance(error, ResponseError) and any(word in str(error) for word in COMES_BACK)
    )
