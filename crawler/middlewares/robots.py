"""robots.txt for requests that arrive together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser


class OneByOneRobotsTxtMiddleware(RobotsTxtMiddleware):
    """Scrapy's, asked by one request at a time for a host.

    In Scrapy 2.19 the requests that wait for one robots.txt share a Deferred, of which only the first gets the
    rules; the others get None, which allows everything. An instance that joins a crawl takes 16 requests at once.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules for the host of `request`; None where it has none."""
        async with self.locks[urlsplit(request.url).netloc]:
            return await super().robot_parser(request)
