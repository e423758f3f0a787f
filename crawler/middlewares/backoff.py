"""Has the whole fleet slow down where a site asks for it: 429, 503, Retry-After, and limits that are nearly used up."""

from __future__ import annotations

import logging
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import monotonic, time
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

from crawler.frontier.frontier import Frontier
from crawler.frontier.slots import slot_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

THROTTLED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
EPOCH_S = 1_000_000_000
"""X-RateLimit-Reset above it is a time, below it a number of seconds from now."""
MOST_DIGITS = 12
FIRST_PAUSE_S = 2.0
"""Pause after a 429 or 503 without Retry-After; doubled each further time."""
MOST_DOUBLINGS = 16
SAME_PAUSE_S = 1.0
"""Pauses that end so close together are one: what was in flight when the host first asked for it, asks again."""


class BackOffMiddleware:
    """Keeps every instance away from a host for as long as it asks, and asks again without counting it as a failure.

    A 503 that does not say for how long is both: the host is left alone briefly, and Scrapy's RetryMiddleware counts it
    as the failure that it may as well be. A host that throttles is also asked more slowly afterwards, once a pause.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        settings = crawler.settings
        self.most_pause_s = settings.getfloat("RETRY_AFTER_MAX_S")
        self.most_times = settings.getint("BACKOFF_TIMES")
        self.in_flight = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self.paused: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build from the settings.

        Raises:
            NotConfigured: the crawl's scheduler shares no pace that could be slowed down.
        """
        if not Frontier.is_used(crawler):
            raise NotConfigured(f"it needs this project's SCHEDULER, not {crawler.settings['SCHEDULER']}")
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Take notice of the host's limits; a throttled request is sent again."""
        if "cached" in response.flags:
            return response
        slot = slot_of(request)
        if response.status not in THROTTLED:
            self.heed_limit(slot, response)
            return response
        self.crawler.stats.inc_value(f"backoff/status_count/{response.status}")
        counter = "throttled_times" if is_throttled(response) else "retry_times"
        times = request.meta.get(counter, 0) + 1
        own_pause_s = FIRST_PAUSE_S * 2.0 ** min(times - 1, MOST_DOUBLINGS)
        self.pause(slot, retry_after_s(response) or own_pause_s, response.status)
        if not is_throttled(response) or times > self.most_times:
            return response
        again = request.replace(dont_filter=True)
        again.meta["throttled_times"] = times
        return again

    def pause(self, slot: str, pause_s: float, status: int) -> None:
        """Leave the slot's host alone, and ask more slowly afterwards; told once for all that is in flight."""
        pause_s = min(pause_s, self.most_pause_s)
        now = monotonic()
        until = self.paused.get(slot, 0.0)
        self.hold(slot, pause_s, slower=True)
        if now + pause_s <= until + SAME_PAUSE_S:
            return
        self.paused = {name: end for name, end in self.paused.items() if end > now} | {slot: now + pause_s}
        logger.info("%s asks for a pause of %.0f s (HTTP %d)", slot, pause_s, status)

    def heed_limit(self, slot: str, response: Response) -> None:
        """Wait for the next window before the last requests of this one, which the fleet has in common, are spent."""
        remaining, reset = header(response, "X-RateLimit-Remaining"), header(response, "X-RateLimit-Reset")
        if not (is_number(remaining) and is_number(reset)) or int(remaining) >= self.in_flight:
            return
        pause_s = int(reset) - server_time_s(response) if int(reset) > EPOCH_S else float(reset)
        if 0 < pause_s <= self.most_pause_s:
            self.crawler.stats.inc_value("backoff/limit_heeded")
            self.hold(slot, pause_s, slower=False)

    def hold(self, slot: str, pause_s: float, *, slower: bool) -> None:
        """Have no instance ask the slot's host for `pause_s` seconds."""
        Frontier.of(self.crawler).hold(slot, pause_s, slower=slower)


def is_throttled(response: Response) -> bool:
    """Tell whether the host certainly asks to slow down; a 503 does so by Retry-After, else it may be any failure."""
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
    except (ValueError, OverflowError):
        return None


def server_time_s(response: Response) -> float:
    """Return the server's own time, so that a wrong clock on either side does no harm; ours where it is not told."""
    try:
        return parsedate_to_datetime(header(response, "Date")).timestamp()
    except (ValueError, OverflowError):
        return time()


def is_number(value: str) -> bool:
    """Tell whether a header is a number of a size that makes sense for seconds or requests."""
    return value.isdecimal() and len(value) <= MOST_DIGITS


def header(response: Response, name: str) -> str:
    """Return a header as text, empty where there is none."""
    return (response.headers.get(name) or b"").decode("latin-1").strip()
