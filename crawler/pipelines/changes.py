"""Lets later readings of a record through where they tell something new, and keeps every reading of the counts."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import DropItem

from crawler.errors import QueueLost
from crawler.items import ADAPTERS, Record
from crawler.pipelines.dedupe import Awaited, Duplicate, Unclaimed
from crawler.signals import record_read

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.freshness.rounds import Rounds
    from crawler.freshness.visits import Visit

AT_HAND: ContextVar[tuple[Visit, Record] | None] = ContextVar("at_hand", default=None)
"""Visit and record of the item at hand, which may be news; as `CLAIMED` of the dedupe pipeline."""


class Unchanged(DropItem):
    """Raised for a record that is what it was."""


class ChangesPipeline:
    """Compares each record with its last reading; does nothing where pages are visited once only."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build, and learn what becomes of the records."""
        pipeline = cls(crawler)
        crawler.signals.connect(pipeline.item_scraped, signals.item_scraped)
        crawler.signals.connect(pipeline.item_dropped, signals.item_dropped)
        return pipeline

    async def process_item(self, item: Record) -> Record:
        """Return a record that was never read, or one that has changed, which says in what.

        Raises:
            Unchanged: it is what it was.
            Duplicate: it is followed on another page.
            Unclaimed: the queue is lost.
        """
        AT_HAND.set(None)
        rounds: Rounds | None = getattr(self.crawler.spider, "rounds", None)
        visit = rounds.at_hand() if rounds is not None and type(item) in ADAPTERS else None
        if rounds is None or visit is None:
            return item
        try:
            verdict, changed = await rounds.judge(visit, item)
        except QueueLost as exc:
            raise Unclaimed("the queue is lost", log_level="DEBUG") from exc
        self.crawler.stats.inc_value(f"freshness/{verdict}")
        if verdict == "elsewhere":
            raise Duplicate("duplicate", log_level="DEBUG")
        if verdict != "new":
            self.crawler.signals.send_catch_log(record_read, record=item)
        if verdict == "same":
            rounds.note(visit, item, changed=False)
            raise Unchanged("unchanged", log_level="DEBUG")
        AT_HAND.set((visit, item))
        return replace(item, changed=changed) if changed else item

    def item_scraped(self, item: Record) -> None:
        """Note the reading of a record that goes to the feeds."""
        if type(item) in ADAPTERS and item.changed is None:
            self.crawler.signals.send_catch_log(record_read, record=item)
        if (at_hand := AT_HAND.get()) is not None:
            visit, record = at_hand
            self.crawler.spider.rounds.note(visit, record, changed=True)  # type: ignore[union-attr]

    def item_dropped(self, exception: BaseException) -> None:
        """Follow a record on this page that is in a feed, and was never followed: from a crawl that was to end."""
        at_hand = AT_HAND.get()
        if at_hand is not None and isinstance(exception, Duplicate) and not isinstance(exception, Awaited):
            visit, record = at_hand
            self.crawler.spider.rounds.note(visit, record, changed=False)  # type: ignore[union-attr]
