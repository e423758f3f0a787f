"""Has Scrapy's feed export tell in one line that a feed is short, where it would say that all is stored."""

from __future__ import annotations

import logging

from crawler.errors import FeedUnwritten


class OneLine(logging.Filter):
    """Puts what `FeedUnwritten` says behind Scrapy's own words, instead of a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it tells of such an error; all records pass."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FeedUnwritten):
            record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", None, None
        return True


ONE_LINE = OneLine()


def quieten() -> None:
    """Have it so in this process; more than once is as good as once."""
    logging.getLogger("scrapy.extensions.feedexport").addFilter(ONE_LINE)
