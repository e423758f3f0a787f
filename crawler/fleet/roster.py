"""Which fleets run on a store's folder: each has a file there, and holds a lock that the kernel drops when it ends."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = "fleets"
"""Where the files are, in the store's folder."""
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Entry:
    """What a fleet says of itself.

    Attributes:
        pid: its parent.
        started_at: ISO 8601, UTC.
        fleet: what it is, in a few words.
        log: where it can be read; empty where a terminal shows it.
    """

    pid: int
    started_at: str
    fleet: str
    log: str = ""

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


@contextmanager
def entered(store: Path, entry: Entry) -> Iterator[None]:
    """Be on the roster of a store's folder."""
    (store / FOLDER).mkdir(parents=True, exist_ok=True)
    path = store / FOLDER / f"{entry.pid}.json"
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
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
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
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            with suppress(ValueError):  # it is being written
                found.append(Entry(**json.loads(path.read_text("utf-8"))))
        finally:
            os.close(descriptor)
    return sorted(found, key=lambda entry: (entry.started_at, entry.pid))


def stop(store: Path, entries: list[Entry], *, at_once: bool, within_s: float) -> list[Entry]:
    """Tell fleets to end, and wait for it; return those that still run then."""
    for entry in entries:
        entry.signal(signal.SIGQUIT if at_once else signal.SIGTERM)
    until_s = time.monotonic() + within_s
    while left := [entry for entry in living(store) if entry in entries]:
        if time.monotonic() >= until_s:
            return left
        time.sleep(POLL_S)
    return []
