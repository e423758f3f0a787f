"""The frontier of a crawler whose engine does not run, with its threads at work on a real queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.utils.test import get_crawler

from crawler.frontier.frontier import Frontier

DEADLINE_S = 60
POLL_S = 0.005


def crawler_at(url: str, spider: type[Spider], **settings: Any) -> Crawler:
    """Make a crawler of this project's scheduler, with the Redis at `url`."""
    usual = {"SCHEDULER": "crawler.frontier.scheduler.Scheduler", "REDIS_URL": url, "EXTENSIONS_BASE": {}}
    crawler = get_crawler(spider, usual | settings)
    crawler.spider = spider()
    return crawler


class Engine:
    """An engine that has no spider yet."""

    running = True
    spider = None


@asynccontextmanager
async def at_work(crawler: Crawler) -> AsyncIterator[Frontier]:
    """Let the frontier of a crawler work, as its scheduler does while a spider is open."""
    frontier = Frontier.of(crawler)
    crawler.engine = Engine()  # type: ignore[assignment]
    assert crawler.spider is not None
    frontier.open(crawler.spider)
    try:
        yield frontier
    finally:
        await frontier.close("finished")
        assert not frontier.courier.is_alive()
        frontier.queue.server.close()


async def until(is_so: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(DEADLINE_S):
        while not await is_so():  # noqa: ASYNC110 - Redis tells no event
            await asyncio.sleep(POLL_S)
