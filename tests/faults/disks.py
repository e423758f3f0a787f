"""The faults of a disk that the feed is on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.scenarios import SILENCE_S, Arena
from tests.faults.storm import let_pass

ROOM_BYTES = 100_000

WAITS = "waiting for room"
"""What the log of an instance says whose lines do not fit, though fewer might."""


def full_disk(arena: Arena, _: int) -> Outcome:
    """No room left for the feed for two seconds; needs the right to mount a file system."""
    feeds = arena.folder / "feeds"
    feeds.mkdir()
    with file_system(feeds, ROOM_BYTES), arena.crawl(feeds=feeds) as fleet:
        fleet.until(lambda: is_full(feeds) or any(WAITS in worker.told() for worker in fleet.workers))
        fleet.events = 1
        let_pass(fleet, SILENCE_S[0])
        run("mount", "-o", "remount,size=64m", str(feeds))
        return fleet.complete()


def is_full(folder: Path) -> bool:
    """Tell whether nothing can be written any more."""
    probe = folder / "probe"
    try:
        probe.write_bytes(b"." * 4096)
    except OSError:
        return True
    finally:
        probe.unlink(missing_ok=True)
    return False


@contextmanager
def file_system(folder: Path, size: int) -> Iterator[None]:
    """Mount a file system of `size` bytes on `folder` while the block runs."""
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        run("umount", "--lazy", str(folder))


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - mount, with our own arguments


def limited_files(arena: Arena, _: int) -> Outcome:
    """No file may grow any more, which no waiting helps against; then all are started again without that limit."""
    with arena.crawl() as fleet:
        fleet.limit_files(ROOM_BYTES)
        fleet.wait()
        assert all(worker.process.returncode > 0 for worker in fleet.workers), fleet.tails("no loud end")
        fleet.events = arena.size
        for worker in list(fleet.workers):
            fleet.again(worker)
        return fleet.complete()
