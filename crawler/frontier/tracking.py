"""The middlewares that watch a request on its way: outermost, so that nothing happens behind their back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import CloseSpider, NotConfigured

from crawler.frontier.frontier import Frontier

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure


def need_frontier(crawler: Crawler) -> None:
    """Leave a crawl alone that has another scheduler."""
    if not Frontier.is_used(crawler):
        raise NotConfigured(f"it needs this project's SCHEDULER, not {crawler.settings['SCHEDULER']}")


class DownloadTracking:
    """Comes before all other downloader middlewares."""

    def __init__(self, crawler: Crawler) -> None:
        self.deliveries = Frontier.of(crawler).deliveries

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Watch the requests of the crawler's frontier.

        Raises:
            NotConfigured: the scheduler is another one, as with `scrapy shell -s SCHEDULER=…`.
        """
        need_frontier(crawler)
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Watch from here on, in the task that runs the other middlewares too."""
        self.deliveries.download_begins(request)


class SpiderTracking:
    """Comes before all other spider middlewares."""

    def __init__(self, crawler: Crawler) -> None:
        self.frontier = Frontier.of(crawler)
        self.deliveries = self.frontier.deliveries

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Watch the requests of the crawler's frontier.

        Raises:
            NotConfigured: the scheduler is another one.
        """
        need_frontier(crawler)
        tracking = cls(crawler)
        crawler.signals.connect(tracking.spider_error, signals.spider_error)
        return tracking

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Say when all seeds are in the queue; where reading them fails, the crawl must not seem complete."""
        try:
            async for one in start:
                yield one
        except CloseSpider:
            raise
        except Exception:
            self.frontier.end("start_error", "The seeds could not be read to their end, see above: stopping.")
            raise
        self.frontier.has_started()

    def process_spider_input(self, response: Response) -> None:
        """Watch from here on, in the task that ends when all that comes of the response is through."""
        self.deliveries.response_begins(response)

    def process_spider_exception(self, response: Response, exception: Exception) -> list[Any] | None:
        """Say nothing of a callback that could not do its work here."""
        return [] if self.deliveries.fails(response, exception) else None

    def spider_error(self, failure: Failure, response: Response | Failure | None) -> None:
        """See to an errback that could not do its work here: those pass no middleware."""
        self.deliveries.fails(response, failure.value)
