"""What has become of a URL in this project's crawls, by what their store holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.exceptions import UsageError
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.errors import NotARecord
from crawler.frontier.connection import ask
from crawler.frontier.fingerprint import folded
from crawler.frontier.keys import Keys, spider_of
from crawler.frontier.queue import text
from crawler.frontier.whereabouts import Candidate, Searcher, Whereabouts
from crawler.items import RecordKey
from crawler.pages import FALLBACK, HOMES, configured
from crawler.pages.base import Link, Platform
from crawler.seeds import KINDS, Seed
from crawler.spiders.replies import request_of

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.crawler import CrawlerProcessBase
    from scrapy.settings import BaseSettings


class Past:
    """Looks for a URL in crawls.

    Args:
        process: makes the spiders' crawlers, which tell requests apart.
        settings: those of the command.
    """

    def __init__(self, process: CrawlerProcessBase | None, settings: BaseSettings) -> None:
        self.process, self.settings, self.sites = process, settings, configured(settings)

    def find(self, server: Redis | None, crawls: Sequence[str], seed: Seed) -> dict[str, Whereabouts]:
        """Return what has become of a URL, by crawl.

        Raises:
            StoreError: Redis cannot be used.
        """
        found: dict[str, Whereabouts] = {}
        for name in crawls:
            if server is None:
                found[name] = Whereabouts("none", f"there is no crawl of {name} here")
                continue
            search = partial(self.search, server, Keys.of(self.settings, name), forms_of(seed))
            found[name] = ask(self.settings, server, search)
        return found

    def search(self, server: Redis, keys: Keys, urls: list[str]) -> Whereabouts:
        """Look for the forms of a URL in a crawl."""
        fingerprint = Fingerprints(self.process, spider_of(keys.crawl))
        found = [one for url in urls for one in requests_of(server, keys, self.sites, url)]
        links = {fingerprint(link): (link, records) for link, records in found}
        candidates = [Candidate(link.url, one, records) for one, (link, records) in links.items()]
        return Searcher(server, keys).find(candidates)


def as_json(found: dict[str, Whereabouts]) -> list[dict[str, Any]]:
    """Return what was found in types of JSON."""
    return [{"crawl": name, **asdict(one)} for name, one in found.items()]


class Fingerprints:
    """Tells requests apart as the instances of a spider do."""

    def __init__(self, process: CrawlerProcessBase | None, spider: str) -> None:
        if process is None:
            raise UsageError("scrapy explain runs inside the project's folder")
        crawler = process.create_crawler(spider)
        fingerprinter = load_object(crawler.settings["REQUEST_FINGERPRINTER_CLASS"])
        self.fingerprinter = build_from_crawler(fingerprinter, crawler)

    def __call__(self, link: Link) -> int:
        """Return the fingerprint of a link's request, as the queue keeps it."""
        return folded(self.fingerprinter.fingerprint(request_of(link)))


def forms_of(seed: Seed) -> list[str]:
    """Return the URLs that a user may mean."""
    return [seed.url, *([seed.url.replace("https://", "http://", 1)] if seed.guessed else [])]


def requests_of(
    server: Redis, keys: Keys, sites: Mapping[str, Platform], url: str
) -> Iterator[tuple[Link, tuple[RecordKey, ...]]]:
    """Yield what a crawl requests for a URL, each with the records that it may give."""
    yield Link(url, "listing"), tuple(RecordKey(kind, FALLBACK.site, url) for kind in KINDS)
    host = urlsplit(url).netloc.lower()
    platform = sites.get(HOMES.get(host) or text(server.hget(keys.platforms, host) or b""))
    try:
        links = platform.start(url) if platform else ()
    except NotARecord:
        return
    for link in links if len(links) == 1 else ():
        records = (link.key,) if link.key else ()
        yield link, records
        if link.otherwise:
            yield Link(link.otherwise, link.kind), records
