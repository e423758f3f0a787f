"""A file of lines that several processes append to, and that never holds half a line."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

CHUNK_BYTES = 64 * 1024
"""Bytes read at once."""
WARN_AFTER_S = 10.0
"""So long another process can hold a file before that is said: rewriting a large one takes some seconds."""

logger = logging.getLogger(__name__)


class LineFile:
    """A binary file to which only whole lines are appended, each time under a `flock`.

    What fails leaves the file as it was, and can be repeated. A torn last line (its writer was killed) is cut
    back by the next writer. When the path leads to another file by then, as after `keep()`, the lines go to that
    one. For one thread at a time, and not across a fork: the lock is the process'.

    Args:
        path: the file; it and its folders are made when missing.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.realpath(path))
        self._descriptor = -1
        self.closed = False
        self._is_locked = False
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def write(self, lines: bytes) -> None:
        """Append whole lines; they outlive this process, but not the machine's loss of power.

        Raises:
            OSError: the disk is full or broken; nothing of `lines` is in the file.
        """
        self._append(lines, sync=False)

    def append(self, lines: bytes) -> None:
        """Append whole lines, and return when they are on the disk.

        Raises:
            OSError: the disk is full or broken; nothing of `lines` is in the file. They have to be given again
                also where only the sync failed: the system forgets what it could not write.
        """
        self._append(lines, sync=True)

    def truncate(self) -> None:
        """Empty the file."""
        with self.locked():
            os.ftruncate(self._descriptor, 0)
            self._size = 0

    def size(self) -> int:
        """Return the size in bytes, up to the last whole line."""
        with self.locked():
            return self._size

    def modified_ns(self) -> int:
        """Return when the file was changed last, in ns by the clock of its file system."""
        with self.locked():
            return os.fstat(self._descriptor).st_mtime_ns

    def touch(self) -> int:
        """Have the file changed now; return when that is, as `modified_ns` does."""
        with self.locked():
            os.utime(self._descriptor)
            return self.modified_ns()

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Yield the lines from byte `start` on, with their newlines."""
        with self.path.open("rb") as file:
            file.seek(start)
            yield from file

    def select(self, stays: Sequence[int], start: int = 0) -> None:
        """Rewrite the file with only some of the `lines` from byte `start` on.

        They go to a file beside it that then takes its place, so a kill or a full disk loses nothing. Every
        `LineFile` that is open on the path goes on with the new one; any other reader keeps the old one.

        Args:
            stays: for each line whether it stays.
            start: what stands before it stays.

        Raises:
            OSError: there is no room for the new file; the old one is as it was.
        """
        temporary = self.path.with_name(f".{self.path.name}.keep")
        with self.locked():
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)  # held before anyone can find it at the path
                self._copy(descriptor, stays, start)
                temporary.replace(self.path)
            except BaseException:
                os.close(descriptor)
                temporary.unlink(missing_ok=True)
                raise
            os.close(self._descriptor)
            self._descriptor, self._size = descriptor, os.fstat(descriptor).st_size
            sync_folder(self.path.parent)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self.closed = True
            os.close(self._descriptor)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the file alone, its last line whole."""
        if self.closed:
            raise ValueError(f"{self.path} is closed: open it again to write.")
        if self._is_locked:
            yield
            return
        try:
            self._acquire()
            self._is_locked = True
            self._cut_torn_line()
            yield
        finally:
            self._is_locked = False
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._size = -1
        """Size in bytes when this process last held the lock; -1 when that is not known."""

    def _acquire(self) -> None:
        while True:
            self._lock()
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._descriptor), self.path.stat()):
                    return
            replaced = self._descriptor
            self._open()
            os.close(replaced)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            warning = threading.Timer(WARN_AFTER_S, self._warn)
            warning.daemon = True
            warning.start()
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            finally:
                warning.cancel()

    def _warn(self) -> None:
        logger.warning(
            "%s has been locked by another process for %.0f s: waiting. If one of the instances is stopped (Ctrl-Z), "
            "let it go on (`fg`) or kill it; nothing is lost.",
            self.path,
            WARN_AFTER_S,
        )

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

    def _append(self, lines: bytes, *, sync: bool) -> None:
        if not lines.endswith(b"\n"):
            raise ValueError(f"{lines[-40:]!r} is no whole line: end it with a newline.")
        with self.locked():
            before, self._size = self._size, -1
            view = memoryview(lines)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
                if sync:
                    os.fsync(self._descriptor)
            except BaseException as exc:
                with suppress(OSError):  # a broken disk: what is torn is cut back by the next writer
                    os.ftruncate(self._descriptor, before)
                if isinstance(exc, OSError):
                    exc.filename = os.fspath(self.path)
                raise
            self._size = before + len(lines)

    def _copy(self, descriptor: int, stays: Sequence[int], start: int) -> None:
        with self.path.open("rb") as lines, open(descriptor, "wb", closefd=False) as copy:
            os.fchmod(descriptor, os.fstat(lines.fileno()).st_mode)
            copy.writelines(lines.read(min(left, CHUNK_BYTES)) for left in range(start, 0, -CHUNK_BYTES))
            copy.writelines(line for line, stay in zip(lines, stays, strict=True) if stay)
            copy.flush()
            os.fsync(descriptor)


def keep(path: str | os.PathLike[str], predicate: Callable[[bytes], bool]) -> int:
    """Rewrite a file with only the lines for which `predicate` is true, as `LineFile.select` does.

    Args:
        path: the file; a missing one has no lines.
        predicate: gets each line, with its newline.

    Returns:
        Number of lines that were dropped.
    """
    if not os.path.exists(path):  # noqa: PTH110 - of any path
        return 0
    with LineFile(path) as file, file.locked():
        stays = bytearray(predicate(line) for line in file.lines())
        if not all(stays):
            file.select(stays)
        return stays.count(0)


def sync_folder(folder: Path) -> None:
    """Return when the names of the files in `folder` are on the disk, on file systems that can tell."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
