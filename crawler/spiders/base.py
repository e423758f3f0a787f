"""What both spiders share: from a seed to requests, and from a response to records and links."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import redis
from scrapy import Request
from scrapy.exceptions import CloseSpider, DontCloseSpider

from crawler.errors import NotARecord
from crawler.failures import explain
from crawler.items import Record, RecordKey
from crawler.pages import PLATFORMS, page_class, page_for
from crawler.pages.base import Link, Page
from crawler.signals import listing_read, record_refused, request_failed, store_lost
from crawler.spiders.replies import fetch, reply_of
from crawler.spiders.scope import followed
from crawler.spiders.seeded import SeededSpider

if TYPE_CHECKING:
    from scrapy.http import Response as ScrapyResponse
    from twisted.python.failure import Failure

LOOKED_AT_AT_ONCE = 1_000
"""Kept requests that are looked at together; most are known by then, and the reactor must not wait for long."""
HELD_BACK_AT_ONCE = 8
"""Requests that were kept for the end and are taken up together."""


logger = logging.getLogger(__name__)


class BaseSpider(SeededSpider):
    """Reads pages of any site within the scope and yields the wanted records."""

    # --- where to begin ---

    def seed_requests(self, url: str, scope: str | None) -> Iterator[Request]:
        """Yield the requests of a seed: the page that it names, unless its host's software is known by now."""
        meta = {"scope": scope, "seed": url}
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
        links = tuple(replace(link, again=link.url == url) for link in links)
        seed = meta.get("seed") if len(links) == 1 else None
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
        if meta.get("platform") not in {None, platform}:
            logger.debug("Left alone, as it does not run %s: %s", meta["platform"], reply.base)
            return
        if platform and not meta.get("resolved"):
            results = self.start_on(platform, reply.url, meta)
        elif reply.status in {404, 410} and meta.get("otherwise"):
            results = iter([self.request(Link(meta["otherwise"], "user"), meta)])
        else:
            page = page_for(reply, platform)
            while (link := page.wants()) is not None:
                page.add(await fetch(self.crawler, link))
            results = self.read(page, meta)
        try:
            for result in results:
                yield result
        except redis.RedisError as exc:
            self.crawler.signals.send_catch_log(store_lost, error=exc)
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
            "platform": link.platform,
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
            dont_filter=link.again,
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
            reason = f"the seed {meta['seed']} cannot be crawled: {reason}"
        self.fail(RecordKey(*meta["key"]) if meta.get("key") else request.url, reason, request.url)

    def fail(self, what: RecordKey | str, reason: str, url: str) -> None:
        """Note what could not be fetched."""
        self.crawler.signals.send_catch_log(request_failed, what=what, reason=reason, url=url)

    def refuse(self, what: Any, reason: str, detail: str, *, url: str = "", seed: str | None = None) -> None:
        """Note a page, or a seed as it was given, that is no record."""
        if seed:
            self.crawler.stats.inc_value("seeds/refused")
            detail = detail if seed in detail else f"the seed {seed} is {detail}"
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
            self.crawler.signals.send_catch_log(store_lost, error=exc)
        raise DontCloseSpider

    def take_up_held_back(self) -> None:
        """Send requests that were kept for the end, where their records are still missing."""
        self.fleet.work()
        sent = 0
        for _ in range(LOOKED_AT_AT_ONCE):
            if sent == HELD_BACK_AT_ONCE or (request := self.held_back.pop()) is None:
                break
            key = request.meta["crawl"].get("key")
            if key is None or not self.ledger.known([RecordKey(*key)]):
                self.crawler.engine.crawl(request)
                sent += 1
