"""Keeps the fleet's book: what listings declare, and what was found, refused or failed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.frontier.frontier import Frontier
from crawler.frontier.ledger import Scribe
from crawler.pages.base import Listing
from crawler.signals import listing_read, record_refused, request_failed

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.items import Record, RecordKey

logger = logging.getLogger(__name__)


class Books:
    """Writes what the spiders tell into the ledger and the stats."""

    def __init__(self, crawler: Crawler) -> None:
        if not Frontier.is_used(crawler):
            raise NotConfigured
        frontier = Frontier.of(crawler)
        self.scribe = Scribe(frontier.keys, frontier.note)
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the signals."""
        books = cls(crawler)
        crawler.signals.connect(books.listing_read, listing_read)
        crawler.signals.connect(books.record_refused, record_refused)
        crawler.signals.connect(books.request_failed, request_failed)
        crawler.signals.connect(books.item_scraped, signals.item_scraped)
        crawler.signals.connect(books.spider_error, signals.spider_error)
        return books

    def listing_read(
        self, totals: Mapping[Listing, int | None], listing: Listing | None, members: Sequence[RecordKey]
    ) -> None:
        """Note what a page declares, and what the listing that it is a part of lists."""
        for one, declared in totals.items():
            rows = members if one == listing else []
            self.scribe.listing(one.name, one.kind, whole=one.whole, declared=declared, listed=rows)
        if listing is not None and listing.within:
            self.scribe.listed(listing.within, members)

    def record_refused(self, what: RecordKey | str, reason: str, details: Sequence[str], url: str) -> None:
        """Note a refusal."""
        logger.warning("Refused as %s: %s", reason, ": ".join(filter(None, (url, "; ".join(details)))))
        self.stats.inc_value("records/refused")
        self.stats.inc_value(f"records/refused/{reason}")
        self.scribe.refuse(what, reason)

    def request_failed(self, what: RecordKey | str, reason: str) -> None:
        """Note a failure."""
        logger.warning("Gave up: %s", reason)
        self.stats.inc_value("requests/failed")
        self.scribe.fail(what, reason)

    def spider_error(self, failure: Failure, response: Response) -> None:
        """Note a page whose class has a fault; its records are missing."""
        self.request_failed(
            response.url, f"{response.url} could not be read ({type(failure.value).__name__}: {failure.value})"
        )

    def item_scraped(self, item: Record) -> None:
        """Count a record."""
        self.stats.inc_value(f"records/{getattr(item, 'kind', 'other')}")
