"""One plain spider, and the settings under which it runs on each of the schedulers that are compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

COMMON: dict[str, Any] = {
    "LOG_LEVEL": "WARNING",
    "ROBOTSTXT_OBEY": False,
    "COOKIES_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "CONCURRENT_ITEMS": 8,
    "FEED_EXPORT_ENCODING": "utf-8",
}
"""The same for all. Where it costs, it is set so that little hides behind it: no lines of a log for pages and records,
few tasks for the records of a response."""

SCHEDULERS: dict[str, dict[str, Any]] = {
    "memory": {},
    "stock": {
        "SCHEDULER": "scrapy_redis.scheduler.Scheduler",
        "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter",
        "SCHEDULER_PERSIST": True,
    },
    "ours": {
        "SCHEDULER": "crawler.frontier.scheduler.Scheduler",
        "ADDONS": {"crawler.frontier.addon.FrontierAddon": 0},
    },
}
"""Scrapy's own scheduler in memory, scrapy-redis as it comes, and this project's."""


class VideoSpider(Spider):
    """Reads JSON-LD and follows every link."""

    name = "benchmark"

    def parse(self, response: Response, **_: Any) -> Iterator[dict[str, Any] | Request]:
        """Yield the records of a page, then its links."""
        if not isinstance(response, TextResponse):
            raise TypeError(f"{response.url} is {type(response).__name__}, not HTML: serve it by benchmarks.site.")
        for block in response.css('script[type="application/ld+json"]::text').getall():
            for video in json.loads(block):
                yield record(video, response.url)
        for href in response.css("a::attr(href)").getall():
            yield response.follow(href)


def record(video: dict[str, Any], url: str) -> dict[str, Any]:
    """Return the record of a VideoObject, with the names that this project gives its fields."""
    return {
        "kind": "video",
        "site": "schema.org",
        "id": video["identifier"],
        "url": url,
        "title": video["name"],
        "description": video["description"],
        "published_at": video["uploadDate"],
        "duration": video["duration"],
        "view_count": video["interactionStatistic"]["userInteractionCount"],
        "uploader": video["author"]["name"],
        "uploader_url": video["author"]["url"],
        "thumbnail": video["thumbnailUrl"],
        "content_url": video["contentUrl"],
    }
