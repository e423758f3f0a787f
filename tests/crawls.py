"""Real `scrapy crawl` processes against a real site, each test with a store of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.site.truth import Fields

ROOT = Path(__file__).parent.parent
POLL_S = 0.02
STARTED: list[subprocess.Popen[str]] = []
DEADLINE_S = 240
"""A crawl that takes longer hangs, also on a machine under load."""


@dataclass(frozen=True)
class Ended:
    """A crawl that has ended."""

    exit_code: int
    log: str
    records: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    def by_id(self, kind: str) -> dict[str, dict[str, Any]]:
        return {record["id"]: record for record in self.records if record["kind"] == kind}

    def reasons(self) -> list[str]:
        return sorted(reject["reason"] for reject in self.rejects)


def start(
    spider: str, folder: Path, *arguments: str, feed: str = "records.jsonl", option: str = "-O"
) -> subprocess.Popen[str]:
    """Start an instance; `arguments` are the spider's, or settings where their name is in capitals."""
    command = [sys.executable, "-W", "error", "-m", "scrapy", "crawl", spider]
    command += [option, str(folder / feed)]
    for setting in (f"STORE_DIR={folder / 'store'}", "DOWNLOAD_DELAY=0", *arguments):
        command += ["-s" if setting.partition("=")[0].isupper() else "-a", setting]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)  # noqa: S603
    STARTED.append(process)
    return process


def kill_started() -> None:
    """Kill what a failed test has left running."""
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def end(process: subprocess.Popen[str], folder: Path, feed: str = "records.jsonl") -> Ended:
    """Wait for an instance, and read what it wrote."""
    _, log = process.communicate(timeout=DEADLINE_S)
    return Ended(process.returncode, log, lines(folder / feed), lines(folder / "rejects.jsonl"))


def crawl(spider: str, folder: Path, *arguments: str, **options: str) -> Ended:
    """Run an instance to its end."""
    return end(start(spider, folder, *arguments, **options), folder, options.get("feed", "records.jsonl"))


def lines(path: Path) -> list[dict[str, Any]]:
    """Read a JSON lines file; a torn line is an error."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def until_lines(process: subprocess.Popen[str], path: Path, number: int) -> None:
    """Wait until a file has so many lines, which a running instance writes."""
    deadline = time.monotonic() + DEADLINE_S
    while not path.exists() or path.read_bytes().count(b"\n") < number:
        assert time.monotonic() < deadline, f"{path} never got {number} lines"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
            pytest.fail(f"ended before {path} had {number} lines: {process.communicate()[1]}")


def differences(records: dict[str, dict[str, Any]], truth: Iterable[tuple[str, Fields]]) -> list[str]:
    """Compare records with what is true, field by field."""
    found = []
    for one, fields in truth:
        record = records.get(one)
        if record is None:
            found.append(f"{one} is missing")
            continue
        found += [
            f"{one}.{name}: {record[name]!r}, not {value!r}" for name, value in fields.items() if record[name] != value
        ]
    return found
