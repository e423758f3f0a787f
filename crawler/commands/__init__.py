"""This project's commands; Ctrl-C while they are being imported ends them without a traceback."""

from __future__ import annotations

import sys
from types import TracebackType


def say_unless_stopped(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show what nobody has caught, as Python does, unless it is a Ctrl-C: the exit code, which stays, tells that."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = say_unless_stopped
