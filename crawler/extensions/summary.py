"""Shows progress while a crawl runs, and at its end how complete it is."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

import redis
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from crawler.frontier.ledger import ListingCount, Summary

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

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the signals."""
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
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
            "%d records, %d requests pending in all; this instance: %d records, %d responses, %d refused, %d failed",
            counts["records"],
            counts["pending"],
            stats.get_value("item_scraped_count", 0),
            stats.get_value("response_received_count", 0),
            stats.get_value("records/refused", 0),
            stats.get_value("requests/failed", 0),
        )

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Log the summary, and put its numbers into the stats."""
        if self.progress.running:
            self.progress.stop()
        if reason == "queue_lost":
            logger.warning("No summary of %s: what it would be made from was in the queue that is lost", spider.name)
            return
        try:
            summary = await asyncio.to_thread(self.ledger.summary)
            dead = await asyncio.to_thread(self.ledger.dead_letters)
        except redis.RedisError:
            return
        for kind in sorted(spider.wanted):  # type: ignore[attr-defined]  # every spider here is a BaseSpider
            counts = summary.in_all(kind)
            for name in ("declared", "listed", "found", "refused", "failed"):
                self.crawler.stats.set_value(f"completeness/{kind}/{name}", getattr(counts, name))
        level = logging.INFO if summary.records else logging.WARNING
        logger.log(level, "Summary of %s (%s):\n%s", spider.name, reason, "\n".join(summary_lines(summary)))
        if dead:
            self.crawler.stats.set_value("frontier/dead_letters", dead)
            logger.warning(
                "%d dead letters: requests that could not be read, or that instances died of "
                "(scrapy dead lists them)",
                dead,
            )


def summary_lines(summary: Summary) -> list[str]:
    """Return the summary as lines for a reader."""
    lines = [listing_line(summary.in_all(kind)) for kind in sorted(summary.records)] or [
        "  no records: no page that was read tells of one"
    ]
    lines += [listing_line(listing) for listing in summary.listings if listing.whole]
    per_user = [listing for listing in summary.listings if not listing.whole]
    if per_user:
        complete = sum(listing.found >= listing.target for listing in per_user)
        so_far = f" so far, {summary.pending:,} requests are pending" if summary.pending else ""
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
    line += f", {listing.refused:,} refused, {listing.failed:,} failed"
    if listing.share is not None:
        line += f" ({listing.percent()})"
    if listing.missing:
        more = listing.listed - listing.found - len(listing.missing)
        line += "; missing: " + ", ".join(listing.missing) + (f" and {more:,} more" if more else "")
    return line
