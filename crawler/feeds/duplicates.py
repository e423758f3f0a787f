"""Finds the lines of feeds that hold the same record, and rewrites the feeds with the newest of each."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from crawler.feeds.lines import LineFile
from crawler.items import RecordKey

DIGEST_BYTES = 15
"""Of a record key: so many that two records never share one, and that Python keeps it in 48 bytes."""
NO_KEY = bytes(DIGEST_BYTES)


class Readings:
    """Tells, of all lines that hold the same record, the newest; needs about 110 bytes a line."""

    def __init__(self) -> None:
        self.digests = bytearray()
        self.times = array("d")

    def __len__(self) -> int:
        return len(self.times)

    def add(self, key: tuple[str, ...] | None, time: float = 0.0) -> None:
        """Add the next line: the key of its record (None where it is none), and when that was read."""
        self.digests += NO_KEY if key is None else digest(key)
        self.times.append(time)

    def newest(self) -> bytearray:
        """Return for each line whether it stays: 1 for the latest time of its record, and of equal ones the last."""
        stays = bytearray(b"\x01") * len(self)
        order: Sequence[int] = range(len(self))
        if any(time != self.times[0] for time in self.times):
            order = sorted(order, key=self.times.__getitem__)
        seen = {NO_KEY}
        for number in reversed(order):
            one = bytes(self.digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES])
            if one not in seen:
                seen.add(one)
            elif one != NO_KEY:
                stays[number] = 0
        return stays


def digest(key: tuple[str, ...]) -> bytes:
    """Return what stands for a record key."""
    return blake2b(repr(tuple(key)).encode(), digest_size=DIGEST_BYTES).digest()


def parse(line: bytes) -> Any:
    """Return the value of a line of JSON, with what Python's own writer makes of it too: NaN, a lone surrogate.

    Raises:
        ValueError: it is none.
    """
    try:
        return orjson.loads(line)
    except ValueError:
        try:
            return json.loads(line.decode())
        except RecursionError as exc:
            raise ValueError("too deep") from exc


def key_in(value: Any) -> RecordKey | None:
    """Return the record key of a value read from a feed; None for what is no record."""
    if not isinstance(value, dict):
        return None
    kind, site, one = value.get("kind"), value.get("site"), value.get("id")
    if isinstance(kind, str) and isinstance(site, str) and isinstance(one, str):
        return RecordKey(kind, site, one)
    return None


def record_key(line: bytes) -> RecordKey | None:
    """Return the record key of a line; None for what is no record."""
    try:
        return key_in(parse(line))
    except ValueError:
        return None


def drop_duplicates(
    files: Sequence[tuple[Path, int]], key: Callable[[bytes], tuple[str, ...] | None] = record_key
) -> int:
    """Leave one line of each record in files that are parts of one feed: the last one.

    The last is the one whose page was acknowledged: those before it come from instances that died before they
    could. It is the newest reading too. No line that stays is ever touched, so a kill or a full disk loses nothing;
    what was dropped until then stays dropped. Instances that append to the files wait meanwhile.

    Args:
        files: each with the byte from which on lines are looked at; those before belong to earlier crawls and stay,
            and what is left of a line there is no record. A missing file has no lines.
        key: returns the record key of a line, with its newline; None for a line that is no record and stays.

    Returns:
        Number of lines that were dropped.

    Raises:
        OSError: a file cannot be read, or there is no room for its copy; that one is as it was.
    """
    offsets: dict[Path, int] = {}
    for path, offset in files:
        real = Path(os.path.realpath(path))
        offsets[real] = min(offset, offsets.get(real, offset))
    with ExitStack() as stack:
        opened = {}
        for path in sorted(offsets):  # in one order everywhere, lest two wait for each other
            if path.exists():
                opened[path] = stack.enter_context(LineFile(path))
                stack.enter_context(opened[path].locked())
        return drop_older([(opened[path], offset) for path, offset in offsets.items() if path in opened], key)


def drop_older(files: Sequence[tuple[LineFile, int]], key: Callable[[bytes], tuple[str, ...] | None]) -> int:
    """Leave the last line of each record in files that are locked; return how many were dropped."""
    readings = Readings()
    parts: list[slice] = []
    for file, offset in files:
        first = len(readings)
        for line in file.lines(offset):
            readings.add(key(line))
        parts.append(slice(first, len(readings)))
    stays = readings.newest()
    for (file, offset), part in zip(files, parts, strict=True):
        if not all(stays[part]):
            file.select(stays[part], offset)
    return stays.count(0)
