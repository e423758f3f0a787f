"""`scrapy collect`: users and videos of a site with one command, progress, and a summary at the end."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from scrapy.exceptions import UsageError

from crawler.checks import usable
from crawler.errors import SeedError, StoreError
from crawler.feeds.noted import feed_name
from crawler.fleet.beginning import look
from crawler.fleet.fleet import Fleet
from crawler.fleet.orders import Order
from crawler.fleet.squad import given_settings
from crawler.frontier.connection import ask, connect, release
from crawler.frontier.keys import Keys
from crawler.frontier.ledger import Ledger
from crawler.frontier.queue import text
from crawler.frontier.standing import other_crawl
from crawler.report import Report, feed_of
from crawler.seeds import asks_anew, check_arguments, check_once, describe
from crawler.terse import Terse

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.crawler import CrawlerProcessBase

SPIDERS = ("users", "videos")
SAMPLE_FOLDER = "sample"
"""Where the records of the sample site go: they are replaced each time."""
SAMPLE_SITE = (sys.executable, "-m", "tests.site", "--until-stdin-closes")

EXAMPLES = """
examples:
  scrapy collect
      the bundled sample site, files in sample/
  scrapy collect https://peertube.example
      all users and videos of an instance
  scrapy collect https://peertube.example -d out -n 2
      two instances of each spider, files in out/

An interrupted run goes on where it was when the same command is started again.
Files that hold what another crawl has found are never replaced: give each site
a folder of its own.
exit codes: 0 done, 1 an instance could not do what was asked, 2 wrong
arguments
"""


class Command(Terse):
    """Starts instances of both spiders and reports on them."""

    requires_project = True
    notes: ClassVar[str] = EXAMPLES
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] [URL …]"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Collect the users and videos of a site to users.jsonl and videos.jsonl"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument(
            "-d",
            "--dir",
            metavar="DIR",
            help=f"folder of the files (default: this one; {SAMPLE_FOLDER}/ for the sample site)",
        )
        parser.add_argument("-n", type=int, default=1, metavar="N", help="instances of each spider (default: 1)")
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="argument of the spiders, such as scope=web",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Collect from the URLs, or from the sample site.

        Raises:
            UsageError: an argument cannot work.
        """
        if opts.n < 1:
            raise UsageError(f"-n {opts.n}: the number of instances must be at least 1", print_help=False)
        check_spiders(self.crawler_process)
        folder = writable_folder(Path(opts.dir or ("." if args else SAMPLE_FOLDER)))
        settings = usable(self.settings)
        try:
            check_arguments(arguments := spider_arguments(args, opts.spargs))
            with contextlib.ExitStack() as stack:
                if not args:  # the sample site is another one each time: nothing to go on with
                    store = stack.enter_context(tempfile.TemporaryDirectory(prefix="crawler-sample-"))
                    settings.set("STORE_DIR", store, priority="cmdline")
                redis_url, server = settings["REDIS_URL"] or "", connect(settings)
                stack.callback(release)
                keys = {spider: Keys.of(settings, spider) for spider in SPIDERS}
                urls = args or [stack.enter_context(sample_site())]
                look_around = partial(what_is_in_the_way, server, keys, arguments, folder if args or opts.dir else None)
                if in_the_way := ask(settings, server, look_around):
                    raise UsageError(in_the_way, print_help=False)
                report = Report({spider: Ledger(server, one) for spider, one in keys.items()}, folder)
                if not asks_anew(arguments):
                    report.going_on()
                found = [
                    ask(settings, server, partial(look, server, keys[order.spider], order))
                    for order in orders(opts, urls, folder)
                ]
                given = [*given_settings(opts), f"STORE_DIR={settings['STORE_DIR']}"]
                fleet = Fleet(settings, server, found, given=given, redis_url=redis_url, logs=folder, screen=report)
                stack.callback(fleet.close)
                report.show_fleet(fleet.squads)
                self.exitcode = fleet.run()
                report.summary()
        except (SeedError, StoreError) as exc:
            raise UsageError(str(exc), print_help=False) from exc


def orders(opts: argparse.Namespace, urls: list[str], folder: Path) -> list[Order]:
    """Return what the spiders are to be; their logs are begun anew."""
    for spider in SPIDERS:
        for number in range(1, opts.n + 1):
            (folder / f"{spider}-{number}.log").unlink(missing_ok=True)
    arguments = (f"url={','.join(urls)}", *opts.spargs)
    return [Order(spider, opts.n, arguments, overwrite=(f"{feed_of(spider, folder)}:jsonl",)) for spider in SPIDERS]


def check_spiders(process: CrawlerProcessBase | None) -> None:
    """Check that the spiders are there.

    Raises:
        UsageError: this is the project of somebody else.
    """
    missing = set(SPIDERS) - set(process.spider_loader.list() if process else ())
    if missing:
        raise UsageError(
            f"scrapy collect starts the spiders {' and '.join(SPIDERS)}, and this project has no "
            f"{' and no '.join(sorted(missing))}: use scrapy crawl SPIDER.",
            print_help=False,
        )


def what_is_in_the_way(
    server: Redis, keys: Mapping[str, Keys], arguments: Mapping[str, str], folder: Path | None
) -> str:
    """Return which other crawls, or what they have found, are in the way; without a folder files are not looked at."""
    asked, anew = describe(arguments), asks_anew(arguments)
    found = [other_crawl(server, one, asked, anew=anew) for one in keys.values()]
    if folder and not any(found):
        found = [others_records(server, one, asked, feed_of(spider, folder)) for spider, one in keys.items()]
    return next(filter(None, found), "")  # of the other spider it would be the same


def others_records(server: Redis, keys: Keys, seeds: str, feed: Path) -> str | None:
    """Return what is to be done where a feed holds something, and not what a crawl of the same `seeds` has found here.

    Its instances are started with -O: a file that the crawl has not noted as its own is emptied by them.
    """
    if not feed.exists() or not feed.stat().st_size:
        return None
    theirs = text(server.hget(keys.control, "seeds") or b"")
    if theirs == seeds and server.hexists(keys.feeds, feed_name(feed)):
        return None
    return f"{feed} holds what another crawl has found: keep it, and pass -d FOLDER for this one, or move it away."


def writable_folder(folder: Path) -> Path:
    """Return `folder`, made where it is missing.

    Raises:
        UsageError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as exc:
        raise UsageError(f"-d {folder} cannot be written to ({exc}): pass another folder.", print_help=False) from exc


def spider_arguments(urls: list[str], words: list[str]) -> dict[str, str]:
    """Return the arguments of the spiders.

    Raises:
        SeedError: one has no `=`, or is given twice.
    """
    check_once(words)
    return dict(map(spider_argument, words)) | ({"url": ",".join(urls)} if urls else {})


def spider_argument(word: str) -> tuple[str, str]:
    """Read NAME=VALUE.

    Raises:
        SeedError: there is no `=`.
    """
    name, equals, value = word.partition("=")
    if not equals:
        raise SeedError(f"-a {word}: pass a name and a value, such as -a scope=web.")
    return name, value


@contextlib.contextmanager
def sample_site() -> Iterator[str]:
    """Run the bundled sample site and give its URL; it ends with this process, however that ends."""
    with subprocess.Popen(SAMPLE_SITE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - fixed words
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url:
            raise UsageError("The sample site did not start: run `python -m tests.site` to see why.", print_help=False)
        try:
            yield url
        finally:
            process.terminate()
