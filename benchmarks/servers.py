"""The processes that a measurement needs beside the crawl: site, store and relay."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from crawler.frontier.store import EmbeddedStore


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Run a module that prints its URL and ends with its standard input."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        if process.stdin is None or process.stdout is None:
            raise RuntimeError(f"{command} has no pipes: run it where the system gives some.")
        if not (url := process.stdout.readline().strip()):
            raise RuntimeError(f"{command} printed no URL: see its error above.")
        try:
            yield url
        finally:
            process.stdin.close()


@contextmanager
def store(folder: Path) -> Iterator[str]:
    """Run the embedded store, and return its URL."""
    with EmbeddedStore(folder / "store") as url:
        yield url


def empty(redis: str) -> None:
    """Drop everything from a server that is the benchmark's own."""
    with Redis.from_url(redis) as client:
        client.flushall()
