"""Runs extractors, a few at once: their requests go by the engine, as those of pages do."""

from __future__ import annotations

import logging
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest, StopDownload
from scrapy.http.request import NO_CALLBACK

from crawler.errors import NotARecord, QueueLost, Unextracted
from crawler.extractors.exchange import ROBOTS, Denied, Ended, Exchange, Got, Wanted
from crawler.failures import explain
from crawler.frontier.bounds import number
from crawler.frontier.deliveries import GivenBack
from crawler.frontier.frontier import LOOK_S
from crawler.pages import FALLBACK, page_class
from crawler.pages.base import Response
from crawler.spiders.replies import reply_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Headers

logger = logging.getLogger(__name__)

THREADS, TIMEOUT_S, REQUESTS = 4, 60.0, 200
"""The settings YTDLP_THREADS, YTDLP_TIMEOUT_S and YTDLP_REQUESTS, where a project leaves them out."""
DENIED_MOST = 20
"""Requests beyond YTDLP_REQUESTS that are denied, for an extractor to end with what it has; it is left at the next."""
EXTRACTOR = "extractor"
"""Key of `meta` that marks the requests of extractors: of a media file they get the headers only."""
MEDIA = (b"video/", b"audio/")
UNTOLD = frozenset({"last-modified", "content-encoding", "content-length", "transfer-encoding", "set-cookie"})
"""Headers that an extractor does not see: it would take the first for the time of a video, and bodies are plain."""
PLAIN_HEADERS = frozenset({"accept", "accept-language", "accept-encoding", "user-agent", "referer"})
"""Headers of a request that do not make it another one than that for the page."""


class Instance(Protocol):
    """What has the pages, and may be about to end: a frontier, by rule."""

    @property
    def closing(self) -> bool:
        """Whether it is about to end."""

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""


class Runner:
    """Runs extractors in threads of their own, and does their requests one by one.

    An extractor's requests are made by the task that deals with its page, so they are for that page: they wait for
    their host as long as a page's own do, and where they cannot be had in time, or the instance ends, the page goes
    back to the queue. It stays in hand until then.

    Args:
        crawler: whose downloader is used.
        instance: tells when to end.

    Attributes:
        busy: what threads are at work on, those that hang included.
        hanging: those that were given up, and have not ended yet.
    """

    def __init__(self, crawler: Crawler, instance: Instance) -> None:
        settings = crawler.settings
        self.crawler, self.instance = crawler, instance
        self.most_threads = int(number(settings, "YTDLP_THREADS", THREADS))
        self.most_requests = int(number(settings, "YTDLP_REQUESTS", REQUESTS))
        self.timeout_s = number(settings, "YTDLP_TIMEOUT_S", TIMEOUT_S)
        self.busy: set[Exchange] = set()
        self.hanging: set[Exchange] = set()
        crawler.signals.connect(self.headers_received, signals.headers_received)

    async def extract(self, response: Response, key: str) -> dict[str, Any]:
        """Return what an extractor tells of the page that was answered.

        Raises:
            NotARecord: the site says that there is none.
            Unextracted: it has failed, or hangs.
            GivenBack: this instance is about to end, or a host cannot be asked soon enough.
            QueueLost: Redis stays away.
        """
        from crawler.extractors import reading  # noqa: PLC0415 - which imports yt-dlp, where that is there

        await self.has_room(key)
        exchange = Exchange(partial(reading.read, response.url, key, is_native=is_native), self.thread_ended)
        self.busy.add(exchange)
        exchange.start(key)
        try:
            return await self.serve(exchange, response, key)
        finally:
            exchange.leave()
            if exchange in self.busy:
                self.hanging.add(exchange)
                self.count_hanging()

    async def has_room(self, key: str) -> None:
        """Wait until one more extractor may work.

        Raises:
            Unextracted: all that may are hanging.
            GivenBack: this instance is about to end.
        """
        while len(self.busy) >= self.most_threads:
            if len(self.hanging) >= self.most_threads:
                raise Unextracted(
                    "no_thread", f"yt-dlp's {key} is not asked: all threads that YTDLP_THREADS allows hang"
                )
            await self.instance.pause(LOOK_S / 2)

    def thread_ended(self, exchange: Exchange) -> None:
        """Take notice of a thread's end, however late."""
        self.busy.discard(exchange)
        if exchange in self.hanging:
            self.hanging.remove(exchange)
            self.count_hanging()

    def count_hanging(self) -> None:
        """Say in the stats how many threads hang."""
        self.crawler.stats.set_value("ytdlp/hanging", len(self.hanging))

    async def serve(self, exchange: Exchange, response: Response, key: str) -> dict[str, Any]:
        """Answer the requests of an extractor until it has ended; the time that they take is not its own."""
        requests, since = 0, monotonic()
        while True:
            if self.instance.closing:
                raise GivenBack("this instance is about to end")
            match await exchange.next(LOOK_S):
                case Ended(value, None):
                    return dict(value)
                case Ended(_, NotARecord() | Unextracted() as error):
                    raise error
                case Ended(_, error):
                    raise Unextracted("raised", f"yt-dlp's {key} cannot read {response.url} ({error!r})")
                case None:
                    if monotonic() - since > self.timeout_s:
                        raise Unextracted(
                            "hung",
                            f"yt-dlp's {key} hangs at {response.url}: it said nothing for {self.timeout_s:g} s "
                            "(YTDLP_TIMEOUT_S)",
                        )
                case asked:
                    requests += 1
                    if requests > self.most_requests + DENIED_MOST:
                        raise Unextracted("too_many_requests", f"yt-dlp's {key} at {response.url}: {self.too_many}")
                    exchange.answer(await self.answer(asked.wanted, response, requests))
                    since = monotonic()

    # --- its requests ---

    @property
    def too_many(self) -> str:
        """Why no more requests are answered."""
        return f"more than {self.most_requests} requests for one page (YTDLP_REQUESTS)"

    async def answer(self, wanted: Wanted, page: Response, requests: int) -> Got | Denied:
        """Return what is answered to an extractor's request: what is at hand, or what the downloader gets."""
        if requests > self.most_requests:
            return Denied("too_many_requests", self.too_many)
        if is_page(wanted, page):
            return got(page)
        self.crawler.stats.inc_value("ytdlp/requests")
        try:
            request = Request(
                wanted.url,
                method=wanted.method,
                headers=dict(wanted.headers),
                body=wanted.body,
                callback=NO_CALLBACK,
                meta={EXTRACTOR: True},
            )
        except (ValueError, TypeError) as exc:
            return Denied("bad_request", f"{wanted.url:.200} cannot be asked for ({exc})")
        try:
            return got(reply_of(await self.crawler.engine.download_async(request)))
        except (GivenBack, QueueLost):
            raise
        except Exception as exc:  # noqa: BLE001 - whatever a downloader or a middleware raises, the extractor hears of it
            is_forbidden = isinstance(exc, IgnoreRequest) and "robots.txt" in str(exc)
            return Denied(ROBOTS if is_forbidden else "no_answer", explain(exc, request))

    def headers_received(self, headers: Headers, request: Request) -> None:
        """Leave media files where they are.

        Raises:
            StopDownload: it is one, and an extractor asks.
        """
        if request.meta.get(EXTRACTOR) and (headers.get("Content-Type") or b"").lower().startswith(MEDIA):
            raise StopDownload(fail=False)


def is_page(wanted: Wanted, page: Response) -> bool:
    """Tell whether an extractor asks for the page that is there."""
    plain = {name.lower() for name in wanted.headers} <= PLAIN_HEADERS
    return wanted.method == "GET" and plain and wanted.url.partition("#")[0] == page.url.partition("#")[0]


def got(response: Response) -> Got:
    """Return a response as an extractor sees it."""
    headers = {name: value for name, value in response.headers.items() if name not in UNTOLD}
    return Got(response.url, response.status, headers, response.body)


def is_native(url: str) -> bool:
    """Tell whether a page class of the project reads a URL."""
    return page_class(url) is not FALLBACK
