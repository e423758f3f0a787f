"""scrapy-redis' scheduler, kept from ending a crawl that other instances are at."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import redis
from scrapy import Request
from scrapy_redis.scheduler import Scheduler as RedisScheduler

from crawler.signals import store_lost

if TYPE_CHECKING:
    from scrapy import Spider

    from crawler.frontier.fleet import Fleet

logger = logging.getLogger(__name__)

WAKE = Request("data:,wake")
"""Handed to the engine it makes it ask for work, and is itself none: the engine's own clock ticks every 5 s only."""


class Scheduler(RedisScheduler):  # type: ignore[misc]  # scrapy-redis has no types
    """Takes requests only while the instance is marked as busy, so that the fleet's end can be agreed.

    While Redis does not answer it gives no work and claims that there is some, so that nobody takes the
    silence for the end, and says `store_lost`, on which `Membership` stops the instance.
    """

    fleet: Fleet

    def open(self, spider: Spider) -> None:
        """Open the queue of the crawl that `spider` has joined."""
        self.stats = None  # its own calls of the stats are deprecated
        self.counters = spider.crawler.stats
        super().open(spider)
        self.fleet = spider.fleet  # type: ignore[attr-defined]  # every spider here is a BaseSpider

    def enqueue_request(self, request: Request) -> bool:
        """Put a request into the queue, unless it has been there."""
        if request is WAKE:
            return True
        try:
            queued = bool(super().enqueue_request(request))
        except redis.RedisError as exc:
            logger.debug("Not queued: %s", request.url)
            self.tell(exc)
            self.counters.inc_value("frontier/not_queued")
            return False
        self.counters.inc_value("scheduler/enqueued/redis" if queued else "scheduler/duplicates")
        return queued

    def next_request(self) -> Request | None:
        """Return the pending request of the highest priority."""
        if self.is_full():
            return None
        try:
            self.fleet.work()
            request: Request | None = super().next_request()
        except redis.RedisError as exc:
            self.tell(exc)
            return None
        if request is not None:
            self.counters.inc_value("scheduler/dequeued/redis")
        return request

    def is_full(self) -> bool:
        """Tell whether what is in flight will use up the spider's `max_pages`."""
        in_flight = len(self.spider.crawler.engine.downloader.active)
        return bool(self.spider.max_pages and in_flight and self.spider.pages + in_flight >= self.spider.max_pages)

    def has_pending_requests(self) -> bool:
        """Tell whether requests wait, for this instance or any other."""
        try:
            return bool(super().has_pending_requests())
        except redis.RedisError as exc:
            self.tell(exc)
            return True

    def tell(self, error: redis.RedisError) -> None:
        """Say that the store is lost."""
        self.spider.crawler.signals.send_catch_log(store_lost, error=error)
