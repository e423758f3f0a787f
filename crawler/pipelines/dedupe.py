"""Lets a record through once, over all instances of the crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import DropItem

from crawler.items import ADAPTERS, Record, key_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.frontier.ledger import Ledger


class Duplicate(DropItem):
    """Raised for a record that is there, from this instance or another."""


class DedupePipeline:
    """Claims each record's key in Redis."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.ledger: Ledger | None = getattr(crawler.spider, "ledger", None)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build for the crawler's spider."""
        return cls(crawler)

    def process_item(self, item: Record) -> Record:
        """Return the record if it is the first of its key.

        Raises:
            Duplicate: it is not.
        """
        if type(item) in ADAPTERS and self.ledger is not None and not self.ledger.claim(key_of(item)):
            self.crawler.stats.inc_value("records/duplicates")
            raise Duplicate("duplicate", log_level="DEBUG")
        return item
