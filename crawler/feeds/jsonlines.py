"""JSON lines in a local file, for one instance or several on the same file."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast

import redis
from scrapy import Request, signals
from scrapy.extensions.feedexport import FileFeedStorage

from crawler.feeds.lines import LineFile
from crawler.items import ADAPTERS, Record, key_of
from crawler.signals import request_failed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)


class FeedFile(io.RawIOBase):
    """What an exporter writes to: keeps the failure of the last write for the storage, and raises none.

    What it raised, Scrapy would log with a traceback and forget.
    """

    def __init__(self, open_lines: Callable[[], LineFile]) -> None:
        self.open_lines = open_lines
        self.lines: LineFile | None = None
        self.failure: OSError | None = None
        with suppress(OSError):  # told by the first write
            self.lines = open_lines()

    def writable(self) -> bool:
        """Tell that it is."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Append lines, or set `failure`."""
        try:
            if self.lines is None:
                self.lines = self.open_lines()
            self.lines.write(data)
        except OSError as exc:
            self.failure = exc
        return len(bytes(data))

    def close(self) -> None:
        """Close the file."""
        if self.lines is not None:
            self.lines.close()
        super().close()


class LocalFileStorage(FileFeedStorage):
    """Scrapy's local files, where a JSON lines file gets whole lines only, whoever else writes to it.

    With `-O` a file is begun anew once in a crawl: by the first instance that names it, never under a
    running one, and not by a restart that goes on with an interrupted crawl. A record that cannot be written
    counts as missing, its page is queued again, and the instance stops.
    """

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        super().__init__(uri, feed_options=feed_options)
        options = feed_options or {}
        self.is_lines = options.get("format") in {"jsonl", "jsonlines", "jl"} and not options.get("postprocessing")
        self.file: FeedFile | None = None
        self.closing: asyncio.Future[None] | None = None
        self.sent_back: set[Request] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, uri: str, *, feed_options: dict[str, Any] | None = None) -> Self:
        """Listen to what happens after Scrapy's exporter has written a record."""
        storage = cls(uri, feed_options=feed_options)
        crawler.signals.connect(storage.item_scraped, signals.item_scraped)
        return storage

    def open(self, spider: Spider) -> IO[bytes]:
        """Open the file for `spider`, which has entered its crawl."""
        if not self.is_lines:
            return super().open(spider)
        self.file = FeedFile(lambda: self.open_lines(spider))
        return cast("IO[bytes]", self.file)

    def open_lines(self, spider: Spider) -> LineFile:
        """Open the file itself, emptied where that is asked for and the crawl of `spider` has not seen it yet."""
        path = Path(self.path)
        lines = LineFile(path)
        ledger = getattr(spider, "ledger", None)
        if (ledger is None or ledger.begin_feed(path)) and self.write_mode == "wb":
            lines.truncate()
        return lines

    def item_scraped(self, item: Record, response: Response, spider: Spider) -> None:
        """Look whether the record that was just exported is in the file."""
        if self.file is None or self.file.failure is None:
            return
        failure, self.file.failure = self.file.failure, None
        self.stop(failure, spider)
        if type(item) in ADAPTERS:
            self.give_back(item, response, failure, spider)

    def stop(self, failure: OSError, spider: Spider) -> None:
        """Say once what is wrong, and close the spider."""
        if self.closing is None:
            logger.error(
                "%s cannot be written (%s): stopping. What is in it is safe; "
                "make room or make it writable, then start the same command again to go on with the rest.",
                self.path,
                failure.strerror,
            )
            self.closing = asyncio.ensure_future(spider.crawler.engine.close_spider_async(reason="feed_failed"))

    def give_back(self, item: Record, response: Response, failure: OSError, spider: Spider) -> None:
        """Let the record be found again: by another instance, or the next start."""
        ledger = getattr(spider, "ledger", None)
        key = key_of(item)
        reason = f"the {key.kind} {key.id} could not be written ({failure.strerror})"
        try:
            if ledger is not None:
                ledger.unclaim(key)
        except redis.RedisError as exc:
            reason += f", and is lost, because the store does not answer ({exc})"
        spider.crawler.signals.send_catch_log(request_failed, what=key, reason=reason, url=item.fetched_from)
        # One page may hold many records; it was fetched once, so the filter of duplicates would drop it.
        if response.request is not None and response.request not in self.sent_back:
            self.sent_back.add(response.request)
            spider.crawler.engine.crawl(response.request.replace(dont_filter=True))
