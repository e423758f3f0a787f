"""Threads at the end of the process."""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic, sleep

TASKS = Path("/proc/self/task")
"""Has an entry for each thread of this process, where the system is Linux."""
MOST_S, LOOK_S = 1.0, 0.001


def let_end() -> None:
    """Wait until the threads that have ended are gone for the system, too; for `MOST_S` seconds at the most.

    Python before 3.13 does not, and OpenSSL tidies up behind each thread that has used it: where that comes while the
    process exits, and the busier the machine the likelier, both free the same memory, and the process crashes.
    """
    known = {str(thread.native_id) for thread in threading.enumerate()}
    until_s = monotonic() + MOST_S
    while TASKS.is_dir() and {task.name for task in TASKS.iterdir()} - known and monotonic() < until_s:
        sleep(LOOK_S)
