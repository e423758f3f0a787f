"""The middlewares that watch a request on its way: outermost, so that nothing happens behind their back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Self

from crawler.frontier.frontier import Frontier

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class DownloadTracking:
    """Comes before all other downloader middlewares."""

    def __init__(self, crawler: Crawler) -> None:
        self.deliveries = Frontier.of(crawler).deliveries

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Watch the requests of the crawler's frontier."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Watch from here on, in the task that runs the other middlewares too."""
        self.deliveries.download_begins(request)


class SpiderTracking:
    """Comes before all other spider middlewares on the way in, and after them on the way out."""

    def __init__(self, crawler: Crawler) -> None:
        self.frontier = Frontier.of(crawler)
        self.deliveries = self.frontier.deliveries

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Watch the requests of the crawler's frontier."""
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Say when all seeds are in the queue; not where reading them fails."""
        async for one in start:
            yield one
        self.frontier.has_started()

    def process_spider_input(self, response: Response) -> None:
        """Note that a response has got this far."""
        if (delivery := self.deliveries.of(response)) is not None:
            delivery.reached_spider = True

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Watch the outputs."""
        delivery = self.deliveries.of(response)
        outputs = result if delivery is None else self.deliveries.watched(delivery, result)
        async for one in outputs:
            yield one

    def process_spider_exception(self, response: Response, exception: Exception) -> None:  # noqa: ARG002 - Scrapy's
        """Note that a callback has raised, and no other middleware made something of it."""
        if (delivery := self.deliveries.of(response)) is not None:
            delivery.is_through()
