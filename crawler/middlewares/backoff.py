"""Slows down where a site asks for it: 429, Retry-After, and limits that are nearly used up."""

from __future__ import annotations

import logging
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import monotonic, time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

THROTTLED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
SLOWER, FASTER = 1.5, 0.97
"""Factors of the delay between two requests after a 429 and after an answer."""
LEAST_DELAY_S = 0.02
"""Delay that a host which asks for a pause gets where there was none."""
MOST_DELAY_S = 10.0
"""Delay between two requests that repeated 429s lead to at the most."""
EPOCH_S = 1_000_000_000
"""X-RateLimit-Reset above it is a time, below it a number of seconds from now."""
MOST_DIGITS = 12
FIRST_PAUSE_S = 2.0
"""Pause after a 429 without Retry-After; doubled each further time."""


class BackOffMiddleware:
    """Holds a host's requests for as long as it asks, and asks again without counting it as a failure."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.delay_s = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self.most_pause_s = crawler.settings.getfloat("RETRY_AFTER_MAX_S")
        self.most_times = crawler.settings.getint("BACKOFF_TIMES")
        self.in_flight = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build from the settings."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Take notice of the host's limits; a throttled request is sent again."""
        slot = self.crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if slot is None:
            return response
        if not is_throttled(response):
            slot.delay = max(self.delay_s, slot.delay * FASTER if slot.delay > LEAST_DELAY_S else 0.0)
            self.heed_limit(slot, response)
            return response
        times = request.meta.get("throttled_times", 0) + 1
        pause_s = min(retry_after_s(response) or FIRST_PAUSE_S * 2.0 ** (times - 1), self.most_pause_s)
        slot.delay = min(MOST_DELAY_S, slot.delay * SLOWER)
        self.hold(slot, pause_s)
        self.crawler.stats.inc_value(f"backoff/status_count/{response.status}")
        if times > self.most_times:
            return response
        logger.info("%s asks for a pause of %.0f s (HTTP %d)", request.meta["download_slot"], pause_s, response.status)
        again = request.replace(dont_filter=True)
        again.meta["throttled_times"] = times
        return again

    def heed_limit(self, slot: Slot, response: Response) -> None:
        """Wait for the next window before the last requests of this one are spent."""
        remaining, reset = header(response, "X-RateLimit-Remaining"), header(response, "X-RateLimit-Reset")
        if not (is_number(remaining) and is_number(reset)) or int(remaining) >= self.in_flight:
            return
        pause_s = int(reset) - server_time_s(response) if int(reset) > EPOCH_S else float(reset)
        if 0 < pause_s <= self.most_pause_s:
            self.crawler.stats.inc_value("backoff/limit_heeded")
            self.hold(slot, pause_s)

    def hold(self, slot: Slot, pause_s: float) -> None:
        """Send nothing to the slot's host for `pause_s` seconds; its next request counts from there."""
        slot.lastseen = max(slot.lastseen, monotonic() + pause_s)
        slot.delay = max(slot.delay, LEAST_DELAY_S)  # Scrapy looks at lastseen only where there is a delay


def is_throttled(response: Response) -> bool:
    """Tell whether the host asks to slow down; a 503 does so by Retry-After only."""
    return response.status in THROTTLED and (
        response.status == HTTPStatus.TOO_MANY_REQUESTS or b"Retry-After" in response.headers
    )


def retry_after_s(response: Response) -> float | None:
    """Return the seconds of Retry-After, given as a number or as a date; None where there is none."""
    value = header(response, "Retry-After")
    if value.isdecimal():
        return float(value) or None
    try:
        return max(1.0, parsedate_to_datetime(value).timestamp() - server_time_s(response))
    except ValueError:
        return None


def server_time_s(response: Response) -> float:
    """Return the server's own time, so that a wrong clock on either side does no harm; ours where it is not told."""
    try:
        return parsedate_to_datetime(header(response, "Date")).timestamp()
    except ValueError:
        return time()


def is_number(value: str) -> bool:
    """Tell whether a header is a number of a size that makes sense for seconds or requests."""
    return value.isdecimal() and len(value) <= MOST_DIGITS


def header(response: Response, name: str) -> str:
    """Return a header as text, empty where there is none."""
    return (response.headers.get(name) or b"").decode("latin-1").strip()
