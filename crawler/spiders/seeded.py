"""How a spider begins: its arguments, its place in the fleet, its seeds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings
from scrapy_redis.spiders import RedisSpider

from crawler.errors import QueueLost, SeedError
from crawler.extractors.engine import Extractors
from crawler.freshness.rounds import Rounds
from crawler.frontier.frontier import Frontier
from crawler.frontier.ledger import Ledger
from crawler.frontier.queue import Beginning
from crawler.pages import configured
from crawler.seeds import (
    Seed,
    describe,
    no_seeds_in,
    parse_flag,
    parse_kinds,
    parse_limit,
    parse_message,
    parse_scope,
    parse_urls,
    read_seeds,
)
from crawler.spiders.batches import Batches
from crawler.spiders.hosts import Hosts
from crawler.spiders.quota import Quota
from crawler.spiders.replies import fetch

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.pages.base import Link, Platform

LISTS_OF_PARTS = ("scrapy.addons", "scrapy.middleware", "scrapy.utils.log")
"""Loggers that say at every start which parts Scrapy has."""
NO_NEWS = ("Overridden settings", "Reading start URLs from redis key")
"""Beginnings of messages whose loggers say other things too: a list of all settings, and how scrapy-redis would read
seeds, were it not for the queue."""
SEEDS_AT_ONCE = 100
"""Seeds of a file whose hosts are asked at the same time."""
PROBE = {"max_retry_times": 1, "download_timeout": 10}
"""Asking a host what it runs: of a host that does not say, nothing is lost but time."""

logger = logging.getLogger(__name__)


class SeededSpider(RedisSpider):  # type: ignore[misc]  # scrapy-redis has no types
    """Crawls from seeds within a scope and yields the records of the wanted kinds.

    Args:
        url: one seed or several, separated by commas: an instance, a user, a channel or a video.
        seeds: a txt, csv or jsonl file of seeds, or `-` for standard input.
        scope: `seed`, `host` or `web`; by default `seed` for one user or video of a known site, else `host`.
        records: `user`, `video` or both; by default the spider's own.
        anew: `1` drops what an interrupted crawl has left.
        every: how often pages are visited again, such as `6h` or `auto`; by default never.
        max_per_user: videos of each user that are taken, first those that the user's listing shows first. 0 for all.
        max_pages: pages after which this instance stops; the next start goes on. 0 for no limit.
        wait: `1` stays for seeds to come when all is done.
        provenance: `1` says in each record which part of the page told each field.
    """

    kinds: ClassVar[frozenset[str]] = frozenset()

    def __init__(  # noqa: PLR0913 - Scrapy passes each -a by its name
        self,
        *,
        url: str = "",
        seeds: str = "",
        scope: str = "",
        records: str = "",
        max_pages: str = "0",
        max_per_user: str = "0",
        anew: str = "",
        wait: str = "",
        every: str = "",
        provenance: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.url_seeds = parse_urls(url)
        self.seeds_file = seeds
        # What may be a slow pipe is read line by line: one that is there does not wait for the next.
        self.lines_at_once = SEEDS_AT_ONCE if not seeds or Path(seeds).is_file() else 1
        self.scope = parse_scope(scope) if scope else None
        self.wanted = parse_kinds(records) if records else self.kinds
        self.max_pages = parse_limit("max_pages", max_pages)
        self.max_per_user = parse_limit("max_per_user", max_per_user)
        self.anew = parse_flag("anew", anew)
        self.wait = parse_flag("wait", wait)
        self.every = every
        self.provenance = parse_flag("provenance", provenance)
        asked = {"url": url, "seeds": seeds, "scope": scope, "records": records, "max_per_user": max_per_user}
        self.asked_for = describe(asked)
        self.pages = 0
        self.bad_seeds = 0

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Let the user agent name the operator's contact, unless the user has set another; quiet Scrapy's start."""
        super().update_settings(settings)
        if settings.get("LOG_LEVEL") != "DEBUG":
            for name in LISTS_OF_PARTS:
                logging.getLogger(name).setLevel(logging.WARNING)
            for name in ("scrapy.crawler", cls.name):
                logging.getLogger(name).addFilter(is_news)
        name_contact(settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider and enter the crawl."""
        frontier = Frontier.of(crawler)
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        spider.frontier = frontier
        spider.ledger = Ledger(frontier.queue.server, frontier.keys)
        spider.sites = configured(crawler.settings)
        spider.hosts = Hosts(frontier, lambda link: fetch(crawler, link, **PROBE))
        spider.beginning = frontier.join(spider.asked_for, anew=spider.anew)
        frontier.courier.completion.stays = spider.wait
        spider.quota = Quota.of_crawl(crawler, frontier, spider.max_per_user)
        spider.max_per_user = spider.quota.most
        spider.extractors = Extractors(crawler, frontier)
        spider.rounds = Rounds.of_crawl(crawler, frontier, spider.every)
        return spider

    frontier: Frontier
    sites: Mapping[str, Platform]
    ledger: Ledger
    hosts: Hosts
    extractors: Extractors
    rounds: Rounds
    quota: Quota
    beginning: Beginning

    def log(self, message: Any, level: int = logging.DEBUG, **_: Any) -> None:
        """Log for scrapy-redis, by the way that Scrapy has not deprecated."""
        self.logger.log(level, message)

    async def start(self) -> AsyncIterator[Request]:
        """Yield the requests of every seed."""
        count = 0
        given = self.given_seeds()
        keys = self.frontier.keys
        batches = Batches(self.sites, self.request)
        try:
            async for seed in self.prepared(given):
                count += 1
                for request in self.seed_requests(seed, self.scope):
                    for ready in batches.add(request) if self.seeds_file != "-" else [request]:
                        yield ready
            for request in batches.rest():
                yield request
            others_seeds = await self.frontier.execute("EXISTS", keys.start_urls)
            taken = int(await self.frontier.execute("HGET", keys.control, "sequence") or 0)
        except SeedError as exc:
            logger.error("%s", exc)  # noqa: TRY400 - a sentence for the user, no traceback
            raise CloseSpider("bad_seeds") from exc
        except QueueLost as exc:
            raise CloseSpider("queue_lost") from exc
        if not count and not others_seeds and not taken and self.beginning == "anew" and not self.wait:
            logger.error(no_seeds_in(self.seeds_file, self.bad_seeds, self.redis_key))
            raise CloseSpider("no_seeds")

    async def prepared(self, given: Iterator[Seed | SeedError]) -> AsyncIterator[Seed]:
        """Yield seeds with their schemes, when it is known what is known of their hosts; refuse lines that are none.

        Raises:
            SeedError: the file cannot be read on.
        """
        error, is_read = None, False
        while error is None and not is_read:
            lines, error = await asyncio.to_thread(next_of, given, self.lines_at_once)
            is_read = not lines
            await self.hosts.learn_schemes(one for one in lines if isinstance(one, Seed))
            seeds = [
                one if isinstance(one, SeedError) else replace(one, url=await self.hosts.with_scheme(one))
                for one in lines
            ]
            await self.hosts.look_up(urlsplit(one.url).netloc.lower() for one in seeds if isinstance(one, Seed))
            for seed in seeds:
                if isinstance(seed, SeedError):
                    self.bad_seeds += 1
                    self.refuse(seed.given, "bad_seed", str(seed), seed=str(seed))
                else:
                    yield seed
        if error is not None:
            raise error

    def given_seeds(self) -> Iterator[Seed | SeedError]:
        """Yield the seeds of the arguments, and an error for each line of a file that is none."""
        yield from self.url_seeds
        if self.seeds_file:
            yield from read_seeds(self.seeds_file)

    def make_request_from_data(self, data: bytes) -> list[Request]:
        """Read a seed that another program left in Redis: scrapy-redis' JSON form, or a plain URL."""
        try:
            seed = parse_message(data)
        except SeedError as exc:
            self.refuse(data.decode(errors="replace").strip(), "bad_seed", str(exc), seed=str(exc))
            return []
        return list(self.seed_requests(seed, self.scope))

    def request(self, link: Link, meta: dict[str, Any]) -> Request:
        """Return the request of a link."""
        raise NotImplementedError

    def seed_requests(self, seed: Seed, scope: str | None) -> Iterator[Request]:
        """Yield the requests of a seed whose scheme is known."""
        raise NotImplementedError

    def refuse(self, what: Any, reason: str, detail: str, *, url: str = "", seed: str | None = None) -> None:
        """Note a page, or a seed, that is no record."""
        raise NotImplementedError


def name_contact(settings: BaseSettings) -> None:
    """Have the user agent name the operator's contact, unless the user has set another."""
    contact = settings.get("CONTACT_URL")
    if contact and settings.getpriority("USER_AGENT") == SETTINGS_PRIORITIES["project"]:
        settings.set("USER_AGENT", f"{settings['USER_AGENT']} (+{contact})", priority="spider")


def next_of(given: Iterator[Seed | SeedError], most: int) -> tuple[list[Seed | SeedError], SeedError | None]:
    """Return up to so many of what was given, and why the rest cannot be read; blocking."""
    found: list[Seed | SeedError] = []
    try:
        found += islice(given, most)
    except SeedError as exc:
        return found, exc
    return found, None


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether a message is worth a line at every start."""
    return not str(record.msg).startswith(NO_NEWS)
