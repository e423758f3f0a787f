"""The frontier of a crawler whose engine does not run, with its threads at work on a real queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.utils.test import get_crawler

from crawler.frontier.frontier import WAKE, Frontier

DEADLINE_S = 60
POLL_S = 0.005


def crawler_at(url: str, spider: type[Spider], **settings: Any) -> Crawler:
    """Make a crawler of this project's scheduler, with the Redis at `url`."""
    usual = {"SCHEDULER": "crawler.frontier.scheduler.Scheduler", "REDIS_URL": url, "EXTENSIONS_BASE": {}}
    crawler = get_crawler(spider, usual | settings)
    crawler.spider = spider()
    return crawler


class Engine:
    """What the frontier needs of an engine: keeps what it is asked."""

    def __init__(self, spider: Spider) -> None:
        self.spider = spider
        self.crawled: list[Request] = []
        self.closed: list[str] = []

    def crawl(self, request: Request) -> None:
        self.crawled.append(request)

    async def close_spider_async(self, *, reason: str) -> None:
        self.closed.append(reason)

    def urls(self) -> list[str]:
        """Return what was crawled, but for what only wakes it."""
        return [request.url for request in self.crawled if request is not WAKE]


@asynccontextmanager
async def at_work(crawler: Crawler) -> AsyncIterator[Frontier]:
    """Let the frontier of a crawler work, as its scheduler does while a spider is open."""
    frontier = Frontier.of(crawler)
    assert crawler.spider is not None
    crawler.engine = Engine(crawler.spider)  # type: ignore[assignment]
    frontier.open(crawler.spider)
    try:
        yield frontier
    finally:
        await frontier.close("finished")
        assert not frontier.courier.is_alive()
        assert not frontier.pulse.is_alive()
        frontier.queue.server.close()


async def until(is_so: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(DEADLINE_S):
        while not await is_so():  # noqa: ASYNC110 - Redis tells no event
            await asyncio.sleep(POLL_S)


async def next_request(frontier: Frontier) -> Request:
    """Return the next request from the queue, as the engine gets it."""
    async with asyncio.timeout(DEADLINE_S):
        while (request := frontier.handover.take()) is None:  # noqa: ASYNC110 - the engine asks again and again too
            await asyncio.sleep(POLL_S)
        return request


def engine_of(crawler: Crawler) -> Engine:
    """Return the stand-in of a crawler."""
    assert isinstance(crawler.engine, Engine)
    return crawler.engine
