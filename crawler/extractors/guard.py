"""Keeps what runs in an extractor's thread from reaching the network beside the engine."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

WAYS_OUT = frozenset(
    {
        *("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"),
        *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"),
    }
)
"""Events of the interpreter that an extractor has no business with: sockets, and programs such as PhantomJS."""

_guarded = threading.local()


@contextmanager
def guarded() -> Iterator[None]:
    """Refuse sockets and programs to this thread."""
    watch()
    _guarded.on = True
    try:
        yield
    finally:
        _guarded.on = False


@cache
def watch() -> None:
    """Look at the interpreter's events; a hook cannot be taken away again, so there is one."""
    sys.addaudithook(refuse)


def refuse(event: str, _: tuple[Any, ...]) -> None:
    """Refuse what would go past the engine.

    Raises:
        PermissionError: a guarded thread tries.
    """
    if event in WAYS_OUT and getattr(_guarded, "on", False):
        raise PermissionError(f"An extractor may reach the network by the engine only, not by {event}")
