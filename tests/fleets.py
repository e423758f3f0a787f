"""Real fleets: a parent and its instances, each test with a store of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from scrapy import signals
from scrapy.crawler import Crawler

from tests.crawls import DEADLINE_S, POLL_S, ROOT, STARTED

CRASHING = 'EXTENSIONS={"tests.fleets.Crasher": 1}'
"""Has each instance kill itself as soon as its spider is open."""


class Crasher:
    """Ends a process as a fault in foreign code does, after a word in its log."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Crasher:
        crasher = cls()
        crawler.signals.connect(crasher.crash, signals.spider_opened)
        return crasher

    def crash(self) -> None:
        os.write(2, b"what it said last\n")
        os.kill(os.getpid(), signal.SIGKILL)


class Running:
    """A fleet that runs."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder, self.log = folder, folder / "fleet.log"
        command = [sys.executable, "-W", "error", "-m", "scrapy", "fleet", "-s", f"STORE_DIR={folder / 'store'}"]
        with self.log.open("ab") as told:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [*command, *words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=told, stderr=told, text=True
            )
        STARTED.append(self.process)

    def instances(self, spider: str = "") -> list[psutil.Process]:
        """Return the processes of its instances; of a child that is just being forked the words are the fleet's own."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if {"crawl", spider or "crawl"} <= words_of(child)]

    def told(self) -> str:
        """Return what it has said."""
        return self.log.read_text()

    def until_told(self, *words: str) -> None:
        """Wait until it has said something."""
        self.until(lambda: all(word in self.told() for word in words))

    def until_lines(self, name: str, number: int) -> None:
        """Wait until a file has so many lines."""
        path = self.folder / name
        self.until(lambda: path.exists() and path.read_bytes().count(b"\n") >= number)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so, while it runs."""
        deadline = time.monotonic() + DEADLINE_S
        while not is_so():
            assert time.monotonic() < deadline, self.told()
            assert self.process.poll() is None, self.told()
            self.wait_a_moment()

    def wait_a_moment(self) -> None:
        try:
            self.process.wait(POLL_S)
        except subprocess.TimeoutExpired:
            return

    def end(self) -> tuple[int, str]:
        """Wait for its end; return the exit code and what it has said."""
        return self.process.wait(DEADLINE_S), self.told()


def words_of(process: psutil.Process) -> set[str]:
    """Return the words of a process's command line; none where it has ended."""
    try:
        return set(process.cmdline())
    except psutil.NoSuchProcess:
        return set()


def fleet(folder: Path, *words: str) -> tuple[int, str]:
    """Run a fleet to its end."""
    return Running(folder, *words).end()


def ended(processes: list[psutil.Process]) -> bool:
    """Wait until processes have ended; False where they do not."""
    return not psutil.wait_procs(processes, DEADLINE_S)[1]
