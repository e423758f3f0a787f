"""Adds the keys of sites' APIs to requests, on their way out only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

HEADER = b"X-Goog-Api-Key"
YOUTUBE_PATH = "/youtube/v3/"
YOUTUBE_HOSTS = frozenset({"youtube.googleapis.com", "www.googleapis.com"})


class KeysMiddleware:
    """Sends the key of YouTube's Data API as a header, to that API over TLS alone.

    It comes after all other middlewares, and takes the header away again before any of them sees what came of the
    request: so no copy of it, in the queue, a cache or a redirect to another host, has the key.
    """

    def __init__(self, youtube_key: str) -> None:
        self.youtube_key = youtube_key.encode()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build from the settings.

        Raises:
            NotConfigured: there is no key.
        """
        if not (key := str(crawler.settings.get("YOUTUBE_API_KEY") or "").strip()):
            raise NotConfigured  # without a text, of which Scrapy makes a warning of every crawl
        return cls(key)

    def process_request(self, request: Request) -> None:
        """Add the key."""
        parts = urlsplit(request.url)
        if parts.scheme == "https" and parts.hostname in YOUTUBE_HOSTS and parts.path.startswith(YOUTUBE_PATH):
            request.headers[HEADER] = self.youtube_key

    def process_response(self, request: Request, response: Response) -> Response:
        """Take it away."""
        request.headers.pop(HEADER, None)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:  # noqa: ARG002 - whatever it is
        """Take it away."""
        request.headers.pop(HEADER, None)
