"""Saved responses: one file, or the lines of a batch, read without fetching anything."""

from __future__ import annotations

import json
import mimetypes
import os.path
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from crawler.errors import NotARecord, SeedError
from crawler.explaining.answers import Answer, fault, read_offline, refused
from crawler.pages import FALLBACK, PLATFORMS, platform_of
from crawler.pages.base import Response
from crawler.seeds import PATH, Seed, parse_seed

MOST_LINE_BYTES = 1_000_000
"""Bytes of a line of a batch; a longer one is answered as a bad one."""
STATUSES = range(100, 600)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved response, as it was named.

    Attributes:
        url: of the page.
        file: where it lies.
        content_type: its header; by the file's name where it is not told.
        status: of the answer.
    """

    url: str
    file: str
    content_type: str = ""
    status: int = 200


def url_named(word: str) -> Seed:
    """Return the URL that was named where a saved page could have been.

    Raises:
        SeedError: it is none, or a file.
    """
    if PATH.match(word) or os.path.isfile(word):  # noqa: PTH113 - which takes any text
        named = f"{word:.200}"
        raise SeedError(f"{named} is a file, not a URL: add --file before it, and --url URL with the one it is of.")
    return parse_seed(word)


def batch(lines: BinaryIO, folder: Path, most_bytes: int) -> Iterator[Answer]:
    """Answer each line of a batch, in its order.

    Args:
        lines: JSON objects with `url` and `file`, and if known `content_type` and `status`.
        folder: what the files are relative to, unless they are so to the current one.
        most_bytes: of the largest file that is read.
    """
    number = 0
    while line := lines.readline(MOST_LINE_BYTES):
        number += 1
        is_whole = line.endswith(b"\n")
        while not is_whole and (rest := lines.readline(MOST_LINE_BYTES)):
            line = b""
            is_whole = rest.endswith(b"\n")
        if line.strip() or not line:
            yield answer_line(line, number, folder, most_bytes)


def answer_line(line: bytes, number: int, folder: Path, most_bytes: int) -> Answer:
    """Answer a line of a batch; an empty one was too long."""
    try:
        given = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        words = f"is no JSON ({exc})" if line else f"has more than {MOST_LINE_BYTES:,} bytes"
        return refused(None, "bad_line", f"line {number} {words}: write one object with url and file a line")
    if not isinstance(given, dict):
        return refused(None, "bad_line", f"line {number} is no JSON object: write one with url and file a line")
    url, file = (value if isinstance(value := given.get(name), str) else None for name in ("url", "file"))
    if not file:
        return refused(url, "bad_line", f'line {number} names no file: add "file": "page.html"', file)
    if not url:
        return refused(url, "bad_url", f'line {number} names no URL: add the one that was read, as "url"', file)
    status, content_type = given.get("status"), given.get("content_type")
    if status is None:
        status = 200
    if type(status) is not int or status not in STATUSES or not isinstance(content_type, str | None):
        words = f'line {number} has a status or content_type that is none: write 404 and "text/html", or leave it out'
        return refused(url, "bad_line", words, file)
    return explain(Saved(url, file, content_type or "", status), [folder, Path()], most_bytes)


def explain(saved: Saved, folders: list[Path], most_bytes: int) -> Answer:
    """Read a saved response.

    Args:
        saved: what is to be read.
        folders: what the file may be relative to, the likelier first.
        most_bytes: of the largest file that is read.
    """
    try:
        response = response_of(saved, folders, most_bytes)
    except SeedError as exc:
        return refused(saved.url, "bad_url", str(exc), saved.file)
    except (OSError, ValueError, OverflowError) as exc:  # the others for a name with a null, and for odd times
        return refused(saved.url, "bad_file", words_of(saved.file, exc), saved.file)
    try:
        platform = platform_of(response)
    except Exception as exc:  # noqa: BLE001 - a fault of one platform must not cost the other answers
        return Answer(saved.url, saved.file, response.url, refused=fault(exc))
    answer = read_offline(saved.url, saved.file, response, platform)
    if answer.page is FALLBACK and platform and (url := usual_url(response.url, platform)):
        usual = read_offline(saved.url, saved.file, replace(response, url=url), platform)
        return usual if usual.records else answer
    return answer


def response_of(saved: Saved, folders: list[Path], most_bytes: int) -> Response:
    """Return a saved response.

    Raises:
        SeedError: its URL is none.
        OSError: the file cannot be read, or is too large.
    """
    url = parse_seed(saved.url).url
    path = next((path for folder in folders if (path := folder / saved.file).is_file()), folders[0] / saved.file)
    if path.exists() and not path.is_file():
        raise OSError("it is no file")
    if (size := path.stat().st_size) > most_bytes:
        raise OSError(f"it has {size:,} bytes, and DOWNLOAD_MAXSIZE lets {most_bytes:,} be read")
    content_type = saved.content_type or mimetypes.guess_type(path.name)[0]
    headers = {"content-type": content_type} if content_type else {}
    time = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Response(url, path.read_bytes(), saved.status, headers, time)


def usual_url(url: str, platform: str) -> str | None:
    """Return the form of an address that a crawl would fetch: one that only redirects there, no class reads."""
    try:
        (link,) = PLATFORMS[platform].start(url)
    except (NotARecord, ValueError):  # the second where a whole host is meant
        return None
    return link.url


def words_of(file: str, error: Exception) -> str:
    """Return why a file cannot be read, and the remedy."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{file} cannot be read ({words}): name a file by its path, from here or from the batch file's folder"
