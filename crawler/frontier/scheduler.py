"""The scheduler: scrapy-redis' class, on a queue that outlives any of the instances at it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from scrapy import Request, signals
from scrapy_redis.scheduler import Scheduler as RedisScheduler
from scrapy_redis.spiders import RedisMixin
from twisted.internet.defer import Deferred

from crawler.errors import NotSerializable
from crawler.frontier.frontier import WAKE, Frontier
from crawler.frontier.keys import Keys

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)


class Scheduler(RedisScheduler):  # type: ignore[misc]  # scrapy-redis has no types
    """Hands out what the I/O thread has brought, and takes what it shall carry; neither waits for Redis."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.frontier = Frontier.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build for the crawler's frontier; of scrapy-redis' settings, those of the connection and the seeds count."""
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        """Begin to carry requests."""
        self.spider = spider
        if isinstance(spider, RedisMixin):
            # It reads seeds with blocking calls, and a crash would lose them: the queue hands them out like requests.
            self.crawler.signals.disconnect(spider.spider_idle, signals.spider_idle)
            keys = Keys.of(self.crawler.settings, spider.name, spider.redis_key)
            self.frontier.keys = self.frontier.queue.keys = keys
        self.frontier.open(spider)

    def close(self, reason: str) -> Deferred[None]:
        """Tell what was done, give back the rest, and leave the crawl."""
        return Deferred.fromFuture(asyncio.ensure_future(self.frontier.close(reason)))

    def enqueue_request(self, request: Request) -> bool:
        """Put a request into the queue, unless it is known to have been there."""
        if request is WAKE:
            return True
        try:
            queued = self.frontier.handover.push(request, is_seed=self.frontier.is_starting)
        except NotSerializable as exc:
            logger.error("%s", exc)  # noqa: TRY400 - a sentence for the user, no traceback
            self.frontier.count("frontier/not_queued")
            return False
        self.frontier.count("scheduler/enqueued/redis" if queued else "scheduler/duplicates/known")
        return queued

    def next_request(self) -> Request | None:
        """Return a request whose time has come."""
        if self.is_full():
            return None
        request = self.frontier.handover.take()
        if request is not None:
            self.frontier.count("scheduler/dequeued/redis")
        return request

    def is_full(self) -> bool:
        """Tell whether what is in hand will use up the spider's `max_pages`."""
        most = getattr(self.spider, "max_pages", 0)
        in_hand = len(self.frontier.deliveries.open)
        return bool(most and in_hand and getattr(self.spider, "pages", 0) + in_hand >= most)

    def has_pending_requests(self) -> bool:
        """Tell whether requests wait here."""
        return len(self.frontier.buffer) > 0

    def __len__(self) -> int:
        """Return how many requests were left in all when Redis was asked last."""
        return self.frontier.courier.left
