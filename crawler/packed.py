"""Reads files that may be compressed with gzip."""

from __future__ import annotations

import gzip
from typing import IO, Any, cast

GZIP_MAGIC = b"\x1f\x8b"


def unpacked(raw: IO[bytes]) -> IO[bytes]:
    """Return what a file holds, also where that is compressed."""
    is_packed = cast("Any", raw).peek(len(GZIP_MAGIC))[: len(GZIP_MAGIC)] == GZIP_MAGIC
    return cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if is_packed else raw
