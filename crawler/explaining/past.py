"""What has become of a URL in this project's crawls, by what their store holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import UsageError
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.errors import NotARecord
from crawler.frontier.connection import ask
from crawler.frontier.fingerprint import folded
from crawler.frontier.keys import Keys, spider_of
from crawler.frontier.queue import text
from crawler.frontier.whereabouts import Candidate, Searcher, Whereabouts
from crawler.items import RecordKey
from crawler.pages import FALLBACK, HOMES, PLATFORMS
from crawler.seeds import KINDS, Seed

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
        self.process, self.settings = process, settings

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
        links = {link: records for url in urls for link, records in requests_of(server, keys, url)}
        return Searcher(server, keys).find([Candidate(url, fingerprint(url), links[url]) for url in links])


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

    def __call__(self, url: str) -> int:
        """Return the fingerprint of a request, as the queue keeps it."""
        return folded(self.fingerprinter.fingerprint(Request(url)))


def forms_of(seed: Seed) -> list[str]:
    """Return the URLs that a user may mean."""
    return [seed.url, *([seed.url.replace("https://", "http://", 1)] if seed.guessed else [])]


def requests_of(server: Redis, keys: Keys, url: str) -> Iterator[tuple[str, tuple[RecordKey, ...]]]:
    """Yield what a crawl requests for a URL, each with the records that it may give."""
    yield url, tuple(RecordKey(kind, FALLBACK.site, url) for kind in KINDS)
    host = urlsplit(url).netloc.lower()
    platform = PLATFORMS.get(HOMES.get(host) or text(server.hget(keys.platforms, host) or b""))
    try:
        links = platform.start(url) if platform else ()
    except NotARecord:
        return
    for link in links if len(links) == 1 else ():
        records = (link.key,) if link.key else ()
        yield link.url, records
        if link.otherwise:
            yield link.otherwise, records
