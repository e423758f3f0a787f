"""Lets a record through once, over all instances of the crawl."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import DropItem

from crawler.errors import QueueLost
from crawler.frontier.frontier import Frontier
from crawler.frontier.ledger import member
from crawler.items import ADAPTERS, Record, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response

CLAIMED: ContextVar[set[str]] = ContextVar("claimed")
"""What the item at hand has claimed: its pipelines and the handlers of its signals run in one context of their own."""


class Duplicate(DropItem):
    """Raised for a record that is there, or that another page is about to write, here or elsewhere."""


class Awaited(Duplicate):
    """Raised where it is not there yet: that page may still fail.

    Attributes:
        record: its key.
    """

    def __init__(self, record: str) -> None:
        super().__init__("duplicate", log_level="DEBUG")
        self.record = record


class Unclaimed(DropItem):
    """Raised for a record whose key cannot be claimed, as the queue is lost: it is not written, nor its page done."""


class DedupePipeline:
    """Claims each record's key for this instance, before it is written.

    The claim is this instance's while it lives; it becomes the fleet's knowledge once the record is on disk. Whoever
    dies between the two loses its claims, and its page is fetched again. A page that was refused a record is done when
    that record is on disk, and not before.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.frontier = Frontier.of(crawler) if Frontier.is_used(crawler) else None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build for the crawler's frontier, and learn what becomes of the records."""
        pipeline = cls(crawler)
        crawler.signals.connect(pipeline.item_scraped, signals.item_scraped)
        crawler.signals.connect(pipeline.item_dropped, signals.item_dropped)
        crawler.signals.connect(pipeline.item_error, signals.item_error)
        return pipeline

    async def process_item(self, item: Record) -> Record:
        """Return the record if it is the first of its key.

        Raises:
            Duplicate: it is not.
            Unclaimed: the queue is lost.
        """
        if type(item) not in ADAPTERS or self.frontier is None or item.changed:  # a later reading is no duplicate
            return item
        record, claimed = member(key_of(item)), set[str]()
        CLAIMED.set(claimed)
        try:
            state = await self.frontier.claims.claim(record)
        except QueueLost as exc:
            raise Unclaimed("the queue is lost", log_level="DEBUG") from exc
        if state != "ours":
            self.crawler.stats.inc_value("records/duplicates")
            raise Awaited(record) if state == "others" else Duplicate("duplicate", log_level="DEBUG")
        claimed.add(record)
        return item

    def item_scraped(self, response: Response) -> None:
        """Note a record that has gone to the feeds."""
        for frontier, record in self.claimed():
            frontier.claims.recorded(record, response)

    def item_dropped(self, response: Response, exception: BaseException) -> None:
        """Wait for a record that another page writes; let others write one that was dropped for another reason."""
        if isinstance(exception, Awaited) and self.frontier is not None:
            self.frontier.claims.awaits(exception.record, response)
        self.item_error()

    def item_error(self) -> None:
        """Let another page write a record that was claimed, and is not written after all."""
        for frontier, record in self.claimed():
            frontier.claims.unclaim(record)

    def claimed(self) -> Iterator[tuple[Frontier, str]]:
        """Yield what the item at hand has claimed, once."""
        records = CLAIMED.get(None)
        while records and self.frontier is not None:
            yield self.frontier, records.pop()
