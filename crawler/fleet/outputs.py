"""Where what an instance logs goes: to a file of its own, or to the fleet's lines behind its name."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

LAST_LINES = 12
"""Lines of a log that are shown where an instance is given up."""
TAIL_BYTES = 16_384
READ_BYTES = 65_536
NUMBERS = re.compile(r"[ {]'[^']+': ")
"""A line of what Scrapy calls stats, which stand between an error and the end of a log."""


class Output(Protocol):
    """Takes what one process writes."""

    def target(self) -> int | IO[bytes]:
        """Return what the process gets as its standard output and error."""

    def started(self) -> None:
        """Take note that the process has it."""

    def close(self) -> None:
        """Take the rest, once the process has ended."""

    def last_lines(self) -> list[str]:
        """Return what it has said last."""

    def where(self) -> str:
        """Return where all of it can be read; empty where it was shown."""


class FileOutput:
    """Appends to a file: with the parent, or without it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("ab")
        self.begun = self.file.tell()

    def target(self) -> IO[bytes]:
        """Return the file."""
        return self.file

    def started(self) -> None:
        """Leave it to the process."""
        self.file.close()

    def close(self) -> None:
        """Do nothing: the process has written it."""

    def last_lines(self) -> list[str]:
        """Read the end of the file, as far as it is of this process, without Scrapy's numbers."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self.begun if self.begun <= size else 0, size - TAIL_BYTES))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError as exc:  # somebody has moved it away
            return [str(exc)]
        return [line for line in lines if not NUMBERS.match(line)][-LAST_LINES:]

    def where(self) -> str:
        """Return the file."""
        return str(self.path)


class LineOutput:
    """A pipe whose lines are said by the parent.

    Args:
        say: takes a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.source, self.sink = os.pipe()
        os.set_blocking(self.source, False)
        self.rest = b""
        self.last: deque[str] = deque(maxlen=LAST_LINES)

    def fileno(self) -> int:
        """Return what becomes readable when there is something to take."""
        return self.source

    def target(self) -> int:
        """Return the end of the pipe that is written to."""
        return self.sink

    def started(self) -> None:
        """Let go of the end that is the process' now."""
        os.close(self.sink)

    def take(self) -> bool:
        """Say the lines that are whole by now; False where there was nothing to take."""
        try:
            data = os.read(self.source, READ_BYTES)
        except BlockingIOError:
            return False
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.pass_on(line)
        return bool(data)

    def pass_on(self, line: bytes) -> None:
        """Say one line."""
        text = line.decode(errors="replace").rstrip("\r")
        self.last.append(text)
        self.say(text)

    def close(self) -> None:
        """Say what is left; whoever else holds the pipe is not waited for."""
        while self.take():
            pass
        if self.rest:
            self.pass_on(self.rest)
        os.close(self.source)

    def last_lines(self) -> list[str]:
        """Return the last lines that were said."""
        return list(self.last)

    def where(self) -> str:
        """Return nothing: it was shown."""
        return ""
