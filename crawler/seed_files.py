"""Reads seeds files of any size line by line: text, csv, JSON lines, or a JSON list; also compressed with gzip."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import os
import re
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Self, cast

from crawler.errors import SeedError
from crawler.packed import unpacked

FORMATS = ("txt", "csv", "jsonl", "json")
MOST_LINE_BYTES = 1024 * 1024
"""Of one line, or one entry of a JSON list; a longer one is refused without being read into memory."""
CHUNK_BYTES = 64 * 1024
DELIMITERS = (",", ";", "\t")
KNOWN_COLUMNS = frozenset({"url", "priority"})
"""Columns of a csv file whose names may be in capitals."""
JSON_LIST = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*[{\"\]]")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CUT_OFF = (EOFError, zlib.error, gzip.BadGzipFile)
UNREADABLE = (OSError, *CUT_OFF)
SEPARATORS = re.compile(r"[\s,\[\]]*")
NOT_DECODED = re.compile(r"[\udc80-\udcff]")
"""What a byte that is no UTF-8 is read as."""
MOST_SHOWN = 100
"""Characters of what is refused."""
DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says: a text, the named parts of a seed, or why it cannot be read.

    Attributes:
        hint: what is wrong if the text is no seed.
    """

    number: int
    value: str | dict[str, Any] = ""
    fault: str = ""
    hint: str = ""

    def text(self) -> str:
        """Return the URL in it, as far as there is one, else all that it says."""
        said = self.value.get("url") if isinstance(self.value, dict) else self.value
        return said if isinstance(said, str) else json.dumps(self.value, ensure_ascii=False)


class SeedFile:
    """A seeds file that is open.

    Args:
        source: its path, or `-` for standard input.
        form: one of `FORMATS`; by default what its name says. Text and JSON lines are told apart line by line.
    """

    def __init__(self, source: str, form: str = "") -> None:
        self.source = source
        self.name = "standard input" if source == "-" else source
        self.form = form or Path(source.removesuffix(".gz")).suffix.lower().removeprefix(".").replace("tsv", "csv")
        self.size: int | None = None
        """Bytes in all, of the file as it is stored; None where that is not known."""

    def __enter__(self) -> Self:
        try:
            self.raw: IO[bytes] = sys.stdin.buffer if self.source == "-" else Path(self.source).open("rb")
            self.file = unpacked(self.raw)
        except UNREADABLE as exc:
            raise self.unreadable(exc) from exc
        with suppress(OSError):  # what is no file has no descriptor
            status = os.fstat(self.raw.fileno())
            self.size = status.st_size if stat.S_ISREG(status.st_mode) else None
        return self

    def __exit__(self, *_exc: object) -> None:
        if self.source != "-":
            self.raw.close()

    def position(self) -> int:
        """Return how many bytes of `size` have been read."""
        return 0 if self.size is None else self.raw.tell()

    def lines(self) -> Iterator[Line]:
        """Yield what each line says, without blank ones and comments.

        Raises:
            SeedError: it cannot be read on.
        """
        number = 0
        try:
            head = cast("Any", self.file).peek(CHUNK_BYTES)
            if head.startswith(UTF_16):
                raise self.unreadable("it is UTF-16", remedy="save it as UTF-8")
            for line in self.lines_of(head):
                number = line.number
                yield line
        except UNREADABLE as exc:
            raise self.unreadable(exc, number) from exc

    def lines_of(self, head: bytes) -> Iterator[Line]:
        """Yield the lines of a file that begins with `head`."""
        if self.form == "csv":
            return csv_lines(text_lines(self.file))
        if JSON_LIST.match(head):
            return list_lines(self.file)
        return map(json_line, text_lines(self.file))

    def unreadable(self, why: object, after: int = 0, remedy: str = "") -> SeedError:
        """Return an error for what was not read."""
        how = f"cannot be read on after line {after}" if after else "cannot be read"
        if isinstance(why, CUT_OFF):
            remedy = "it is packed with gzip and damaged, or not all of it is there, so get it anew"
        remedy = remedy or "pass a text file of URLs, or - for standard input"
        return SeedError(f"The seeds file {self.source} {how} ({why}): {remedy}.")


def text_lines(file: IO[bytes]) -> Iterator[Line]:
    """Yield each line as text, without blank ones and comments."""
    number = 0
    while raw := file.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(raw) > MOST_LINE_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(MOST_LINE_BYTES)
            yield Line(number, fault=f"it has more than {MOST_LINE_BYTES:,} bytes: write one seed a line.")
            continue
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as exc:
            yield Line(number, fault=f"it is no UTF-8 ({exc.reason} at byte {exc.start + 1}): save the file as UTF-8.")
            continue
        if text and not text.startswith("#"):
            yield Line(number, text)


def json_line(line: Line) -> Line:
    """Return a line with what it says as JSON, where it is a JSON object or string."""
    return Line(line.number, json_value(line.value)) if isinstance(line.value, str) and line.value else line


def json_value(text: str) -> str | dict[str, Any]:
    """Return a JSON object or string; any other text as it is."""
    if not text.startswith(("{", '"')):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict | str) else text


# --- csv ---


def csv_lines(lines: Iterator[Line]) -> Iterator[Line]:
    """Yield the rows of a csv file by the names of its columns; without a header that has `url`, the first column.

    A row is a line: one quote that nobody closed would else swallow all seeds behind it.
    """
    delimiter, names, hint = "", list[str](), ""
    for line in lines:
        if line.fault:
            yield line
            continue
        if not delimiter:
            delimiter, names = header(str(line.value))
            if names:
                continue
            hint = "no column is called url ({}): call one so, or put the URLs into the first one."
        try:
            row = [cell.strip() for cell in cells(str(line.value), delimiter)]
        except csv.Error as exc:
            yield Line(line.number, fault=f"it is no row of a csv file ({exc}): close its quotes within the line.")
            continue
        if any(row):
            yield replace(row_line(line, names, row), hint=hint.format(", ".join(row).lower()))
            hint = ""


def row_line(line: Line, names: list[str], row: list[str]) -> Line:
    """Return what a row says: its URL, or its cells by their names."""
    if not names:
        return Line(line.number, row[0])
    if len(row) <= names.index("url"):
        return Line(line.number, fault=f"{line.value!r:.200} is not a URL, and has no column url: complete the row.")
    return Line(
        line.number, {name: cell for name, cell in zip(names, row, strict=False) if name and (cell or name == "url")}
    )


def header(text: str) -> tuple[str, list[str]]:
    """Return the delimiter of a csv file and its columns by its first line, no columns where that is no header."""
    for delimiter in DELIMITERS:
        try:
            row = [cell.strip() for cell in cells(text, delimiter)]
        except csv.Error:
            continue
        names = [name.lower() if name.lower() in KNOWN_COLUMNS else name for name in row]
        if "url" in names:
            return delimiter, names
    return DELIMITERS[0], []


def cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of a row.

    Raises:
        csv.Error: it is none.
    """
    return next(csv.reader([text], delimiter=delimiter, strict=True), [])


# --- a JSON list ---


class Window:
    """The part of a file that is looked at, as text: `at` is where, in the line `number`."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self.text, self.at, self.number, self.is_whole = "", 0, 1, False

    def read_on(self) -> None:
        """Add the next chunk, and forget what has been passed."""
        data = self.file.read(CHUNK_BYTES)
        self.is_whole = not data
        self.text, self.at = self.text[self.at :] + self.decode(data, final=self.is_whole), 0

    def pass_to(self, end: int) -> str:
        """Go on to `end`; return what was passed."""
        passed = self.text[self.at : end]
        self.number, self.at = self.number + passed.count("\n"), end
        return passed

    def pass_line(self) -> str:
        """Go on to the next line, however far that is; return how this one begins."""
        begins = self.text[self.at : self.at + MOST_SHOWN].partition("\n")[0]
        while (end := self.text.find("\n", self.at)) < 0 and not self.is_whole:
            self.at = len(self.text)
            self.read_on()
        self.pass_to(end + 1 or len(self.text))
        return begins


def list_lines(file: IO[bytes]) -> Iterator[Line]:
    """Yield the entries of a JSON list of any length, each with the line that it begins in.

    Lists that follow each other are read as one.
    """
    window, is_open = Window(file), False
    while True:
        begin = cast("re.Match[str]", SEPARATORS.match(window.text, window.at)).end()
        is_open &= "]" not in window.pass_to(begin)
        value, end = entry_at(window.text, window.at)
        number = window.number
        if end is None and not window.is_whole and len(window.text) - window.at <= MOST_LINE_BYTES:
            window.read_on()
        elif end is not None:
            said, is_open = window.pass_to(end), True
            yield list_line(number, value, said)
        elif window.at < len(window.text):
            begins, is_open = window.pass_line(), False
            yield Line(number, fault=f"{begins!r} is no JSON: the list is read on from the next line.")
        else:
            break
    if is_open:
        yield Line(window.number, fault="the list breaks off here without its `]`: see that the file is whole.")


def list_line(number: int, value: Any, said: str) -> Line:
    """Return an entry of a list, with how the file says it."""
    if NOT_DECODED.search(said):
        return Line(number, fault="it is no UTF-8: save the file as UTF-8.")
    return Line(number, value if isinstance(value, str | dict) else json.dumps(value))


def entry_at(text: str, at: int) -> tuple[Any, int | None]:
    """Return the JSON value that begins somewhere in a text, and where it ends; None where it does not."""
    try:
        return DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, None
