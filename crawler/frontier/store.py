"""The embedded store: a Valkey server that the first instance starts and the last one out stops.

Everything is in one folder, `.crawler`:

    valkey.sock      what clients connect to; a link where its own path is too long for a socket
    appendonlydir/   the data
    valkey.log       what the server says
    start.lock       held by who starts, finds or stops the server
    users.lock       shared by all instances: who gets it alone is the last one
    server.lock      held by the server itself, through a descriptor that it inherits

The locks are `flock`s. The kernel drops them when their holder ends, however it ends, so the next start
sees the truth after any crash; a pid, which could be another process' by then, is only ever shown.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import logging
import os
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from weakref import WeakSet

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from crawler.errors import StoreError
from crawler.frontier.server import check_data, log_size, server_binary, start_server, why_it_died

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

PATIENCE_S = 30.0
"""Seconds that a live server may stay silent while it starts; loading its data counts as a sign of life."""
STOP_S = 20.0
"""Seconds that the server may take to stop, which is one fsync."""
PING_S = 3.0
"""Seconds that the last one out waits for the server to answer, before it is told to stop."""
RELEASE_S = 1.0
"""Seconds that who leaves waits for others that start or stop the server."""
POLL_S = 0.005
"""Seconds between two looks at a server that starts or stops."""
SOCKET_PATH_BYTES = 103
"""Longest path of a unix socket on macOS; Linux takes 107."""


class EmbeddedStore:
    """One instance's hold on the embedded store.

    Args:
        folder: where the store keeps its files, made when missing; `.crawler` by rule.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._users: int | None = None

    def attach(self) -> str:
        """Start the server, or find it running, and hold it until `release()`.

        Returns:
            The Redis URL, `unix:///…/.crawler/valkey.sock`; the same one when attached already.

        Raises:
            StoreError: the folder cannot be used, there is no server to start, or it does not start.
        """
        if self._users is not None:
            return self._url
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as exc:
            raise StoreError(f"{self._folder} is a file: choose a folder for the store, or set REDIS_URL.") from exc
        except OSError as exc:
            raise StoreError(
                f"{self._folder} cannot be made ({exc}): choose another folder, or set REDIS_URL."
            ) from exc
        with self._locked("start.lock"):
            atexit.register(self.release)  # before all else: a signal to stop may come between any two lines
            try:
                self._users = self._lock("users.lock", fcntl.LOCK_SH)
                ATTACHED.add(self)
                self._ensure_server()
            except BaseException:
                atexit.unregister(self.release)
                self._leave()
                raise
        return self._url

    def release(self) -> None:
        """Let go of the store; the last one out stops the server. Without effect when not attached."""
        if self._users is None:
            return
        atexit.unregister(self.release)
        try:
            with self._locked("start.lock", within_s=RELEASE_S):
                self._leave()
        except BlockingIOError:  # who waits there for the server uses it too, and is to stop it
            ATTACHED.discard(self)
            self._forget()

    def revive(self) -> None:
        """Start the server again if it has died, without waiting until it answers.

        Raises:
            StoreError: it cannot be started.
        """
        if self._users is None:
            return
        with suppress(BlockingIOError), self._locked("start.lock", within_s=0.0):  # else somebody else is at it
            if self._users is not None and not self._is_alive():  # or released meanwhile, by another thread
                self._start()

    def __enter__(self) -> str:
        return self.attach()

    def __exit__(self, *_error: object) -> None:
        self.release()

    @property
    def _socket(self) -> Path:
        path = self._folder / "valkey.sock"
        return path.readlink() if path.is_symlink() else path

    @property
    def _url(self) -> str:
        return f"unix://{quote(str(self._socket))}"

    def _lock(self, name: str, operation: int) -> int:
        """Return a descriptor that holds the lock `name`.

        Raises:
            BlockingIOError: the operation is not to wait, and another process holds the lock.
            StoreError: the file cannot be opened or locked.
        """
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise StoreError(f"{path} cannot be opened ({exc.strerror}): make the folder writable.") from exc
        try:
            fcntl.flock(descriptor, operation)
        except BaseException as exc:
            os.close(descriptor)
            if not isinstance(exc, OSError) or isinstance(exc, BlockingIOError):
                raise
            raise StoreError(
                f"{path} cannot be locked ({exc.strerror}): use a folder on a local disk, or set REDIS_URL."
            ) from exc
        return descriptor

    @contextmanager
    def _locked(self, name: str, within_s: float | None = None) -> Iterator[None]:
        """Hold the lock `name` alone.

        Raises:
            BlockingIOError: another process holds it for longer than `within_s`.
        """
        descriptor = self._lock(name, fcntl.LOCK_EX) if within_s is None else self._lock_within(name, within_s)
        try:
            yield
        finally:
            os.close(descriptor)

    def _lock_within(self, name: str, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self._lock(name, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(POLL_S)

    def _ensure_server(self) -> None:
        if self._is_alive() and self._answers():
            return
        before = log_size(self._folder)
        self._start()
        if not self._answers():
            raise StoreError(why_it_died(self._folder, before))

    def _is_alive(self) -> bool:
        """Tell whether a server runs on this folder; ask only under `start.lock`."""
        try:
            os.close(self._lock("server.lock", fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            return True
        return False

    def _start(self) -> None:
        check_data(self._folder)
        binary = server_binary()
        held = self._lock("server.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            start_server(binary, self._folder, self._place_socket(), held)
        except OSError as exc:
            raise StoreError(
                f"The server {binary} cannot be started in {self._folder} ({exc}): repair that, or set REDIS_URL."
            ) from exc
        finally:
            os.close(held)

    def _place_socket(self) -> Path:
        """Return where the server shall listen: in a private temporary folder where our own path is too long."""
        path = self._folder / "valkey.sock"
        path.unlink(missing_ok=True)
        if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
            return path
        name = hashlib.blake2b(os.fsencode(self._folder), digest_size=8).hexdigest()
        private = Path(tempfile.gettempdir()) / f"crawler-{os.getuid()}-{name}"
        private.mkdir(mode=0o700, exist_ok=True)
        about = private.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
            raise StoreError(f"{private} is not a folder for this user only: remove it, or use a shorter path.")
        # Instances with another TMPDIR find the socket by this link.
        path.symlink_to(private / path.name)
        return private / path.name

    def _client(self, timeout_s: float = 5.0) -> Redis:
        return Redis(unix_socket_path=str(self._socket), socket_timeout=timeout_s, retry=Retry(NoBackoff(), 0))

    def _answers(self) -> bool:
        """Wait for the server to answer; False when it ends instead.

        Raises:
            StoreError: the server lives and stays silent.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self._client() as client:
                    client.ping()
            except BusyLoadingError:
                deadline = time.monotonic() + PATIENCE_S
            except RedisError as exc:
                if not self._is_alive():
                    return False
                if time.monotonic() > deadline:
                    raise StoreError(f"The store's server {self._pid()} does not answer ({exc}): kill it.") from exc
            else:
                return True
            time.sleep(POLL_S)

    def _pid(self) -> str:
        with suppress(OSError):
            return f"(pid {(self._folder / 'valkey.pid').read_text().strip()})"
        return "(pid unknown)"

    def _leave(self) -> None:
        """Drop the shared lock, and stop the server when nobody else shares it; call under `start.lock`."""
        users, self._users = self._users, None
        ATTACHED.discard(self)
        if users is None:
            return
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            # After the folder was removed or moved, a server here is the others'.
            path = self._folder / "users.lock"
            if path.exists() and os.path.samestat(path.stat(), os.fstat(users)):
                self._stop()
        finally:
            os.close(users)

    def _stop(self) -> None:
        if self._is_silent():
            logger.warning(
                "The store's server %s does not answer, and is left alone: the next instance goes on with it, or kill "
                "it; its data is safe.",
                self._pid(),
            )
            return
        deadline = time.monotonic() + STOP_S
        while self._is_alive():
            with suppress(RedisError), self._client() as client:  # one that was just started does not listen yet
                client.shutdown(nosave=True)  # the append-only file is synced all the same
            if time.monotonic() > deadline:
                logger.warning("The store's server %s does not stop: kill it, its data is safe.", self._pid())
                return
            time.sleep(POLL_S)
        if (self._folder / "valkey.sock").is_symlink():
            with suppress(OSError):
                self._socket.parent.rmdir()

    def _is_silent(self) -> bool:
        """Tell whether the server lives and does not answer, as one that is stopped."""
        try:
            with self._client(PING_S) as client:
                client.ping()
        except RedisTimeoutError:
            return self._is_alive()
        except RedisError:  # one that loads its data, or does not listen yet, is told to end
            return False
        return False

    def _forget(self) -> None:
        """Drop the shared lock only; in a forked child the copy of it, which would keep its parent's alive."""
        if self._users is not None:
            os.close(self._users)
            self._users = None


ATTACHED: WeakSet[EmbeddedStore] = WeakSet()
"""The stores that this process is attached to."""


def _forget_all() -> None:
    for store in list(ATTACHED):
        store._forget()  # noqa: SLF001 - same module
    ATTACHED.clear()


os.register_at_fork(after_in_child=_forget_all)
