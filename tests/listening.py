"""Doing something in the very moment in which something else says that it waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Listener(logging.Handler):
    """Acts on the first record, in the thread that logs it, and keeps what was said."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(logging.INFO)
        self.act = act
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        if len(self.said) == 1:
            self.act()


@contextmanager
def acting_on_log(logger: logging.Logger, act: Callable[[], object]) -> Iterator[list[str]]:
    """Act on the first record of a logger; gives what was said."""
    listener, former = Listener(act), logger.level
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    try:
        yield listener.said
    finally:
        logger.removeHandler(listener)
        logger.setLevel(former)
