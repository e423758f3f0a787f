"""Lets a record through once, over all instances of the crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import redis
from scrapy.exceptions import DropItem

from crawler.items import ADAPTERS, Record, key_of
from crawler.signals import store_lost

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.frontier.ledger import Ledger


class Duplicate(DropItem):
    """Raised for a record that is there, from this instance or another."""


class Unclaimed(DropItem):
    """Raised for a record whose key cannot be claimed, as the store is gone; it is not written."""


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
            Unclaimed: the store does not answer.
        """
        if type(item) not in ADAPTERS or self.ledger is None:
            return item
        try:
            is_first = self.ledger.claim(key_of(item))
        except redis.RedisError as exc:
            self.crawler.signals.send_catch_log(store_lost, error=exc)
            raise Unclaimed("the store does not answer", log_level="DEBUG") from exc
        if not is_first:
            self.crawler.stats.inc_value("records/duplicates")
            raise Duplicate("duplicate", log_level="DEBUG")
        return item
