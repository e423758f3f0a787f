"""What both spiders share: from a seed to requests, and from a response to records and links."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import CloseSpider

from crawler.errors import Exhausted, NotARecord, QueueLost
from crawler.failures import explain
from crawler.frontier.deliveries import GivenBack
from crawler.frontier.ledger import member
from crawler.items import Record, RecordKey
from crawler.pages import page_class, page_for
from crawler.pages.base import Link, Listing, Page
from crawler.pages.ytdlp import InfoPage
from crawler.seeds import Seed
from crawler.signals import listing_read, record_refused, request_failed
from crawler.spiders.quota import Reading, is_check
from crawler.spiders.replies import fetch, reply_of
from crawler.spiders.scope import followed
from crawler.spiders.seeded import SeededSpider

if TYPE_CHECKING:
    from scrapy.http import Response as ScrapyResponse
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)


class BaseSpider(SeededSpider):
    """Reads pages of any site within the scope and yields the wanted records."""

    # --- where to begin ---

    def seed_requests(self, seed: Seed, scope: str | None) -> Iterator[Request]:
        """Yield the requests of a seed: the page that it names, unless its host's software is known by now."""
        meta = {"scope": scope, "seed": seed.url, "seed_meta": seed.meta, "priority": seed.priority}
        if platform := self.hosts.known(urlsplit(seed.url).netloc.lower()):
            yield from self.start_on(platform, seed.url, meta, again=False)
        else:
            yield self.request(Link(seed.url, "listing"), meta)

    def start_on(self, platform: str, url: str, meta: dict[str, Any], *, again: bool = True) -> Iterator[Request]:
        """Yield where to begin on a host whose software is known; `again` where `url` itself has been fetched."""
        try:
            links = self.sites[platform].start(url)
        except NotARecord as refusal:
            self.refuse(url, refusal.reason, refusal.detail, seed=meta.get("seed"))
            return
        scope = meta.get("scope") or "seed"
        if len(links) > 1 and scope == "seed":  # a whole host is asked for
            scope = "host"
        links = tuple(replace(link, again=again and link.url == url) for link in links)
        seed = meta.get("seed") if len(links) == 1 else None
        for link in links:
            if self.max_per_user and is_check(link, self.wanted):
                continue
            if len(links) == 1 or scope == "web" or not link.outward:
                yield self.request(link, {"scope": scope, "seed": seed, "resolved": True, **inherited(meta)})

    def begins(self, platform: str, url: str) -> bool:
        """Tell whether `url` is itself where to begin for what it names, so that it need not be fetched again."""
        try:
            return [link.url for link in self.sites[platform].start(url)] == [url]
        except NotARecord:
            return False

    # --- pages ---

    async def parse(self, response: ScrapyResponse, **_: Any) -> AsyncIterator[Record | Request]:
        """Read one response; without the queue it is left for another time."""
        self.pages += 1
        self.rounds.begin(response, response.request)
        if response.status == HTTPStatus.NOT_MODIFIED:  # only who asks for changes is told so
            self.crawler.stats.inc_value("freshness/not_modified")
            return
        try:
            async for result in self.results(response):
                yield result
        except QueueLost as exc:
            logger.debug("Left for another time, as %s: %s", exc, response.url)
            return
        except Exhausted as exc:
            self.frontier.end(exc.reason, str(exc))
            raise GivenBack(str(exc)) from exc
        if self.max_pages and self.pages >= self.max_pages:
            raise CloseSpider("max_pages")

    async def results(self, response: ScrapyResponse) -> AsyncIterator[Record | Request]:
        """Yield the records of a response, and the requests that it leads to."""
        meta = response.meta["crawl"]
        reply = reply_of(response, meta.get("carry"))
        platform = await self.hosts.identify(reply)
        if meta.get("platform") not in {None, platform}:
            self.rounds.forget()
            logger.debug("Left alone, as it does not run %s: %s", meta["platform"], reply.base)
            return
        if platform and not meta.get("resolved") and not (meta.get("scope") and self.begins(platform, reply.url)):
            self.rounds.forget()
            for request in self.start_on(platform, reply.url, meta):
                yield request
        elif reply.status in {404, 410} and meta.get("otherwise"):
            self.rounds.forget()
            yield self.request(Link(meta["otherwise"], "user"), meta)
        else:
            page = page_for(reply, platform)
            while (link := page.wants()) is not None:
                self.rounds.is_composed()
                page.add(await fetch(self.crawler, link))
            if not platform:
                page = await self.extracted(page, meta)
            async for result in self.read(page, meta):
                yield result

    async def extracted(self, page: Page, meta: dict[str, Any]) -> Page:
        """Return a page as yt-dlp reads it, where that tells more; where it cannot, that is told of the page."""
        page, why = await self.extractors.better(page, wanted=self.wanted, follows=meta.get("scope") != "seed")
        if isinstance(page, InfoPage):
            self.rounds.is_composed()
        if isinstance(why, NotARecord):
            self.refuse(meta.get("key") or page.url, why.reason, why.detail, url=page.url, seed=meta.get("seed"))
        elif why is not None:
            self.rounds.fails()
            if meta.get("seed"):
                self.crawler.stats.inc_value("seeds/failed")
            self.fail(RecordKey(*meta["key"]) if meta.get("key") else page.url, str(why), page.url)
        return page

    async def read(self, page: Page, meta: dict[str, Any]) -> AsyncIterator[Record | Request]:
        """Yield the wanted records of a page and the requests of the links to follow."""
        try:
            records = list(page.records())
            links = list(page.links())
            refusals = list(page.refusals())
            totals, listing = page.totals(), page.listing()
            members = list(page.members()) if listing is not None else []
        except NotARecord as refusal:
            self.rounds.fails(optional=bool(meta.get("optional")))
            if meta.get("optional"):
                logger.debug("Not there, which is no loss: %s", page.url)
            elif meta.get("resolved") and meta["kind"] == "listing":
                self.fail(page.url, f"{page.url} lists nothing ({refusal})", page.url)
            else:
                self.refuse(
                    meta.get("key") or page.url, refusal.reason, refusal.detail, url=page.url, seed=meta.get("seed")
                )
            return
        scope = meta.get("scope") or "host"
        reading = Reading(listing, members, links, records)
        reading = await self.quota.limit(page, reading, scope=scope, wanted=self.wanted)
        members, links = reading.members, reading.links
        wanted = [record for record in reading.records if record.kind in self.wanted]
        lists = listing is not None or meta["kind"] == "listing"
        self.rounds.reads(page.response, wanted, [link.url for link in links], lists=lists)
        totals = {one: total for one, total in totals.items() if one.kind in self.wanted}
        self.crawler.signals.send_catch_log(listing_read, totals=totals, listing=listing, members=members)
        for key, why in await self.quota.refusals(refusals) if meta.get("limited") else refusals:
            self.refuse(key, why.reason, why.detail, url=page.url, seed=key.id if meta.get("seed") else None)
        for record in wanted:
            record.seed_meta = meta.get("seed_meta")
            if self.provenance:
                record.provenance = page.sources(record)
            yield record
        found, had = frozenset(record.kind for record in wanted), frozenset(meta.get("had", ()))
        links = list(followed(page, links, scope=scope, wanted=self.wanted, found=found, had=had))
        known = await self.known([link.key for link in links if link.key is not None])
        await self.hosts.look_up(urlsplit(link.url).netloc.lower() for link in links)
        onward = {**inherited(meta), **self.onward(listing, scope, had | found)}
        host = page.response.host if page.platform is not None else None
        for link in links:
            if link.key is None or link.key not in known:
                yield self.request(link, {**onward, "resolved": urlsplit(link.url).netloc.lower() == host})

    async def known(self, keys: Sequence[RecordKey]) -> set[RecordKey]:
        """Return those of `keys` whose records are there."""
        if not keys:
            return set()
        there = await self.frontier.execute("SMISMEMBER", self.frontier.keys.recorded, *map(member, keys))
        return {key for key, is_there in zip(keys, there, strict=True) if is_there}

    def onward(self, listing: Listing | None, scope: str, had: frozenset[str]) -> dict[str, Any]:
        """Return what the requests of all links on a page need to know; from a seed also what pages so far `had`."""
        onward: dict[str, Any] = {"scope": scope}
        if scope == "seed" and listing is None:
            onward["had"] = sorted(had)
        if self.quota.applies_to(listing):
            onward["limited"] = True
        return onward

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
            method=link.method,
            body=link.body,
            headers=dict(link.headers),
            callback=self.parse,
            errback=self.give_up,
            priority=link.priority + (meta.get("priority") or 0),
            dont_filter=link.again,
            meta={
                "crawl": {name: value for name, value in crawl.items() if value},
                "handle_httpstatus_list": sorted(statuses),
                **({"frontier": {"last": True, "unless": member(link.key) if link.key else ""}} if link.last else {}),
            },
        )

    # --- what goes wrong ---

    def give_up(self, failure: Failure) -> None:
        """Note a request that got no answer."""
        request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        meta, reason = request.meta["crawl"], explain(failure.value, request)
        self.rounds.begin(failure, request)
        self.rounds.fails(optional=bool(meta.get("optional")))
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


def inherited(meta: dict[str, Any]) -> dict[str, Any]:
    """Return what a request hands on to all that it leads to."""
    return {name: meta[name] for name in ("seed_meta", "priority", "had") if meta.get(name)}
