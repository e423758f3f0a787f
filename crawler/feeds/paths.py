"""Which feeds are local files, and whether a file can be written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from w3lib.url import file_uri_to_path


def local_path(uri: str) -> str | None:
    """Return the path of a feed that is a local file; None for standard output and other storages."""
    path = file_uri_to_path(uri) if uri.startswith("file:") else uri
    return None if "://" in path or path.startswith("stdout:") else path


def check_writable(path: Path, *, make: bool = True) -> None:
    """Check that a file can be appended to; one that is not there is made, with its folders, unless `make` is false.

    Raises:
        OSError: it cannot be.
    """
    if make:
        path.parent.mkdir(parents=True, exist_ok=True)
    if make or path.exists():
        path.open("ab").close()
        return
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
