"""Downloads by HTTP from public addresses, and from those that a seed or the operator names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import CannotResolveHostError
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.url import add_http_if_no_scheme

from crawler.addresses.guard import AddressRefused, Guard
from crawler.addresses.rule import PORTS, Allowed, address_in, is_public, may_be_a_site, place_of
from crawler.failures import explain
from crawler.frontier.frontier import Frontier
from crawler.frontier.grants import INSTEAD_OF

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)


class GuardedHandler(HTTP11DownloadHandler):
    """Scrapy's, with a guard on what it connects to.

    A request is let through to an address that is not public where its host and port are a seed's. That is found out
    when it was refused, as hosts mostly are public; then it is kept for all instances, for what the seed leads to.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawler = crawler
        self.allowed = Allowed.from_settings(crawler.settings)

    async def download_request(self, request: Request) -> Response:
        """Download.

        Raises:
            AddressRefused: nobody has named the address that it would come from.
        """
        from twisted.internet import reactor  # noqa: PLC0415 - the import installs one

        guard = Guard.of(reactor)
        guard.allowed.add(self.allowed)
        if proxy := request.meta.get("proxy"):
            return await self.download_by(proxy, request)
        try:
            return await super().download_request(request)
        except CannotResolveHostError:
            address = guard.refused.get(place_of(request.url))
            if address is None:
                raise
            await self.check(request, address)
        return await super().download_request(request)

    async def download_by(self, proxy: str, request: Request) -> Response:
        """Download by a proxy, wherever that is: where a name leads to is its business, an address is ours."""
        self.allowed.places.add(place_of(add_http_if_no_scheme(proxy)))
        parts = urlparse_cached(request)
        host = parts.hostname or ""
        address = address_in(host)
        if address and not (is_public(address) or self.allowed.allows(host, parts.port or PORTS["http"], address)):
            await self.check(request, address)
        return await super().download_request(request)

    async def check(self, request: Request, address: str) -> None:
        """Allow the place of a request from now on, if a seed names it.

        Raises:
            AddressRefused: none does.
        """
        where = place_of(request.url)
        host = urlparse_cached(request).hostname or ""
        if not (may_be_a_site(host, address) and await self.is_named(request, where)):
            self.crawler.stats.inc_value("addresses/refused")
            raise AddressRefused(request.url, host, address)
        self.allowed.places.add(where)

    async def is_named(self, request: Request, where: str) -> bool:
        """Tell whether a seed names the place of a request, here or in another instance, and keep that for all."""
        named = self.names(request, where)
        if Frontier.is_used(self.crawler):
            frontier = Frontier.of(self.crawler)
            verb = "SADD" if named else "SISMEMBER"
            return bool(await frontier.execute(verb, frontier.keys.private, where)) or named
        return named

    def names(self, request: Request, where: str) -> bool:
        """Tell whether the user has asked for the place of a request, or for what its robots.txt is needed for."""
        asker: Request = request.meta.get(INSTEAD_OF, request)
        crawl = asker.meta.get("crawl")
        seed = crawl.get("seed") if isinstance(crawl, dict) else None
        if seed and place_of(seed) == where:
            return True
        return self.is_first(asker) and place_of(asker.url) == where

    def is_first(self, request: Request) -> bool:
        """Tell whether a request is one that the crawl began with, as no site could have made it."""
        return bool(request.meta.get("is_start_request")) and "redirect_urls" not in request.meta


class TypedHandler(GuardedHandler):
    """For commands whose requests a person types."""

    async def check(self, request: Request, address: str) -> None:
        """Allow the place of a request, or say why not, as Scrapy's own commands would say nothing.

        Raises:
            AddressRefused: it was not typed.
        """
        try:
            await super().check(request, address)
        except AddressRefused as exc:
            logger.error("%s", explain(exc, request))  # noqa: TRY400 - a sentence for the user, no traceback
            raise

    def is_first(self, request: Request) -> bool:
        """Tell whether a request is as it was typed."""
        return "redirect_urls" not in request.meta
