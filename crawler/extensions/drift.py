"""Counts which fields the records of each site have filled, and warns where a site seems to have changed its pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from redis.exceptions import RedisError
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from crawler.drift.book import Book
from crawler.drift.tally import Tally
from crawler.drift.words import sentences
from crawler.errors import QueueLost
from crawler.frontier.bounds import number
from crawler.frontier.frontier import Frontier
from crawler.pages import page_class
from crawler.signals import record_read, record_refused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.items import Record, RecordKey

logger = logging.getLogger(__name__)

TOLD_EVERY_S = 1.0
"""Seconds between two tellings of what was counted: so much of it a crash forgets."""
TURN_S = 60.0
"""Seconds between two looks whether a period of a long crawl is over."""


class DriftExtension:
    """Tells the fleet what was counted, and learns from it when the crawl is complete."""

    def __init__(self, crawler: Crawler) -> None:
        least = int(number(crawler.settings, "DRIFT_LEAST_READINGS", 0))
        if not least or not Frontier.is_used(crawler):
            raise NotConfigured
        self.crawler = crawler
        self.frontier = Frontier.of(crawler)
        self.period_ms = 1000 * number(crawler.settings, "DRIFT_PERIOD_S", 0)
        self.book = Book(self.frontier.queue, least)
        self.tally = Tally()
        self.looks = create_looping_call(self.look)
        self.telling: asyncio.Task[None] | None = None
        self.turn_at = monotonic() + TURN_S
        self.last_words: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the signals, and to the end of the crawl.

        Raises:
            NotConfigured: nobody wants to know, or the crawl has no frontier.
        """
        extension = cls(crawler)
        for handler, signal in (
            (extension.spider_opened, signals.spider_opened),
            (extension.spider_closed, signals.spider_closed),
            (extension.engine_stopped, signals.engine_stopped),
            (extension.record_read, record_read),
            (extension.record_refused, record_refused),
            (extension.spider_error, signals.spider_error),
        ):
            crawler.signals.connect(handler, signal)
        extension.frontier.courier.completion.settlers.append(extension.settle)
        return extension

    # --- what is counted ---

    def record_read(self, record: Record) -> None:
        """Count a record."""
        self.tally.read(record)

    def record_refused(self, what: RecordKey | str, details: Sequence[str], url: str) -> None:  # noqa: ARG002 - the signal has them
        """Count a refusal."""
        if isinstance(what, str):
            self.refuse_page(url or what)
        else:
            self.tally.refuse(what.site, url)

    def spider_error(self, response: Response) -> None:
        """Count a page that its class failed at: it may not be what it was."""
        self.refuse_page(response.url)

    def refuse_page(self, url: str) -> None:
        """Count a page of which it is not known what it should have been."""
        hosts = getattr(self.crawler.spider, "hosts", None)
        platform = hosts.known(urlsplit(url).netloc.lower()) if hosts is not None else None
        self.tally.refuse(page_class(url, platform).site, url)

    # --- whom it is told ---

    def spider_opened(self) -> None:
        """Begin to tell."""
        self.looks.start(TOLD_EVERY_S, now=False)

    def look(self) -> None:
        """Tell, unless that is still being done."""
        if self.telling is None or self.telling.done():
            self.telling = asyncio.ensure_future(self.tell())

    async def tell(self) -> None:
        """Tell the fleet what was counted, with the next call that goes to Redis."""
        queue = self.frontier.queue
        with suppress(QueueLost):
            while (batch := self.tally.take()) is not None:
                await self.frontier.execute(*queue.command(*batch.words(queue.worker, queue.epoch)))
                self.tally.told(batch)
        if monotonic() >= self.turn_at:
            self.turn_at = monotonic() + TURN_S
            with suppress(RedisError):
                await asyncio.to_thread(self.book.turn, self.period_ms)

    def tell_now(self) -> None:
        """Tell it, and wait for that; in the I/O thread, or where there is none."""
        queue = self.frontier.queue
        while (batch := self.tally.take()) is not None:
            queue.call(*batch.words(queue.worker, queue.epoch))
            self.tally.told(batch)

    def settle(self) -> None:
        """Learn from a crawl that is complete, before this instance agrees to that: who does so last has seen all."""
        self.tell_now()
        self.book.learn()

    # --- the end ---

    async def spider_closed(self, reason: str) -> None:
        """Tell the rest, and find out what there is to warn of."""
        if self.looks.running:
            self.looks.stop()
        if self.telling is not None:
            self.telling.cancel()
        if not self.frontier.has_left or reason == "queue_lost":
            return  # Redis is silent, or knows nothing: nobody waits for it
        with suppress(RedisError):
            self.last_words = await asyncio.to_thread(self.ending)

    def ending(self) -> list[str]:
        """Tell the rest, which an instance that does not end with the crawl has; return what there is to warn of."""
        self.tell_now()
        pages = self.book.read()
        return list(sentences(pages.drifts(self.book.least))) if pages.epoch == self.frontier.queue.epoch else []

    def engine_stopped(self) -> None:
        """Warn, where it is seen."""
        for sentence in self.last_words:
            logger.warning("%s", sentence)
