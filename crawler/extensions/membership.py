"""Gives signs of life, leaves the crawl at the end, and stops loudly when the store is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Self

import redis
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from crawler.frontier.connection import release
from crawler.frontier.scheduler import WAKE
from crawler.signals import store_lost

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.frontier.fleet import Fleet

logger = logging.getLogger(__name__)

BEATS_PER_TTL = 5
IDLE_POLL_S = 0.5
"""Seconds after which an instance without work looks for some again."""


class Membership:
    """The instance's place in the fleet, for as long as it runs."""

    def __init__(self, crawler: Crawler) -> None:
        fleet: Fleet | None = getattr(crawler.spider, "fleet", None)
        if fleet is None:
            raise NotConfigured
        self.crawler = crawler
        self.fleet = fleet
        self.heartbeat = create_looping_call(self.beat)
        self.closing: asyncio.Future[None] | None = None
        self.idle_poll = create_looping_call(self.look_for_work)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Connect to the signals."""
        membership = cls(crawler)
        crawler.signals.connect(membership.engine_started, signals.engine_started)
        crawler.signals.connect(membership.spider_closed, signals.spider_closed)
        crawler.signals.connect(membership.store_lost, store_lost)
        crawler.signals.connect(membership.engine_stopped, signals.engine_stopped)
        return membership

    def engine_started(self) -> None:
        """Begin to give signs of life."""
        self.heartbeat.start(self.fleet.ttl_ms / 1000 / BEATS_PER_TTL, now=False)
        self.idle_poll.start(IDLE_POLL_S, now=False)

    def look_for_work(self) -> None:
        """Ask for work while there is none in hand."""
        if not self.fleet.busy:
            self.crawler.engine.crawl(WAKE)

    def beat(self) -> None:
        """Give a sign of life; without an answer, stop before anything that is not kept gets done."""
        try:
            self.fleet.beat()
        except redis.RedisError as exc:
            self.store_lost(exc)

    def store_lost(self, error: redis.RedisError) -> None:
        """Stop, once, before more is done than can be kept."""
        if self.closing is not None:
            return
        logger.error(
            "The store is gone (%s): stopping. What is in the feeds is safe; start the same command again to go on. "
            "The requests that were in hand are lost, up to CONCURRENT_REQUESTS: where each page counts, begin anew.",
            error,
        )
        self.closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="store_lost"))

    def spider_closed(self) -> None:
        """Leave the crawl; what is pending stays for the others, or for the next start."""
        for loop in (self.heartbeat, self.idle_poll):
            if loop.running:
                loop.stop()
        with contextlib.suppress(redis.RedisError):
            self.fleet.leave()

    def engine_stopped(self) -> None:
        """Let go of the embedded store."""
        release()
