"""Lets a record through once, over all instances of the crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import DropItem

from crawler.errors import QueueLost
from crawler.frontier.frontier import Frontier
from crawler.frontier.ledger import member
from crawler.items import ADAPTERS, Record, key_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class Duplicate(DropItem):
    """Raised for a record that is there, from this instance or another."""


class Unclaimed(DropItem):
    """Raised for a record whose key cannot be claimed, as the queue is lost: it is not written, nor its page done."""


class DedupePipeline:
    """Claims each record's key for this instance, before it is written.

    The claim is this instance's while it lives; it becomes the fleet's knowledge when the page is acknowledged, by
    which time the record is on disk. Whoever dies between the two loses its claims, and its page is fetched again.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.frontier = Frontier.of(crawler) if Frontier.is_used(crawler) else None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build for the crawler's frontier, and learn what becomes of the records."""
        pipeline = cls(crawler)
        crawler.signals.connect(pipeline.item_scraped, signals.item_scraped)
        crawler.signals.connect(pipeline.item_missed, signals.item_dropped)
        crawler.signals.connect(pipeline.item_missed, signals.item_error)
        return pipeline

    async def process_item(self, item: Record) -> Record:
        """Return the record if it is the first of its key.

        Raises:
            Duplicate: it is not.
            Unclaimed: the queue is lost.
        """
        if type(item) not in ADAPTERS or self.frontier is None:
            return item
        try:
            is_ours = await self.frontier.claim(member(key_of(item)))
        except QueueLost as exc:
            raise Unclaimed("the queue is lost", log_level="DEBUG") from exc
        if not is_ours:
            self.crawler.stats.inc_value("records/duplicates")
            raise Duplicate("duplicate", log_level="DEBUG")
        return item

    def item_scraped(self, item: Record, response: Response) -> None:
        """Note a record that has gone to the feeds."""
        if type(item) in ADAPTERS and self.frontier is not None:
            self.frontier.recorded(member(key_of(item)), response)

    def item_missed(self, item: Record, exception: BaseException | None = None) -> None:
        """Let another page give the record, where this one was not written for another reason than being there."""
        if type(item) in ADAPTERS and self.frontier is not None and not isinstance(exception, Duplicate):
            self.frontier.unclaim(member(key_of(item)))
