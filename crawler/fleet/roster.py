"""Which fleets run on a store's folder: each has a file there, and holds a lock that the kernel drops when it ends."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

FOLDER = "fleets"
"""Where the files are, in the store's folder."""
POLL_S = 0.1
KILL_AFTER_S = 15.0
"""Seconds that a fleet which is to stop at once has for it, until it is killed; its instances see that and end."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a fleet says of itself.

    Attributes:
        pid: its parent.
        started_at: ISO 8601, UTC.
        fleet: what it is, in a few words.
        log: where it can be read; empty where a terminal shows it.
        host: the machine, or container, whose process id that is.
    """

    pid: int
    started_at: str
    fleet: str
    log: str = ""
    host: str = field(default_factory=socket.gethostname)

    def is_here(self) -> bool:
        """Tell whether it can be reached by a signal, as far as the machine goes."""
        return self.host == socket.gethostname()

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs.

        Raises:
            PermissionError: it is another user's.
        """
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


@contextmanager
def entered(store: Path, entry: Entry) -> Iterator[None]:
    """Be on the roster of a store's folder."""
    (store / FOLDER).mkdir(parents=True, exist_ok=True)
    path = store / FOLDER / f"{entry.host}-{entry.pid}.json"  # containers of one folder may have the same process ids
    descriptor = locked(path)
    try:
        os.truncate(descriptor, 0)
        os.write(descriptor, json.dumps(asdict(entry), ensure_ascii=False).encode())
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def locked(path: Path) -> int:
    """Return a descriptor of a file that is locked; made anew where who looks for dead fleets was faster."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists() and os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
        os.close(descriptor)


def living(store: Path) -> list[Entry]:
    """Return the fleets that run, the oldest first; what dead ones have left is removed."""
    found = []
    for path in (store / FOLDER).glob("*.json"):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except (FileNotFoundError, PermissionError):
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            with suppress(PermissionError):  # another user's, who removes it
                path.unlink(missing_ok=True)
        except BlockingIOError:
            with suppress(ValueError, FileNotFoundError):  # it is being written, or was just removed
                found.append(Entry(**json.loads(path.read_text("utf-8"))))
        finally:
            os.close(descriptor)
    return sorted(found, key=lambda entry: (entry.started_at, entry.pid))


def stop(
    store: Path, entries: list[Entry], *, at_once: bool, within_s: float, kill_after_s: float = KILL_AFTER_S
) -> list[Entry]:
    """Tell fleets to end, and wait for it; return those that still run then.

    Raises:
        PermissionError: one is another user's.
    """
    for entry in entries:
        entry.signal(signal.SIGQUIT if at_once else signal.SIGTERM)
    begun_s = time.monotonic()
    while left := [entry for entry in living(store) if entry in entries]:
        waited_s = time.monotonic() - begun_s
        if waited_s >= within_s:
            return left
        for entry in left if at_once and waited_s >= kill_after_s else ():  # it hangs, or somebody has stopped it
            entry.signal(signal.SIGKILL)
        time.sleep(POLL_S)
    return []
