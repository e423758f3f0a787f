"""A file of lines that several processes append to, and that never holds half a line."""

from __future__ import annotations

import fcntl
import io
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import ReadableBuffer

CHUNK_BYTES = 64 * 1024
"""Bytes read at once in search of the last newline."""


class LineFile(io.RawIOBase):
    """A binary file to which only whole lines are appended, each write under a `flock`.

    A write that fails leaves the file as it was, and can be repeated. A torn last line (its writer was
    killed) is cut back by the next writer. When the path leads to another file by then, as after
    `keep()`, the lines go to that one. Not for several threads, nor across a fork: the lock is the process'.

    Args:
        path: the file; it and its folders are made when missing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(os.path.realpath(path))
        self.name = os.fspath(path)
        self._rest = b""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._open()

    def write(self, data: ReadableBuffer, /) -> int:
        """Append the whole lines of `data`.

        What follows the last newline waits for its own, and is dropped by `close()` without one.

        Raises:
            OSError: the disk is full or broken; nothing of `data` was written or kept.
        """
        new = bytes(data)
        whole, newline, rest = (self._rest + new).rpartition(b"\n")
        if newline:
            with self.locked():
                self._append(whole + newline)
        self._rest = rest
        return len(new)

    def truncate(self, size: int | None = None, /) -> int:
        """Cut the file to `size` bytes, 0 unless told otherwise."""
        with self.locked():
            os.ftruncate(self._descriptor, size or 0)
            self._size = -1
        self._rest = b""
        return size or 0

    def fileno(self) -> int:
        """Return the descriptor, for `os.fsync`."""
        self._check_open()
        return self._descriptor

    def writable(self) -> bool:
        """Tell that it is."""
        return True

    def close(self) -> None:
        """Close the file; what is no whole line yet is dropped."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file alone, its last line whole."""
        self._check_open()
        self._acquire()
        try:
            self._cut_torn_line()
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError(f"{self.name} is closed: open it again to write.")

    def _open(self) -> None:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._size = -1
        """Size in bytes when this process last held the lock; -1 when that is not known."""

    def _acquire(self) -> None:
        while True:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._descriptor), self._path.stat()):
                    return
            replaced = self._descriptor
            self._open()
            os.close(replaced)

    def _cut_torn_line(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if size != self._size:
            whole = self._whole_size(size)
            if whole != size:
                os.ftruncate(self._descriptor, whole)
            self._size = whole

    def _whole_size(self, size: int) -> int:
        """Return the size up to and with the last newline of the first `size` bytes."""
        end = size
        while end:
            start = max(0, end - CHUNK_BYTES)
            newline = os.pread(self._descriptor, end - start, start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
        return 0

    def _append(self, lines: bytes) -> None:
        view = memoryview(lines)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except BaseException:
            before, self._size = self._size, -1
            os.ftruncate(self._descriptor, before)
            raise
        self._size += len(lines)


def keep(path: str | os.PathLike[str], predicate: Callable[[bytes], bool]) -> int:
    """Rewrite a file with only the lines for which `predicate` is true.

    The lines go to a file beside it that then takes its place, so a kill or a full disk loses nothing.
    Every `LineFile` that is open on the path goes on with the new one; any other reader keeps the old one.

    Args:
        path: the file; a missing one has no lines.
        predicate: gets each line, with its newline.

    Returns:
        Number of lines that were dropped.
    """
    real = Path(os.path.realpath(path))
    if not real.exists():
        return 0
    temporary = real.with_name(f".{real.name}.keep")
    with LineFile(real) as file, file.locked(), real.open("rb") as lines:
        dropped = 0
        try:
            with temporary.open("wb") as kept:
                os.fchmod(kept.fileno(), os.fstat(lines.fileno()).st_mode)
                for line in lines:
                    if predicate(line):
                        kept.write(line)
                    else:
                        dropped += 1
                kept.flush()
                os.fsync(kept.fileno())
            if dropped:
                temporary.replace(real)
                _sync_folder(real.parent)
        finally:
            temporary.unlink(missing_ok=True)
    return dropped


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
