"""Runs `scrapy crawl` processes and waits for them; the first Ctrl-C drains, the second stops at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

POLL_S = 0.25
"""Seconds between two looks at the instances."""


@dataclass(slots=True)
class Instance:
    """One process of a spider."""

    spider: str
    feed: Path
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, spider: str, number: int, folder: Path, options: list[str], environment: Mapping[str, str]) -> Self:
        """Start an instance that writes `SPIDER.jsonl` and its log into `folder`."""
        feed, log = feed_of(spider, folder), folder / f"{spider}-{number}.log"
        command = [sys.executable, "-m", "scrapy", "crawl", spider, "-O", f"{feed}:jsonl", *options]
        command += ["-s", "LOG_FILE_APPEND=False", "--logfile", str(log)]
        all_of_it = os.environ | environment
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command, env=all_of_it, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True
            )
        return cls(spider, feed, log, process)

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def exit_code(self) -> int:
        """Return the exit code; that of a process that was killed is 1."""
        return 1 if self.process.wait() < 0 else self.process.wait()

    def stop(self) -> None:
        """Ask the process to finish what it has in hand and end; asked again it ends at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)


def feed_of(spider: str, folder: Path) -> Path:
    """Return the file of a spider's records."""
    return folder / f"{spider}.jsonl"


class Progress(Protocol):
    """What is told while instances run."""

    def update(self) -> None:
        """Show where they are."""

    def draining(self) -> None:
        """Say that they have been asked to end."""


def watch(instances: list[Instance], progress: Progress) -> None:
    """Wait until all have ended, showing progress; Ctrl-C, SIGTERM and SIGHUP are handed on to them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # also where a shell has started us with SIGINT ignored
    while running := [instance for instance in instances if instance.running]:
        try:
            progress.update()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running[0].process.wait(POLL_S)
        except KeyboardInterrupt:
            progress.draining()
            for instance in running:
                instance.stop()
