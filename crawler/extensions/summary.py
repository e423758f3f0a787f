"""Shows progress while a crawl runs, and at its end how complete it is."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

import redis
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from crawler.frontier.frontier import Frontier
from crawler.frontier.ledger import ListingCount, Summary
from crawler.words import counted, to_do

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.frontier.ledger import Ledger

logger = logging.getLogger(__name__)

MOST_LISTINGS = 20
"""Incomplete listings that are named; the rest are counted."""


class SummaryExtension:
    """Logs a line every `PROGRESS_INTERVAL_S`, and the fleet's summary at the end of this instance."""

    def __init__(self, crawler: Crawler) -> None:
        ledger: Ledger | None = getattr(crawler.spider, "ledger", None)
        if ledger is None:
            raise NotConfigured
        self.ledger = ledger
        self.crawler = crawler
        self.interval_s = crawler.settings.getfloat("PROGRESS_INTERVAL_S")
        self.progress = create_looping_call(self.show_progress)
        self.telling: asyncio.Task[None] | None = None
        self.last_words = ""
        self.level = logging.INFO

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the signals."""
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        crawler.signals.connect(extension.engine_stopped, signals.engine_stopped)
        return extension

    def spider_opened(self) -> None:
        """Begin to show progress."""
        if self.interval_s > 0:
            self.progress.start(self.interval_s, now=False)

    def show_progress(self) -> None:
        """Log where the crawl is, as soon as Redis has told."""
        if self.telling is None or self.telling.done():
            self.telling = asyncio.ensure_future(self.tell())

    async def tell(self) -> None:
        """Log where the crawl is."""
        try:
            counts = await asyncio.to_thread(self.ledger.counts)
        except redis.RedisError:
            return
        stats = self.crawler.stats
        logger.info(
            "%s, %s in all; this instance: %s, %s, %d refused, %d failed",
            counted(counts["records"], "record"),
            to_do(counts["pending"], counts["revisits"]),
            counted(stats.get_value("item_scraped_count", 0), "record"),
            counted(stats.get_value("response_received_count", 0), "response"),
            stats.get_value("records/refused", 0),
            stats.get_value("requests/failed", 0),
        )

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Write the summary while Redis is there, and put its numbers into the stats."""
        if self.progress.running:
            self.progress.stop()
        if Frontier.is_used(self.crawler) and not Frontier.of(self.crawler).has_left:
            return  # Redis is silent: nobody waits for a summary that it cannot give
        if reason == "queue_lost":
            logger.warning("No summary of %s: what it would be made from was in the queue that is lost", spider.name)
            return
        try:
            summary = await asyncio.to_thread(self.ledger.summary)
        except redis.RedisError:
            return
        for kind in sorted(spider.wanted):  # type: ignore[attr-defined]  # every spider here is a BaseSpider
            counts = summary.in_all(kind)
            for name in ("declared", "listed", "found", "refused", "failed"):
                if (number := getattr(counts, name)) is not None:
                    self.crawler.stats.set_value(f"completeness/{kind}/{name}", number)
        self.level = logging.INFO if summary.records else logging.WARNING
        self.last_words = "\n".join([f"Summary of {spider.name} ({reason}):", *summary_lines(summary)])

    def engine_stopped(self) -> None:
        """Log the summary after Scrapy's own last lines, where it is seen."""
        if self.last_words:
            logger.log(self.level, "%s", self.last_words)


def summary_lines(summary: Summary) -> list[str]:
    """Return the summary as lines for a reader."""
    lines = [listing_line(summary.in_all(kind)) for kind in sorted(summary.records)] or [
        "  no records: no page that was read tells of one"
    ]
    lines += [listing_line(listing) for listing in summary.listings if listing.whole]
    per_user = [listing for listing in summary.listings if not listing.whole]
    if per_user:
        complete = sum(listing.found >= listing.target for listing in per_user)
        so_far = f" so far, {to_do(summary.pending, summary.revisits)}" if summary.pending + summary.revisits else ""
        lines.append(f"  {complete:,} of {len(per_user):,} listings of single users are complete{so_far}")
    incomplete = [listing for listing in summary.incomplete() if not listing.whole]
    lines += [listing_line(listing) for listing in incomplete[:MOST_LISTINGS]]
    if len(incomplete) > MOST_LISTINGS:
        lines.append(f"  … and {len(incomplete) - MOST_LISTINGS:,} more incomplete listings")
    if summary.refused:
        lines.append(
            "  refused: " + ", ".join(f"{number:,} {reason}" for reason, number in summary.refused_by_reason())
        )
    if summary.failed:
        lines.append(f"  failed: {len(summary.failed):,}, such as {next(iter(summary.failed.values()))}")
    return lines


def listing_line(listing: ListingCount) -> str:
    """Return one listing as a line."""
    declared = f"{listing.declared:,} declared" if listing.declared is not None else "none declared"
    line = f"  {listing.name}: {declared}, {listing.listed:,} listed, {listing.found:,} found"
    if listing.most is not None:
        limit = f"limited to {listing.most:,} per user; {declared}"
        so_far = " so far" if listing.grows else ""
        line = f"  {listing.name}: {listing.found:,} of {listing.target:,}{so_far} ({limit})"
    line += f", {listing.refused:,} refused, {listing.failed:,} failed"
    if listing.share is not None:
        line += f" ({listing.percent()})"
    if listing.missing:
        more = listing.listed - listing.found - len(listing.missing)
        line += "; missing: " + ", ".join(listing.missing) + (f" and {more:,} more" if more else "")
    return line
