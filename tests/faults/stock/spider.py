"""The spider that crawls the fault site in the stock project."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response
from scrapy_redis.spiders import RedisSpider


class Videos(RedisSpider):  # type: ignore[misc]  # scrapy-redis has no types
    """Follows every link, and yields a record for each page with a video."""

    name = "videos"

    def log(self, message: Any, level: int = 20, **_: Any) -> None:
        """Log for scrapy-redis."""
        self.logger.log(level, message)

    async def start(self) -> AsyncIterator[Request]:
        """Take the seeds; scrapy-redis' own way is one that Scrapy 2.19 does not know any more."""
        for request in self.next_requests():
            yield request

    def parse(self, response: Response, **_: Any) -> Iterator[dict[str, Any] | Request]:
        for block in response.css('script[type="application/ld+json"]::text').getall():
            video = json.loads(block)
            yield {
                "kind": "video",
                "site": "schema.org",
                "id": response.css("link[rel=canonical]::attr(href)").get(),
                "title": video["name"],
                "description": video["description"],
                "published_at": video["uploadDate"],
            }
        for link in response.css("a::attr(href)").getall():
            yield response.follow(link)
