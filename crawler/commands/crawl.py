"""`scrapy crawl`: Scrapy's own, with arguments checked before it starts, and exit codes that tell how it ended."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.crawler import Crawler, CrawlerProcessBase
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from crawler.errors import SettingsError, StoreError
from crawler.feeds.paths import local_path
from crawler.frontier.connection import ask, connect
from crawler.frontier.frontier import Frontier
from crawler.frontier.keys import Keys
from crawler.frontier.options import Options
from crawler.frontier.standing import other_crawl
from crawler.interrupts import Interrupted, interrupt_at_once, note_signals, repeat_signals
from crawler.seeds import check_arguments, describe, parse_anew
from crawler.spiders.seeded import SeededSpider

logger = logging.getLogger(__name__)

STOPPED_EARLY = frozenset({"no_seeds", "bad_seeds", "seeds_unread", "queue_lost", "start_error", "feed_failed"})
"""Close reasons after which the crawl has not done what was asked."""
TROUBLES = (
    *("seeds/failed", "seeds/refused", "spider_exceptions/count"),
    *("frontier/not_queued", "frontier/dead_letters"),
)
"""Statistics that say the same where they are not 0."""

ARGUMENTS = """
arguments of the spiders users and videos, each as -a NAME=VALUE:
  url=URL[,URL…]     an instance, a user, a channel or a video; with or without https://
  seeds=FILE         one seed a line (txt), a column url (csv), a key url (jsonl); - for standard input
  scope=SCOPE        seed, host or web: what is asked for, all of its host, all that it leads to
                     (default: seed for one user or video of a known site, else host)
  records=KINDS      user, video or user,video (default: the spider's own)
  max_pages=N        stop this instance after N pages; the next start goes on
  anew=1             drop what an interrupted crawl has left, and begin anew

examples:
  scrapy crawl users -a url=https://peertube.example -O users.jsonl
  scrapy crawl videos -a url=peertube.example/@alice -O alice.jsonl
  scrapy crawl videos -a seeds=channels.txt -s REDIS_URL=redis://queue.example:6379 -o videos.jsonl

exit codes: 0 done (the summary says how complete) or stopped by you, 1 a seed failed, or a fault or the
loss of the store or the feed stopped it, 2 wrong arguments
"""


class Command(CrawlCommand):
    """Runs one instance of a spider."""

    def long_desc(self) -> str:
        """Return what `--help` says first."""
        return "Run an instance of a spider: start the same line in several terminals, and they share one queue."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add Scrapy's options, and the spiders' arguments to the help."""
        super().add_options(parser)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = ARGUMENTS

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the spider.

        Raises:
            UsageError: an argument cannot work.
        """
        if len(args) != 1:
            raise UsageError("name one spider, such as: scrapy crawl users -a url=https://peertube.example")
        if self.crawler_process is None or self.settings is None:
            raise UsageError("scrapy crawl runs inside the project's folder")
        interrupt_at_once()
        try:
            crawler, asked_to_stop = self.enter(self.crawler_process, args[0], opts.spargs)
        except (SettingsError, StoreError) as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except Interrupted as exc:
            logger.info("Stopped by %s before anything was taken: the next start goes on", exc)
            return
        self.crawler_process.crawl(crawler, **opts.spargs)
        repeat_signals(asked_to_stop)
        self.crawler_process.start()
        self.exitcode = self.exit_code(crawler.stats.get_stats()) if not self.crawler_process.bootstrap_failed else 1

    def enter(self, process: CrawlerProcessBase, name: str, arguments: Mapping[str, str]) -> tuple[Crawler, list[int]]:
        """Check all, and enter the crawl: whatever may wait long waits here.

        Returns:
            What is to run, and the list in which signals to stop are noted from now on.

        Raises:
            UsageError: an argument cannot work.
            SettingsError: the same, of a setting, or another crawl is in the way.
            StoreError: Redis, or the embedded store, does not do what it should.
            Interrupted: this instance is to end, and at no crawl.
        """
        if name not in (names := process.spider_loader.list()):
            raise UsageError(f"there is no spider {name}: there are {', '.join(names)}.", print_help=False)
        if issubclass(process.spider_loader.load(name), SeededSpider):
            check_arguments(arguments)
        settings, asked, anew = process.settings, describe(arguments), parse_anew(arguments.get("anew", ""))
        Options.from_settings(settings)
        server = connect(settings)
        if not anew and (in_the_way := ask(settings, server, partial(other_crawl, server, Keys(name), asked))):
            raise UsageError(in_the_way, print_help=False)
        check_feeds(settings)
        crawler = self._create_crawler(name)
        if not Frontier.is_used(crawler):
            return crawler, note_signals()
        frontier = Frontier.of(crawler)
        try:
            frontier.join(asked, anew=anew)
            return crawler, note_signals()
        except Interrupted:
            frontier.withdraw()
            raise

    def exit_code(self, stats: dict[str, object]) -> int:
        """Return 0 when the crawl did what was asked, else 1."""
        unfit = stats.get("finish_reason") in STOPPED_EARLY or any(stats.get(trouble) for trouble in TROUBLES)
        return 1 if unfit else 0


def check_feeds(settings: BaseSettings) -> None:
    """Check that the files of the feeds can be written, before anything is fetched for them.

    Raises:
        UsageError: one cannot.
    """
    for uri in settings.getdict("FEEDS"):
        local = local_path(str(uri))
        if local is None or "%" in local:  # placeholders are filled in when the spider opens
            continue
        path = Path(local)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("ab").close()
        except OSError as exc:
            raise UsageError(f"-o {path} cannot be written ({exc}): pass another file.", print_help=False) from exc
