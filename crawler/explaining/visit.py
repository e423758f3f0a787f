"""Fetches a few pages politely, beside the queue and without a store: for the commands that look at one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from protego import Protego
from scrapy import Request, Spider, signals
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from crawler.addresses.rule import place_of
from crawler.errors import SettingsError
from crawler.failures import explain
from crawler.middlewares.robots import CRAWL_DELAY_MAX_S, delay_s_of
from crawler.pages.base import Link, Response
from crawler.seeds import Seed
from crawler.spiders.hosts import Hosts
from crawler.spiders.replies import reply_of, request_of
from crawler.spiders.seeded import name_contact

if TYPE_CHECKING:
    from scrapy.crawler import Crawler, CrawlerProcessBase

SETTINGS = {
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "RETRY_ENABLED": False,  # who looks at one page can ask again
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "FEEDS": {},
    "SNAPSHOTS": "",
}
PRIORITY = SETTINGS_PRIORITIES["cmdline"] + 1


class NoAnswerError(Exception):
    """Raised where a page cannot be had.

    Args:
        reason: a short word.
        sentence: why.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


class Visitor:
    """What an errand can do: fetch, and learn what runs on a host.

    Attributes:
        closing: false, as an errand that is stopped is cancelled.
    """

    closing = False

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.hosts = Hosts(NoDesk(), self.fetch_if_there)
        self.seeds: list[str] = []

    async def fetch(self, link: Link) -> Response:
        """Fetch a link through the downloader and its middlewares, whatever its status is.

        Raises:
            NoAnswerError: there is no answer.
        """
        where = place_of(link.url)
        seed = next((one for one in self.seeds if place_of(one) == where), "")
        request = request_of(link, crawl={"seed": seed})
        if sys.stderr.isatty():
            sys.stderr.write(f"fetching {link.url}\n")  # which may take as long as a robots.txt asks for
        try:
            return reply_of(await self.crawler.engine.download_async(request), link.carry)
        except Exception as exc:  # whatever a downloader or a middleware raises
            sentence = explain(exc, request)
            raise NoAnswerError("robots_txt" if "robots.txt" in sentence else "unreachable", sentence) from exc

    async def fetch_if_there(self, link: Link) -> Response | None:
        """Fetch a link; None where there is no answer."""
        try:
            return await self.fetch(link)
        except NoAnswerError:
            return None

    async def pause(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def url_of(self, seed: Seed) -> str:
        """Return the URL of a seed, with its host's scheme where that was a guess; it may be at any address."""
        self.seeds.append(await self.hosts.with_scheme(seed))
        return self.seeds[-1]


class NoDesk:
    """In place of the fleet's knowledge of hosts: none."""

    keys: Any = SimpleNamespace(platforms="")

    async def execute(self, *command: Any) -> Any:
        """Know nothing of the hosts that are asked for."""
        return [None] * (len(command) - 2)

    def note(self, *command: Any) -> None:
        """Keep nothing."""


class Errand(Spider):
    """Runs one errand, and ends."""

    name = "errand"

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Keep requests in memory."""
        super().update_settings(settings)
        name_contact(settings)
        for name, value in SETTINGS.items():
            settings.set(name, value, priority=PRIORITY)

    errand: Callable[[Visitor], Awaitable[None]]

    async def start(self) -> AsyncIterator[Any]:
        """Run the errand; it makes its requests itself."""
        self.crawler.signals.connect(self.heed_delay, signals.robots_parsed)
        await self.errand(Visitor(self.crawler))
        return
        yield

    def heed_delay(self, robotparser: Any, request: Request) -> None:
        """Keep the delay that a robots.txt asks for, in this process."""
        settings = self.crawler.settings
        rules = getattr(robotparser, "rp", None)
        agent = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        asked_s = delay_s_of(rules, agent) if isinstance(rules, Protego) else 0.0
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        if slot is not None and asked_s > slot.delay:
            slot.delay = min(asked_s, settings.getfloat("CRAWL_DELAY_MAX_S", CRAWL_DELAY_MAX_S))
            slot.jitter = 0  # which may halve it


def visit(process: CrawlerProcessBase, errand: Callable[[Visitor], Awaitable[None]]) -> None:
    """Run an errand to its end; blocking, once a process.

    Raises:
        Exception: whatever the errand has raised.
        SettingsError: nothing can be fetched with these settings.
        KeyboardInterrupt: it was stopped.
    """
    raised: list[BaseException] = []

    async def run(visitor: Visitor) -> None:
        try:
            await errand(visitor)
        except asyncio.CancelledError:
            raised.append(KeyboardInterrupt())
            raise
        except Exception as exc:  # noqa: BLE001 - it is raised below, where the errand came from
            raised.append(exc)

    crawling = process.crawl(Errand, errand=run)
    process.start()
    if raised:
        raise raised[0]
    if not isinstance(crawling, asyncio.Future) or not crawling.done() or crawling.cancelled():
        return
    if (error := crawling.exception()) is not None:
        raise SettingsError(
            f"Nothing can be fetched ({type(error).__name__}: {error}): correct the setting that names it."
        ) from error
