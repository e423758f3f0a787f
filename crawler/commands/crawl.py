"""`scrapy crawl`: Scrapy's own, with arguments checked before it starts, and exit codes that tell how it ended."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.crawler import Crawler, CrawlerProcessBase
from scrapy.exceptions import UsageError

from crawler.checks import check_feeds, check_goes_on_in_a_feed, check_start
from crawler.errors import CrawlOver, SeedError, SettingsError, StoreError
from crawler.fleet.leash import crawl_of_fleet, hold_leash
from crawler.frontier.frontier import Frontier
from crawler.interrupts import Interrupted, interrupt_at_once, note_signals, repeat_signals, stop_once_running
from crawler.seeds import asks_anew, check_once, describe
from crawler.spiders.seeded import SeededSpider
from crawler.terse import Terse

logger = logging.getLogger(__name__)

STOPPED_EARLY = frozenset({
    *("no_seeds", "bad_seeds", "seeds_unread", "queue_lost", "start_error", "feed_failed"),
    *("quota", "bad_key"),
})  # fmt: skip
"""Close reasons after which the crawl has not done what was asked."""
STOPPED_AS_ASKED = frozenset({"shutdown", "drained", "max_pages"})
"""Close reasons of an instance that has ended when it should, whatever the crawl has met with before: systemd and
others who stop it would take that for a failed stop."""
TROUBLES = (
    *("seeds/failed", "seeds/refused", "spider_exceptions/count"),
    *("frontier/not_queued", "frontier/dead_letters"),
)
"""Statistics that say the same at the end of a crawl, where they are not 0."""
FEED_FAILED = "feedexport/failed_count/"
"""Before the class of a feed that Scrapy could not store, in the statistics."""

ARGUMENTS = """
arguments of the spiders users and videos, each as -a NAME=VALUE:
  url=URL[,URL…]     an instance, a user, a channel or a video; with or without
                     https://
  seeds=FILE         one seed a line (txt), a column url (csv), a key url
                     (jsonl); - for standard input
  scope=SCOPE        seed, host or web: what is asked for, all of its host, all
                     that it leads to (default: seed for one user or video of a
                     known site, else host)
  records=KINDS      user, video or user,video (default: the spider's own)
  max_per_user=N     take N videos of each user, those that stand first in the
                     user's listing (default: 0, all)
  max_pages=N        stop this instance after N pages; the next start goes on
                     (default: 0, no limit)
  every=TIME         visit pages again after 30m, 6h, 7d, or as often as each
                     is worth it (auto); write what has changed; never lets
                     such a crawl end
  provenance=1       say in each record which part of its page told each field
  anew=1             drop what an interrupted crawl has left, and begin anew
  wait=1             stay for seeds to come when all is done, until Ctrl-C or
                     scrapy drain

examples:
  scrapy crawl users -a url=https://peertube.example -O users.jsonl
  scrapy crawl videos -a url=peertube.example/@alice -O alice.jsonl
  scrapy crawl users -a url=https://peertube.example -a every=6h -o users.jsonl
  scrapy crawl videos -a seeds=channels.txt \\
      -s REDIS_URL=redis://queue.example:6379 -o videos.jsonl
"""
EXIT_CODES = """
exit codes: 0 done (the summary says how complete) or stopped by you, 1 done
and a seed failed, or a fault or the loss of the store or the feed stopped it,
2 wrong arguments
"""


class Command(Terse, CrawlCommand):
    """Runs one instance of a spider."""

    def long_desc(self) -> str:
        """Return what `--help` says first."""
        return "Run an instance of a spider: start the same line in several terminals, and they share one queue."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add Scrapy's options, and the spiders' arguments to the help."""
        super().add_options(parser)
        is_ours = self.settings is not None and "crawler.spiders" in self.settings.getlist("SPIDER_MODULES")
        parser.epilog = ARGUMENTS + EXIT_CODES if is_ours else EXIT_CODES

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the options.

        Raises:
            UsageError: one cannot work.
        """
        given = opts.spargs  # of which Scrapy makes a dict
        super().process_options(args, opts)
        try:
            check_once(given)
        except SeedError as exc:
            raise UsageError(str(exc), print_help=False) from exc

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the spider.

        Raises:
            UsageError: an argument cannot work.
        """
        if len(args) != 1:
            raise UsageError("name one spider, such as: scrapy crawl users -a url=https://peertube.example")
        if self.crawler_process is None or self.settings is None:
            raise UsageError("scrapy crawl runs inside the project's folder")
        hold_leash()
        interrupt_at_once()
        try:
            entered = self.enter(self.crawler_process, args[0], opts.spargs)
        except (SettingsError, StoreError) as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except CrawlOver as exc:
            logger.info("%s", exc)
            return
        except Interrupted as exc:
            logger.info("Stopped by %s before anything was taken: the next start goes on", exc)
            return
        if entered is None:
            self.exitcode = 1
            return
        crawler, asked_to_stop = entered
        stop_once_running(crawler)
        self.crawler_process.crawl(crawler, **opts.spargs)
        repeat_signals(asked_to_stop)
        self.crawler_process.start()
        self.exitcode = self.exit_code(crawler.stats.get_stats()) if not self.crawler_process.bootstrap_failed else 1

    def enter(
        self, process: CrawlerProcessBase, name: str, arguments: Mapping[str, str]
    ) -> tuple[Crawler, list[int]] | None:
        """Check all, and enter the crawl: whatever may wait long waits here.

        Returns:
            What is to run, and the list in which signals to stop are noted from now on; None where there is nothing
            to begin with, which has been told.

        Raises:
            UsageError: an argument cannot work.
            SettingsError: the same, of a setting, or another crawl is in the way.
            StoreError: Redis, or the embedded store, does not do what it should.
            CrawlOver: the crawl that this instance was started for is finished.
            Interrupted: this instance is to end, and at no crawl.
        """
        if name not in (names := process.spider_loader.list()):
            raise UsageError(f"there is no spider {name}: there are {', '.join(names)}.", print_help=False)
        spider = process.spider_loader.load(name)
        missing = check_start(process.settings, spider, arguments, crawl_of_fleet())
        if missing is not None:
            sys.stderr.write(f"{missing}\n")
            return None
        check_feeds(process.settings)
        check_goes_on_in_a_feed(process.settings, spider, anew=asks_anew(arguments))
        crawler = self._create_crawler(name)
        if not issubclass(spider, SeededSpider):  # whose seeds are its own affair: it enters when it opens
            return crawler, note_signals()
        frontier = Frontier.of(crawler)
        try:
            frontier.join(describe(arguments), anew=asks_anew(arguments), crawl=crawl_of_fleet())
            return crawler, note_signals()
        except Interrupted:
            frontier.withdraw()
            raise

    def exit_code(self, stats: dict[str, object]) -> int:
        """Return 0 when the instance did what was asked, else 1."""
        reason = stats.get("finish_reason")
        unfit = reason in STOPPED_EARLY or any(name.startswith(FEED_FAILED) for name in stats)
        met_trouble = reason not in STOPPED_AS_ASKED and any(stats.get(trouble) for trouble in TROUBLES)
        return 1 if unfit or met_trouble else 0
