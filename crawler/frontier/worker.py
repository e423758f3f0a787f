"""Who an instance is, and whether another one of this machine still lives."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """Return what tells this machine's processes from those of another: host name, boot, and PID namespace.

    Containers may share a host name, and a restarted machine hands out its process ids again.
    """
    digest = hashlib.blake2b(digest_size=4)
    for path in (Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")):
        with suppress(OSError):  # only Linux has them
            digest.update((str(path.readlink()) if path.is_symlink() else path.read_text()).encode())
    return f"{socket.gethostname()}-{digest.hexdigest()}"


def new_worker() -> str:
    """Return a name of its own for this process' part in a crawl: `machine:pid:random`."""
    return f"{machine()}:{os.getpid()}:{secrets.token_hex(4)}"


def has_died(worker: str) -> bool:
    """Tell whether the process of a worker is known to be gone; False where that cannot be told from here."""
    where, _, rest = worker.rpartition(":")[0].rpartition(":")
    if where != machine() or not rest.isdecimal():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):  # another user's, or no process id at all
        return False
    return is_zombie(int(rest))


def is_zombie(pid: int) -> bool:
    """Tell whether a process has ended and only waits for its parent to notice."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False
