"""Joins seeds that one request can answer: videos of a site whose API takes many ids at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapy import Request

    from crawler.pages.base import Link, Platform

Make = Callable[["Link", dict[str, Any]], "Request"]
MOST_WAITING = 1000
"""Requests that are kept back at most, as seeds may each have data of their own, which are not joined."""
OF_ONE = frozenset({"kind", "key", "seed"})
"""Parts of a request's meta that differ between seeds which can all the same be asked for together."""


class Batches:
    """Keeps requests back until there are enough for one that asks for all of them.

    Args:
        sites: those that may join some, by name.
        make: makes the request of a link, given what it is to know.
    """

    def __init__(self, sites: Mapping[str, Platform], make: Make) -> None:
        self.sites = [site for site in sites.values() if site.batch > 1]
        self.make = make
        self.waiting: dict[tuple[Platform, str], list[Request]] = {}

    def add(self, request: Request) -> Iterator[Request]:
        """Yield what can be sent now that this one has come."""
        site = next((site for site in self.sites if site.joined([request.url])), None)
        if site is None:
            yield request
            return
        shared = {name: value for name, value in request.meta["crawl"].items() if name not in OF_ONE}
        group = (site, json.dumps([shared, request.priority], sort_keys=True))
        self.waiting.setdefault(group, []).append(request)
        if len(self.waiting[group]) >= site.batch:
            yield self.join(site, self.waiting.pop(group))
        elif sum(map(len, self.waiting.values())) > MOST_WAITING:
            yield from self.rest()

    def rest(self) -> Iterator[Request]:
        """Yield what has been kept back."""
        for group in list(self.waiting):
            yield self.join(group[0], self.waiting.pop(group))

    def join(self, site: Platform, requests: list[Request]) -> Request:
        """Return one request for several."""
        link = site.joined([request.url for request in requests])
        if link is None or len({request.url for request in requests}) == 1:
            return requests[0]
        first: dict[str, Any] = requests[0].meta["crawl"]
        seed = f"{first.get('seed')} and {len(requests) - 1} more"
        return self.make(link, {**first, "seed": seed})
