"""`scrapy merge`: one file out of the feeds of several machines, with each record once."""

from __future__ import annotations

import argparse
import codecs
import os
import signal
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, cast

from scrapy.exceptions import UsageError

from crawler.feeds.duplicates import Readings, key_in, parse
from crawler.feeds.lines import LineFile, sync_folder
from crawler.packed import unpacked
from crawler.terse import Terse
from crawler.words import counted

MOST_NAMED = 10
"""Bad lines of a file that are named; the rest are counted."""
NEVER = float("-inf")

NOTES = """
Of a record that is in several lines the one with the latest `fetched_at`
stays, and of equal ones the last. Lines that are JSON and no record stay as
they are, in their order. A torn last line, which a killed writer leaves, and
lines that are no JSON are left out and named. The files to be merged may be
compressed with gzip; they are never changed, and may be written to meanwhile.
FILE appears when it is whole.

examples:
  scrapy merge london/users.jsonl paris/users.jsonl.gz -o users.jsonl
  scrapy merge */videos.jsonl -O videos.jsonl
      the same, in place of a former videos.jsonl

exit codes: 0 done, 1 lines were left out because they are no JSON, or a file
could not be read or written, 2 wrong arguments
"""


class Command(Terse):
    """Joins JSON lines feeds."""

    requires_project = False
    requires_crawler_process = False
    notes: ClassVar[str] = NOTES
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return the arguments."""
        return "FILE … -o FILE"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Join JSON lines feeds of several machines, without duplicates"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE, which must not exist")
        parser.add_argument("-O", "--overwrite-output", metavar="FILE", help="write to FILE, in place of what it holds")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Merge.

        Raises:
            UsageError: an argument cannot work.
        """
        signal.signal(signal.SIGINT, signal.default_int_handler)  # some shells start us with it ignored
        output = output_file(opts.output, opts.overwrite_output)
        inputs = [Path(word) for word in args]
        check_inputs(inputs, output)
        tally = Tally()
        try:
            merge(inputs, output, tally)
        except OSError as exc:
            say(f"{output} is not written ({exc}): make room or make it writable, and start again.")
            self.exitcode = 1
            return
        if tally.is_vain():
            say(f"{output} is not written: no line of what was read is JSON.")
            self.exitcode = 1
            return
        sys.stdout.write(f"{output}: {tally.sentence(len(inputs))}\n")
        self.exitcode = 1 if tally.bad or tally.unread else 0


@dataclass(slots=True)
class Tally:
    """Counts of lines, and of files that could not be read to their end."""

    records: int = 0
    others: int = 0
    duplicates: int = 0
    bad: int = 0
    torn: int = 0
    unread: int = 0

    def is_vain(self) -> bool:
        """Tell whether there is nothing to write, though not because the files are empty."""
        return not self.records and not self.others and bool(self.bad or self.unread)

    def sentence(self, files: int) -> str:
        """Return what was done with so many files."""
        read = self.records + self.others + self.bad + self.torn
        parts = [f"{counted(self.records - self.duplicates, 'record')}, {counted(self.others, 'other line')}"]
        left_out = (self.duplicates, "duplicate"), (self.bad, "bad line"), (self.torn, "torn last line")
        parts.append("left out: " + ", ".join(counted(number, noun) for number, noun in left_out))
        parts += [f"{counted(self.unread, 'file')} could not be read to the end"] if self.unread else []
        return f"{counted(read, 'line')} of {counted(files, 'file')}; " + "; ".join(parts)


def output_file(new: str | None, overwritten: str | None) -> Path:
    """Return the file to be written.

    Raises:
        UsageError: there is none, or it would cost one that exists.
    """
    if (new is None) == (overwritten is None):
        raise UsageError("name one file to write to, such as: scrapy merge a.jsonl b.jsonl -o all.jsonl")
    name = cast("str", overwritten if new is None else new)
    if name.endswith(".gz") or name == "-":
        raise UsageError(
            f"-o {name}: what is written is a file of plain lines; give it another name.", print_help=False
        )
    path = Path(os.path.realpath(name))
    try:
        exists, is_file = path.exists(), path.is_file()
    except OSError as exc:  # a folder that may not be looked into
        raise UsageError(f"-o {name} cannot be written ({exc.strerror}): name another file.", print_help=False) from exc
    if new is not None and exists:
        raise UsageError(f"-o {name} exists: name another file, or replace it with -O.", print_help=False)
    if exists and not is_file:
        raise UsageError(f"-O {name} is no file: name another one.", print_help=False)
    return path


def check_inputs(inputs: list[Path], output: Path) -> None:
    """Check that there is something to merge.

    Raises:
        UsageError: a file cannot be read, or is the one to be written.
    """
    if not inputs:
        raise UsageError("name the files to merge, such as: scrapy merge a.jsonl b.jsonl -o all.jsonl")
    for path in inputs:
        if os.path.isdir(path):  # noqa: PTH112 - which is False where that cannot be known
            raise UsageError(f"{path} is a folder: name the JSON lines files in it.", print_help=False)
        if not os.access(path, os.R_OK):
            raise UsageError(f"{path} cannot be read: name JSON lines files that exist.", print_help=False)
        if output.exists() and path.samefile(output):
            raise UsageError(f"{path} is to be read and written: give the merged file another name.", print_help=False)


def merge(inputs: list[Path], output: Path, tally: Tally) -> None:
    """Write the lines of `inputs` to `output`, the newest of each record, and count them; nothing where none is good.

    Raises:
        OSError: the output cannot be written; it is as it was.
    """
    readings = Readings()
    with beside(output) as temporary:
        with temporary.open("xb") as file:
            for path in inputs:
                file.writelines(good_lines(path, readings, tally))
            file.flush()
            os.fsync(file.fileno())
        if tally.is_vain():
            return
        stays = readings.newest()
        tally.duplicates = stays.count(0)
        if tally.duplicates:
            with LineFile(temporary) as lines:
                lines.select(stays)
        temporary.replace(output)
        sync_folder(output.parent)


@contextmanager
def beside(output: Path) -> Iterator[Path]:
    """Give a name in the folder of a file, which is made; what has that name at the end is removed."""
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def good_lines(path: Path, readings: Readings, tally: Tally) -> Iterator[bytes]:
    """Yield the lines of a file that are JSON, each noted in `readings`; say what is wrong with the others."""
    bad_before = tally.bad
    for number, line in enumerate(lines_of(path, tally), 1):
        if not line.strip():
            continue
        is_whole = line.endswith(b"\n")
        try:
            value = parse(line)
        except ValueError as exc:
            value = exc
        if not is_whole and not isinstance(value, dict):  # a number may go on, an object is at its end
            tally.torn += 1
            say(f"{path}:{number}: the last line is torn: left out")
        elif isinstance(value, ValueError):
            tally.bad += 1
            if tally.bad - bad_before <= MOST_NAMED:
                say(f"{path}:{number}: no JSON ({value}): left out")
        else:
            note(value, readings, tally)
            yield line if is_whole else line + b"\n"
    if (unnamed := tally.bad - bad_before - MOST_NAMED) > 0:
        say(f"{path}: {unnamed} more lines are no JSON: left out")


def note(value: Any, readings: Readings, tally: Tally) -> None:
    """Count a line that stays unless a newer one holds the same record."""
    key = key_in(value)
    if key is None:
        tally.others += 1
        readings.add(None)
    else:
        tally.records += 1
        readings.add(key, time_of(value))


def time_of(record: dict[str, Any]) -> float:
    """Return when a record was read, in seconds; before all others where it does not say."""
    try:
        time = datetime.fromisoformat(record["fetched_at"])
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (KeyError, TypeError, ValueError):
        return NEVER


def lines_of(path: Path, tally: Tally) -> Iterator[bytes]:
    """Yield the lines of a file, unpacked; where it cannot be read on, say so and end."""
    number = 0
    try:
        with path.open("rb") as raw, unpacked(raw) as file:
            for number, line in enumerate(file, 1):
                yield line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                if not line.endswith(b"\n"):
                    return  # what a running instance appends by now is the rest of this line
    except (OSError, EOFError, zlib.error) as exc:
        tally.unread += 1
        say(f"{path}: cannot be read on after line {number} ({exc})")


def say(sentence: str) -> None:
    """Tell the user what is not as it should be."""
    sys.stderr.write(f"{sentence}\n")
