"""`scrapy explain`: why a URL has no record."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import UsageError
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.checks import usable
from crawler.errors import NotARecord, SeedError, StoreError
from crawler.frontier.connection import ask
from crawler.frontier.fingerprint import folded
from crawler.frontier.keys import Keys, spider_of
from crawler.frontier.queue import text
from crawler.frontier.whereabouts import Candidate, Searcher, Whereabouts
from crawler.items import RecordKey
from crawler.looking import StoreCommand, print_json, say, store_of
from crawler.pages import FALLBACK, HOMES, PLATFORMS
from crawler.seeds import KINDS, parse_seed

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.crawler import CrawlerProcessBase


NOTES = """
It is looked for among the records, the requests that are pending or in hand,
the dead letters, what was refused or has failed, and at last among all that
was ever requested; the first of them answers. On a host that is known to run
PeerTube, the URLs of its pages and of its API are the same to it.

examples:
  scrapy explain https://peertube.example/w/q6rcyvgNheq69riucSYo6w
  scrapy explain peertube.example/a/alice --spider users --json

exit codes: 0 done, 2 wrong arguments, or Redis cannot be used
"""


class Command(StoreCommand):
    """Says what has become of a URL."""

    notes: ClassVar[str] = NOTES

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] URL"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Say why a URL has no record: waiting, refused, dead, never seen"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument(
            "--spider", metavar="NAME", action="append", default=[], help="look at its crawl only (default: at all)"
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look for the URL.

        Raises:
            UsageError: an argument cannot work, or Redis cannot be used.
        """
        if len(args) != 1:
            raise UsageError("name one URL, such as: scrapy explain https://peertube.example/@alice")
        settings, named = usable(self.settings), self.named(opts.spider)
        urls = forms_of(args[0])
        with store_of(settings) as server:
            found: dict[str, Whereabouts] = {}
            for name in named or self.all_known(server):
                keys = Keys.of(settings, name)
                if server is None:
                    found[name] = Whereabouts("none", f"there is no crawl of {name} here")
                    continue
                search = partial(self.search, server, keys, urls)
                try:
                    found[name] = ask(settings, server, search)
                except StoreError as exc:
                    raise UsageError(str(exc), print_help=False) from exc
        if opts.json:
            print_json(as_json(urls[0], found))
            return
        for name, one in found.items():
            say(f"{name}: {one.text}{f' ({one.url})' if one.url not in {'', urls[0]} else ''}")

    def search(self, server: Redis, keys: Keys, urls: list[str]) -> Whereabouts:
        """Look for the forms of a URL in a crawl."""
        fingerprint = Fingerprints(self.crawler_process, spider_of(keys.crawl))
        links = {link: records for url in urls for link, records in requests_of(server, keys, url)}
        return Searcher(server, keys).find([Candidate(url, fingerprint(url), links[url]) for url in links])


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


def forms_of(word: str) -> list[str]:
    """Return the URLs that a user may mean.

    Raises:
        UsageError: it is none.
    """
    try:
        seed = parse_seed(word)
    except SeedError as exc:
        raise UsageError(str(exc), print_help=False) from exc
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


def as_json(url: str, found: dict[str, Whereabouts]) -> dict[str, Any]:
    """Return what was found as one object."""
    return {"url": url, "answers": [{"crawl": name, **asdict(one)} for name, one in found.items()]}
