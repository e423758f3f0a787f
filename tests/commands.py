"""The project's commands as Scrapy runs them, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.crawls import DEADLINE_S, ROOT


def run(*words: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `scrapy WORDS …` to its end; a warning is an error."""
    command = [sys.executable, "-W", "error", "-m", "scrapy", *map(str, words)]
    return subprocess.run(  # noqa: S603 - our own command
        command, cwd=cwd, capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=environment or None
    )


def answer(*words: str | Path) -> dict[str, Any]:
    """Run a command with `--json`; return the one object that it prints."""
    ended = run(*words, "--json")
    assert ended.stderr == "", ended.stderr
    (line,) = ended.stdout.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found
