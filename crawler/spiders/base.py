"""What both spiders share: from seeds to requests, and from a response to records and links."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

import redis
from scrapy import Request
from scrapy.exceptions import CloseSpider, DontCloseSpider
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings
from scrapy_redis.queue import FifoQueue
from scrapy_redis.spiders import RedisSpider

from crawler.errors import NotARecord, SeedError
from crawler.failures import explain
from crawler.frontier.connection import connect
from crawler.frontier.fleet import Beginning, Fleet
from crawler.frontier.keys import Keys
from crawler.frontier.ledger import Ledger
from crawler.items import Record, RecordKey
from crawler.pages import PLATFORMS, page_class, page_for
from crawler.pages.base import Link, Page
from crawler.seeds import Seed, parse_kinds, parse_max_pages, parse_message, parse_scope, parse_urls, read_seeds
from crawler.signals import listing_read, record_refused, request_failed
from crawler.spiders.hosts import Hosts
from crawler.spiders.replies import fetch, reply_of
from crawler.spiders.scope import followed

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response as ScrapyResponse
    from twisted.python.failure import Failure

HELD_BACK_AT_ONCE = 8
"""Requests that were kept for the end and are taken up together."""

BEGINNINGS: dict[Beginning, str] = {
    "anew": "A new crawl begins (%d requests pending)",
    "resumed": "An interrupted crawl is resumed: %d requests pending (to begin anew instead, see the README)",
    "joined": "Joining the instances that are at this crawl: %d requests pending",
}

logger = logging.getLogger(__name__)


class BaseSpider(RedisSpider):  # type: ignore[misc]  # scrapy-redis has no types
    """Crawls from seeds within a scope and yields the records of the wanted kinds.

    Args:
        url: one seed or several, separated by commas: an instance, a user, a channel or a video.
        seeds: a txt, csv or jsonl file of seeds, or `-` for standard input.
        scope: `seed`, `host` or `web`; by default `seed` for one user or video of a known site, else `host`.
        records: `user`, `video` or both; by default the spider's own.
        max_pages: pages after which this instance stops; the next start goes on. 0 for no limit.
    """

    kinds: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, *, url: str = "", seeds: str = "", scope: str = "", records: str = "", max_pages: str = "0", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.url_seeds = parse_urls(url)
        self.seeds_file = seeds
        self.scope = parse_scope(scope) if scope else None
        self.wanted = parse_kinds(records) if records else self.kinds
        self.max_pages = parse_max_pages(max_pages)
        self.pages = 0

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Let the user agent name the operator's contact, unless the user has set another."""
        super().update_settings(settings)
        contact = settings.get("CONTACT_URL")
        if contact and settings.getpriority("USER_AGENT") == SETTINGS_PRIORITIES["project"]:
            settings.set("USER_AGENT", f"{settings['USER_AGENT']} (+{contact})", priority="spider")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider and enter the crawl."""
        server = connect(crawler.settings)
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        keys = Keys(spider.name)
        spider.fleet = Fleet(server, keys)
        spider.ledger = Ledger(server, keys)
        spider.hosts = Hosts(server, keys, lambda link: fetch(crawler, link))
        spider.held_back = FifoQueue(server, spider, keys.last)
        spider.beginning = spider.fleet.join()
        logger.info(BEGINNINGS[spider.beginning], spider.ledger.counts()["pending"])
        return spider

    fleet: Fleet
    ledger: Ledger
    hosts: Hosts
    beginning: Beginning

    def log(self, message: Any, level: int = logging.DEBUG, **_: Any) -> None:
        """Log for scrapy-redis, by the way that Scrapy has not deprecated."""
        self.logger.log(level, message)

    # --- seeds ---

    async def start(self) -> AsyncIterator[Request]:
        """Yield the requests of every seed."""
        count = 0
        for request in self.next_requests():
            count += 1
            yield request
        for seed in self.given_seeds():
            count += 1
            for request in self.seed_requests(await self.hosts.with_scheme(seed), self.scope):
                yield request
        if not count and self.beginning == "anew":
            logger.error(self.no_seeds())
            raise CloseSpider("no_seeds")

    def given_seeds(self) -> Iterator[Seed]:
        """Yield the seeds of the arguments; a line of a file that is none is refused, the rest goes on."""
        yield from self.url_seeds
        try:
            for seed in read_seeds(self.seeds_file) if self.seeds_file else ():
                if isinstance(seed, SeedError):
                    self.refuse(str(seed), "bad_seed", str(seed), seed=True)
                else:
                    yield seed
        except SeedError as exc:
            logger.error("%s", exc)  # noqa: TRY400 - a sentence for the user, no traceback
            raise CloseSpider("bad_seeds") from exc

    def no_seeds(self) -> str:
        """Return what to do when there is nothing to begin with."""
        if self.seeds_file:
            return (
                f"{self.seeds_file} holds no seeds: write one URL a line into it, such as https://site.example/@user."
            )
        return (
            "No seeds, and no interrupted crawl to go on with: pass -a url=https://site.example or -a seeds=FILE "
            f'(- for standard input), or push {{"url": "https://site.example"}} to the list {self.redis_key} in Redis.'
        )

    def make_request_from_data(self, data: bytes) -> list[Request]:
        """Read a seed that another program left in Redis: scrapy-redis' JSON form, or a plain URL."""
        try:
            seed = parse_message(data)
        except SeedError as exc:
            self.refuse(str(exc), "bad_seed", str(exc), seed=True)
            return []
        return list(self.seed_requests(seed.url, self.scope))

    def seed_requests(self, url: str, scope: str | None) -> Iterator[Request]:
        """Yield the requests of a seed: the page that it names, unless its host's software is known by now."""
        meta = {"scope": scope, "seed": True}
        if platform := self.hosts.known(urlsplit(url).netloc.lower()):
            yield from self.start_on(platform, url, meta)
        else:
            yield self.request(Link(url, "listing"), meta)

    def start_on(self, platform: str, url: str, meta: dict[str, Any]) -> Iterator[Request]:
        """Yield where to begin on a host whose software is known."""
        try:
            links = PLATFORMS[platform].start(url)
        except NotARecord as refusal:
            self.refuse(url, refusal.reason, refusal.detail, seed=meta.get("seed"))
            return
        scope = meta.get("scope") or ("host" if len(links) > 1 else "seed")
        seed = meta.get("seed") and len(links) == 1
        for link in links:
            if len(links) == 1 or scope == "web" or not link.outward:
                yield from self.send(link, {"scope": scope, "seed": seed, "resolved": True})

    # --- pages ---

    async def parse(self, response: ScrapyResponse, **_: Any) -> AsyncIterator[Record | Request]:
        """Read one response."""
        self.pages += 1
        meta = response.meta["crawl"]
        reply = reply_of(response, meta.get("carry"))
        platform = await self.hosts.identify(reply)
        results: Iterator[Record | Request]
        if platform and not meta.get("resolved"):
            results = self.start_on(platform, reply.url, meta)
        elif reply.status in {404, 410} and meta.get("otherwise"):
            results = iter([self.request(Link(meta["otherwise"], "user"), meta)])
        else:
            page = page_for(reply, platform)
            while (link := page.wants()) is not None:
                page.add(await fetch(self.crawler, link))
            results = self.read(page, meta)
        for result in results:
            yield result
        if self.max_pages and self.pages >= self.max_pages:
            raise CloseSpider("max_pages")

    def read(self, page: Page, meta: dict[str, Any]) -> Iterator[Record | Request]:
        """Yield the wanted records of a page and the requests of the links to follow."""
        try:
            records = list(page.records())
            links = list(page.links())
            totals, listing = page.totals(), page.listing()
            members = list(page.members()) if listing is not None else []
        except NotARecord as refusal:
            if meta.get("optional"):
                logger.debug("Not there, which is no loss: %s", page.url)
            elif meta.get("resolved") and meta["kind"] == "listing":
                self.fail(page.url, f"{page.url} lists nothing ({refusal})", page.url)
            else:
                self.refuse(
                    meta.get("key") or page.url, refusal.reason, refusal.detail, url=page.url, seed=meta.get("seed")
                )
            return
        wanted = [record for record in records if record.kind in self.wanted]
        totals = {one: total for one, total in totals.items() if one.kind in self.wanted}
        self.crawler.signals.send_catch_log(listing_read, totals=totals, listing=listing, members=members)
        yield from wanted
        scope = meta.get("scope") or "host"
        links = list(
            followed(page, links, scope=scope, wanted=self.wanted, found=frozenset(record.kind for record in wanted))
        )
        known = self.ledger.known([link.key for link in links if link.key is not None])
        for link in links:
            if link.key is None or link.key not in known:
                yield from self.send(link, self.onward(page, link, scope))

    def onward(self, page: Page, link: Link, scope: str) -> dict[str, Any]:
        """Return what the request of a link on `page` needs to know."""
        same_host = urlsplit(link.url).netloc.lower() == page.response.host
        return {"scope": scope, "resolved": same_host and page.platform is not None}

    def send(self, link: Link, meta: dict[str, Any]) -> Iterator[Request]:
        """Yield the request of `link`, or keep it for the end."""
        request = self.request(link, meta)
        if link.last:
            self.held_back.push(request)
        else:
            yield request

    def request(self, link: Link, meta: dict[str, Any]) -> Request:
        """Return the request of `link`."""
        crawl = {
            **meta,
            "kind": link.kind,
            "optional": link.optional,
            "carry": dict(link.carry),
            "otherwise": link.otherwise,
            "key": link.key and list(link.key),
        }
        statuses = page_class(link.url, self.hosts.known(urlsplit(link.url).netloc.lower())).statuses
        return Request(
            link.url,
            headers=dict(link.headers),
            callback=self.parse,
            errback=self.give_up,
            priority=link.priority,
            meta={
                "crawl": {name: value for name, value in crawl.items() if value},
                "handle_httpstatus_list": sorted(statuses),
            },
        )

    # --- what goes wrong, and the end ---

    def give_up(self, failure: Failure) -> None:
        """Note a request that got no answer."""
        request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        meta, reason = request.meta["crawl"], explain(failure.value, request)
        if meta.get("optional"):
            logger.debug("Not there, which is no loss: %s", reason)
            return
        if meta.get("seed"):
            self.crawler.stats.inc_value("seeds/failed")
            reason = f"the seed {request.url} cannot be crawled: {reason}"
        self.fail(RecordKey(*meta["key"]) if meta.get("key") else request.url, reason, request.url)

    def fail(self, what: RecordKey | str, reason: str, url: str) -> None:
        """Note what could not be fetched."""
        self.crawler.signals.send_catch_log(request_failed, what=what, reason=reason, url=url)

    def refuse(self, what: Any, reason: str, detail: str, *, url: str = "", seed: bool | None = False) -> None:
        """Note a page, or a seed, that is no record."""
        if seed:
            self.crawler.stats.inc_value("seeds/refused")
        what = what if isinstance(what, str) else RecordKey(*what)
        self.crawler.signals.send_catch_log(
            record_refused, what=what, reason=reason, details=[detail], url=url, record=None
        )

    def spider_idle(self) -> None:
        """Look for work; end only when no instance has any."""
        try:
            for request in self.next_requests():
                self.crawler.engine.crawl(request)
            census = self.fleet.rest()
            if census.finished:
                return
            if not census.pending and not census.busy_others:
                self.take_up_held_back()
        except redis.RedisError as exc:
            logger.debug("The store does not answer: %s", exc)
        raise DontCloseSpider

    def take_up_held_back(self) -> None:
        """Send requests that were kept for the end, where their records are still missing."""
        self.fleet.work()
        sent = 0
        while sent < HELD_BACK_AT_ONCE and (request := self.held_back.pop()) is not None:
            key = request.meta["crawl"].get("key")
            if key is None or not self.ledger.known([RecordKey(*key)]):
                self.crawler.engine.crawl(request)
                sent += 1
