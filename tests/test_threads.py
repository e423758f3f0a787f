"""What is left of ended threads when the process exits, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from crawler import threads

ROOT = Path(__file__).parent.parent
LINGERS = """
import atexit, ctypes, os, threading
atexit.register(lambda: print("at the exit:", len(os.listdir("/proc/self/task"))))  # runs last
from crawler import threads
from crawler.frontier import connection
threads.MOST_S = 60
libc, key = ctypes.CDLL(None), ctypes.c_uint()
libc.pthread_key_create(ctypes.byref(key), ctypes.cast(libc.usleep, ctypes.c_void_p))
thread = threading.Thread(target=lambda: libc.pthread_setspecific(key, ctypes.c_void_p(200_000)))
thread.start()
thread.join()
"""
"""A thread that has ended for Python, and takes a while for the system, as on a busy machine."""


@pytest.mark.skipif(not threads.TASKS.is_dir(), reason="only Linux shows the threads of a process")
def test_the_exit_comes_behind_the_end_of_every_thread() -> None:
    command = [sys.executable, "-c", LINGERS]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert ended.stdout == "at the exit: 1\n"


@pytest.mark.parametrize(("folder", "looks"), [(".", 3), ("none", 0)])
def test_what_does_not_end_or_cannot_be_seen_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, looks: int
) -> None:
    (tmp_path / "0").touch()
    slept: list[float] = []
    monkeypatch.setattr(threads, "TASKS", tmp_path / folder)
    monkeypatch.setattr(threads, "MOST_S", 4)
    monkeypatch.setattr(threads, "monotonic", count().__next__)
    monkeypatch.setattr(threads, "sleep", slept.append)
    threads.let_end()
    assert len(slept) == looks
