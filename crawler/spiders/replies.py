"""From Scrapy's responses to those that pages read."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.failures import explain
from crawler.frontier.deliveries import GivenBack
from crawler.pages.base import Link, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.crawler import Crawler
    from scrapy.http import Response as ScrapyResponse

logger = logging.getLogger(__name__)


def reply_of(response: ScrapyResponse, carry: Mapping[str, Any] | None = None) -> Response:
    """Return what a page reads of `response`."""
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Response(response.url, response.body, response.status, headers, now, carry or {})


def request_of(link: Link, **meta: Any) -> Request:
    """Return the request of a link whose answer is waited for."""
    return Request(
        link.url,
        method=link.method,
        body=link.body,
        headers=dict(link.headers),
        callback=NO_CALLBACK,
        meta=meta,
    )


async def fetch(crawler: Crawler, link: Link, **meta: Any) -> Response | None:
    """Fetch `link` at once, through the downloader and its middlewares; None when it could not be had.

    Raises:
        GivenBack: this instance is about to end; the page is for another one.
    """
    request = request_of(link, **meta)
    try:
        return reply_of(await crawler.engine.download_async(request))
    except GivenBack:
        raise
    except Exception as exc:  # noqa: BLE001 - whatever a downloader or a middleware raises, the page goes on without
        logger.info("%s", explain(exc, request))
        crawler.stats.inc_value("fetch/failed")
        return None
