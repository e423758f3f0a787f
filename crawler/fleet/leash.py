"""Ends an instance whose parent is gone: both hold a pipe, and the kernel closes the parent's end whatever ends it."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress

logger = logging.getLogger(__name__)

LEASH = "CRAWLER_FLEET_LEASH"
"""Names the descriptor of the pipe in an instance's environment."""
CRAWL = "CRAWLER_FLEET_CRAWL"
"""Names the crawl that the fleet is at, as `epoch` in the crawl's `control`."""
GRACE_S = 90.0
"""Seconds that an instance without a parent has to finish what it has in hand; killed after that, it loses nothing."""


def crawl_of_fleet() -> str:
    """Return the name of the crawl that this instance's fleet is at; empty where it runs by itself."""
    return os.environ.get(CRAWL, "")


def hold_leash(environment: Mapping[str, str] = os.environ, grace_s: float = GRACE_S) -> threading.Thread | None:
    """Begin to watch the parent, from a thread; None where this instance has none.

    The end of the parent reaches this process as SIGTERM, once: a signal that the kernel sends at a parent's death
    (PR_SET_PDEATHSIG) would be a second one, which stops at once, and there is none but on Linux.
    """
    named = environment.get(LEASH, "")
    if not named.isdecimal():
        return None
    descriptor = int(named)
    try:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the function takes nothing by name
    except OSError:  # inherited by name only, as where a shell was started by an instance
        return None
    thread = threading.Thread(target=wait_for_end, args=(descriptor, grace_s), name="leash", daemon=True)
    thread.start()
    return thread


def wait_for_end(descriptor: int, grace_s: float) -> None:
    """Wait until the parent is gone, then end this process, in the end by force."""
    with suppress(OSError):
        os.read(descriptor, 1)
    logger.warning("The fleet's parent is gone: ending, and what is pending stays in the queue")
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(grace_s)
    os.kill(os.getpid(), signal.SIGKILL)
