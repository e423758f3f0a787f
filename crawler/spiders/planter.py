"""Makes of seeds the requests that a spider's start would put into the queue, while no instance need run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.errors import NotSerializable, SeedError
from crawler.frontier.codec import Codec
from crawler.frontier.handover import link_of
from crawler.frontier.queue import NewLink
from crawler.pages import configured
from crawler.seeds import Seed
from crawler.signals import record_refused
from crawler.spiders.hosts import PROBES_AT_ONCE, Hosts

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from crawler.frontier.keys import Keys
    from crawler.spiders.seeded import SeededSpider
    from crawler.stopping import Stopping

SCHEMES_KEPT = 100_000
"""Hosts whose scheme is remembered."""
WATCH_S = 0.5
"""Seconds between two looks at how many have answered."""


class Planter:
    """Plants the seeds of one spider. Blocking.

    Args:
        spidercls: whose seeds they are.
        settings: those of the command.
        ask: runs a command of Redis, where the fleet's knowledge of hosts is.
        keys: of the crawl.
        stopping: cuts short what waits for hosts.
        scope: of the seeds; empty for the spider's own rule.
        scheme: of seeds that name none; empty to ask their hosts.
    """

    def __init__(  # noqa: PLR0913 - what a start consists of
        self,
        spidercls: type[SeededSpider],
        settings: BaseSettings,
        ask: Callable[..., Any],
        keys: Keys,
        stopping: Stopping,
        *,
        scope: str = "",
        scheme: str = "",
    ) -> None:
        self.ask, self.keys, self.stopping, self.scheme = ask, keys, stopping, scheme
        self.crawler = Crawler(spidercls, settings.copy())  # type: ignore[arg-type]  # a copy is of the same class
        self.crawler.stats = MemoryStatsCollector(self.crawler)
        fingerprinter = load_object(self.crawler.settings["REQUEST_FINGERPRINTER_CLASS"])
        self.fingerprint = build_from_crawler(fingerprinter, self.crawler).fingerprint
        self.longest = self.crawler.settings.getint("URLLENGTH_LIMIT")
        self.spider = spidercls(scope=scope)
        self.spider.crawler = self.crawler
        self.spider.sites = configured(self.crawler.settings)
        self.codec = Codec(self.spider)
        self.refusal = ""
        self.crawler.signals.connect(self.refused, record_refused)
        self.schemes: dict[str, str] = {}

    def prepare(self, seeds: Sequence[Seed], watch: Callable[[int, int], None]) -> list[Seed]:
        """Return the seeds with their schemes, and learn what the fleet knows of their hosts.

        Args:
            seeds: as they were given.
            watch: called now and then while hosts are asked, with how many have answered, and how many are asked.
        """
        self.spider.hosts = hosts = Hosts(self, no_fetch)
        hosts.schemes = self.schemes
        guessed = {urlsplit(seed.url).netloc: seed for seed in seeds if seed.guessed}
        if self.scheme:
            self.schemes |= dict.fromkeys(guessed, self.scheme)
        with closing(asyncio.new_event_loop()) as loop:
            unknown = [seed for host, seed in guessed.items() if host not in self.schemes]
            if unknown:
                # By default a few threads look up names, which takes seconds each where nobody answers.
                loop.set_default_executor(ThreadPoolExecutor(PROBES_AT_ONCE))
                with self.stopping.heard_at_once():
                    try:
                        loop.run_until_complete(probe(hosts, unknown, watch))
                    finally:
                        loop.run_until_complete(given_up(asyncio.all_tasks(loop)))
            prepared = [with_scheme(seed, self.schemes) for seed in seeds]
            loop.run_until_complete(hosts.look_up(urlsplit(seed.url).netloc.lower() for seed in prepared))
        while len(self.schemes) > SCHEMES_KEPT:
            del self.schemes[next(iter(self.schemes))]
        return prepared

    def plant(self, seed: Seed) -> list[NewLink]:
        """Return the requests of a seed that is prepared.

        Raises:
            SeedError: it leads to none.
        """
        self.refusal = ""
        try:
            requests = list(self.spider.seed_requests(seed, self.spider.scope))
            for request in requests:
                if self.longest and len(request.url) > self.longest:
                    raise SeedError(
                        f"{seed.url:.100}… has more than the {self.longest:,} characters of URLLENGTH_LIMIT."
                    )
                request.meta.setdefault("is_start_request", True)  # as Scrapy does
            links = [
                link_of(request, self.codec, None if request.dont_filter else self.fingerprint(request))
                for request in requests
            ]
        except NotSerializable as exc:
            raise SeedError(str(exc)) from exc
        if not links:
            raise SeedError(self.refusal or f"{seed.url} leads to nothing that can be crawled: pass a user or a host.")
        return links

    def refused(self, details: Sequence[str]) -> None:
        """Note why a seed is none."""
        self.refusal = "; ".join(details)

    async def execute(self, *command: Any) -> Any:
        """Ask Redis, for what the fleet knows of hosts."""
        return self.ask(*command)

    def note(self, *command: Any) -> None:
        """Tell Redis."""
        self.ask(*command)


async def no_fetch(_link: object) -> None:
    """Fetch nothing: what a host runs, the crawl finds out."""


async def probe(hosts: Hosts, seeds: Sequence[Seed], watch: Callable[[int, int], None]) -> None:
    """Learn the schemes of seeds, each of another host that has not been asked."""
    known, asked = len(hosts.schemes), asyncio.ensure_future(hosts.learn_schemes(seeds))
    while not asked.done():
        watch(len(hosts.schemes) - known, len(seeds))
        await asyncio.wait([asked], timeout=WATCH_S)
    await asked


async def given_up(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """End tasks that a Ctrl-C has left."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def with_scheme(seed: Seed, schemes: Mapping[str, str]) -> Seed:
    """Return a seed with the scheme of its host, by host."""
    if not seed.guessed:
        return seed
    parts = urlsplit(seed.url)
    return replace(seed, url=parts._replace(scheme=schemes[parts.netloc]).geturl(), guessed=False)
