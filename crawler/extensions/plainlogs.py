"""Keeps the tracebacks of ordinary network failures out of the log; the failed request says why in a sentence."""

from __future__ import annotations

import logging
from typing import Self

ROBOTS_LOGGER = "scrapy.downloadermiddlewares.robotstxt"


class PlainLogs(logging.Filter):
    """Turns Scrapy's error for a robots.txt that cannot be read into one line."""

    @classmethod
    def from_crawler(cls, _: object) -> Self:
        """Begin to filter."""
        plain = cls()
        logging.getLogger(ROBOTS_LOGGER).addFilter(plain)
        return plain

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the line through, without its traceback."""
        if record.exc_info:
            record.exc_info = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg = f"No robots.txt could be read, which allows everything: {record.msg}"
        return True
