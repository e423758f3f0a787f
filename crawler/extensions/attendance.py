"""Says how an instance enters the crawl, and as the last thing what it leaves of it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import redis
from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.errors import QueueLost
from crawler.feeds.noted import feed_name, record_files, shortened
from crawler.feeds.paths import local_path
from crawler.frontier.frontier import Frontier
from crawler.frontier.ledger import Ledger
from crawler.frontier.outbox import Question
from crawler.frontier.queue import Beginning
from crawler.words import counted, to_do

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

OURS = "crawler.pipelines."
BEGINNINGS: dict[Beginning, str] = {
    "anew": "A new crawl begins",
    "resumed": "An interrupted crawl is resumed: %s left (-a anew=1 would drop it)",
    "joined": "Joining a crawl that others are at, or were until some seconds ago: %s left",
}
NO_FEED = "No feed is given, so records are counted and kept nowhere: pass -o FILE, such as -o %s.jsonl"
NOTHING_TO_DO = (
    "There was nothing to do: no seeds are in {}, and the spider began with no request. No instance waits for seeds: "
    "start it again once there are some."
)


class Attendance:
    """Logs what the frontier knows at the start and at the end of any spider."""

    def __init__(self, crawler: Crawler) -> None:
        if not Frontier.is_used(crawler):
            raise NotConfigured
        self.crawler = crawler
        self.frontier = Frontier.of(crawler)
        self.last_words: list[tuple[int, str]] = []
        self.comparing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the signals."""
        attendance = cls(crawler)
        crawler.signals.connect(attendance.spider_opened, signals.spider_opened)
        crawler.signals.connect(attendance.spider_closed, signals.spider_closed)
        crawler.signals.connect(attendance.engine_stopped, signals.engine_stopped)
        return attendance

    def spider_opened(self) -> None:
        """Log how the instance has entered the crawl."""
        beginning = self.frontier.beginning
        if beginning is None:
            return
        if not self.keeps_records():
            logger.warning(NO_FEED, self.crawler.spidercls.name)
        left = counted(self.frontier.pending_at_start, "request")
        logger.info(BEGINNINGS[beginning], *([] if beginning == "anew" else [left]))
        if beginning == "resumed":
            # Asked now, before the feeds are begun; not awaited here: until the engine runs, it cannot be told to end.
            feeds: asyncio.Future[Any] = self.frontier.loop.create_future()
            self.frontier.outbox.ask(Question(("HGETALL", self.frontier.keys.feeds), self.frontier.answering(feeds)))
            self.comparing = asyncio.ensure_future(self.compare_feeds(feeds))

    def keeps_records(self) -> bool:
        """Tell whether anything may take records: a feed, a pipeline of the user's, or a spider that needs neither."""
        settings = self.crawler.settings
        pipelines = [one for one, order in settings.getdict("ITEM_PIPELINES").items() if order is not None]
        only_ours = bool(pipelines) and all(str(one).startswith(OURS) for one in pipelines)
        return bool(settings.getdict("FEEDS")) or not only_ours

    async def compare_feeds(self, feeds: asyncio.Future[Any]) -> None:
        """Warn where what the crawl has found before is in other files than these."""
        files = [local_path(str(uri)) for uri in self.crawler.settings.getdict("FEEDS")]
        paths = [path for path in files if path and "%" not in path]  # placeholders are filled in later
        try:
            noted = await feeds
        except QueueLost:  # said by who ends the instance
            return
        former = record_files(noted)
        if former and paths and not set(former).intersection(shortened(feed_name(Path(path))) for path in paths):
            where, here = ", ".join(former), ", ".join(paths)
            logger.warning("What this crawl has found before is in %s: %s gets the rest only", where, here)

    async def spider_closed(self, reason: str) -> None:
        """Ask what is left, while Redis is there."""
        try:
            await asyncio.to_thread(self.look_back, reason)
        except redis.RedisError:
            return

    def look_back(self, reason: str) -> None:
        """Note what to say at the end; blocking."""
        server, keys = self.frontier.queue.server, self.frontier.keys
        ledger = Ledger(server, keys)
        if dead := ledger.dead_letters():
            self.crawler.stats.set_value("frontier/dead_letters", dead)
            what = "what cannot be read, or instances died of (scrapy dead lists them)"
            self.last_words.append((logging.WARNING, f"{counted(dead, 'dead letter')}: {what}"))
        if reason == "queue_lost":
            return  # what to do then was said
        if reason != "finished":
            counts = ledger.counts()
            if counts["pending"] or counts["revisits"]:
                sentence = f"{to_do(counts['pending'], counts['revisits'])}: the same command goes on from there"
                self.last_words.append((logging.INFO, sentence))
        elif not int(cast("bytes | None", server.hget(keys.control, "sequence")) or 0):
            self.last_words.append((logging.WARNING, NOTHING_TO_DO.format(keys.start_urls)))

    def engine_stopped(self) -> None:
        """Log it after Scrapy's own last lines, where it is seen."""
        for level, sentence in self.last_words:
            logger.log(level, "%s", sentence)
