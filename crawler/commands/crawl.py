"""`scrapy crawl`: Scrapy's own, with arguments checked before it starts, and exit codes that tell how it ended."""

from __future__ import annotations

import argparse

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError

from crawler.errors import SeedError, StoreError
from crawler.frontier.connection import connect
from crawler.seeds import check_arguments

STOPPED_EARLY = frozenset({"no_seeds", "bad_seeds", "store_lost", "start_error"})
"""Close reasons after which the crawl has not done what was asked."""

ARGUMENTS = """
arguments of the spiders users and videos, each as -a NAME=VALUE:
  url=URL[,URL…]     an instance, a user, a channel or a video; with or without https://
  seeds=FILE         one seed a line (txt), a column url (csv), a key url (jsonl); - for standard input
  scope=SCOPE        seed, host or web: what is asked for, all of its host, all that it leads to
                     (default: seed for one user or video of a known site, else host)
  records=KINDS      user, video or user,video (default: the spider's own)
  max_pages=N        stop this instance after N pages; the next start goes on

examples:
  scrapy crawl users -a url=https://peertube.example -O users.jsonl
  scrapy crawl videos -a url=peertube.example/@alice -O alice.jsonl
  scrapy crawl videos -a seeds=channels.txt -s REDIS_URL=redis://queue.example:6379 -o videos.jsonl

exit codes: 0 complete or stopped by you, 1 a seed failed or the crawl could not go on, 2 wrong arguments
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
        try:
            check_arguments(opts.spargs)
            connect(self.settings)
        except SeedError as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except StoreError as exc:
            raise UsageError(str(exc), print_help=False) from exc
        crawler = self._create_crawler(args[0])
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        self.exitcode = self.exit_code(crawler.stats.get_stats()) if not self.crawler_process.bootstrap_failed else 1

    def exit_code(self, stats: dict[str, object]) -> int:
        """Return 0 when the crawl did what was asked, else 1."""
        unfit = stats.get("finish_reason") in STOPPED_EARLY or stats.get("seeds/failed") or stats.get("seeds/refused")
        return 1 if unfit else 0
