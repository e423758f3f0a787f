"""`scrapy explain`: what would be extracted from a URL or a saved page, and why a URL has no record."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from rich.console import Console
from scrapy.exceptions import UsageError

from crawler.checks import usable
from crawler.errors import SeedError, SettingsError, StoreError
from crawler.explaining import fetched, saved
from crawler.explaining.answers import Answer
from crawler.explaining.past import Past, as_json
from crawler.explaining.screen import show
from crawler.extractors.choice import check_ytdlp
from crawler.frontier.whereabouts import Whereabouts
from crawler.looking import StoreCommand, print_json, say, store_of
from crawler.seeds import Seed

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

NOTES = """
First it is said what has become of the URL in this project's crawls, if
there were any: it is looked for among the records, the requests that are
pending or in hand, the dead letters, what was refused or has failed, and at
last among all that was ever requested; the first of them answers.

Then the page is fetched as a crawl would, with the same robots.txt, user
agent, delays and limits, but beside the queue; on a host that runs PeerTube,
or where a key is set, by its API; by yt-dlp where a crawl would ask that.
Shown is which class or extractor has read it, each field of its records with
the part of the page that told it, where the page leads to, or why it was
refused. Nothing is written anywhere.

--json prints one object: url, file, page, records, links, refused; with
--offline or --spider also crawls. --batch reads lines of JSON such as
{"url": "https://site.example/v/1", "file": "one.html",
"content_type": "text/html"}, fetches nothing, and answers each with such an
object on a line; files are looked for beside the batch file, then here.

examples:
  scrapy explain https://peertube.example/w/q6rcyvgNheq69riucSYo6w
  scrapy explain peertube.example/a/alice --offline --spider users
  scrapy explain --file page.html --url https://site.example/v/1
  scrapy explain --json --batch pages.jsonl

exit codes: 0 a record, a listing or links were read, or with --offline or
--batch all was answered; 1 it was refused, could not be fetched, or gives
nothing, or a page class has a fault; 2 wrong arguments, or Redis cannot be
used
"""


WRONG_ARGUMENTS = 2
"""Exit code where what was named is no URL, or cannot be read."""


class Command(StoreCommand):
    """Says what a URL gives, and what has become of it."""

    notes: ClassVar[str] = NOTES

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] URL | --file FILE --url URL | --json --batch FILE"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Show what would be extracted from a URL, and why it has no record"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument(
            "--spider", metavar="NAME", action="append", default=[], help="look at its crawl only (default: at all)"
        )
        parser.add_argument("--offline", action="store_true", help="look at the crawls only, and fetch nothing")
        parser.add_argument("--file", metavar="FILE", help="read a saved page, and fetch nothing")
        parser.add_argument("--url", metavar="URL", help="the URL of that page")
        parser.add_argument("--content-type", metavar="TYPE", help="its Content-Type (default: by its name)")
        parser.add_argument("--status", type=int, metavar="N", help="its HTTP status (default: 200)")
        parser.add_argument("--batch", metavar="FILE", help="read the saved pages of a JSON lines file, - for stdin")

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Answer.

        Raises:
            UsageError: an argument cannot work, or Redis cannot be used.
        """
        settings = usable(self.settings)
        check_options(args, opts)
        if opts.batch:
            self.answer_batch(opts.batch, settings.getint("DOWNLOAD_MAXSIZE"))
        elif opts.file:
            status = 200 if opts.status is None else opts.status
            given = saved.Saved((args or [opts.url])[0], opts.file, opts.content_type or "", status)
            self.tell(saved.explain(given, [Path()], settings.getint("DOWNLOAD_MAXSIZE")), opts)
        else:
            self.answer_url(seed_of((args or [opts.url])[0]), settings, opts)

    def answer_url(self, seed: Seed, settings: BaseSettings, opts: argparse.Namespace) -> None:
        """Say what has become of a URL, and what it gives."""
        asked, crawls = opts.offline or bool(opts.spider), {}
        if asked or not opts.json:
            crawls = self.past(seed, settings, self.named(opts.spider), asked=asked)
        if not opts.json:
            for name, one in crawls.items():
                say(f"{name}: {one.text}{f' ({one.url})' if one.url not in {'', seed.url} else ''}")
        told = as_json(crawls) if asked else None
        if opts.offline:
            if opts.json:
                nothing = dict.fromkeys(("page", "records", "links", "refused"))
                print_json({"url": seed.url, "file": None, **nothing, "crawls": told})
            return
        if self.crawler_process is None:
            raise UsageError("scrapy explain runs inside the project's folder")
        if crawls and not opts.json:
            say("")
        try:
            check_ytdlp(settings)
            answer = fetched.explain(self.crawler_process, seed, settings)
        except SettingsError as exc:
            raise UsageError(str(exc), print_help=False) from exc
        self.tell(answer, opts, told)

    def past(self, seed: Seed, settings: BaseSettings, named: list[str], *, asked: bool) -> dict[str, Whereabouts]:
        """Return what has become of a URL by crawl; of crawls that never were only where that was `asked`."""
        try:
            with store_of(settings) as server:
                if server is None and not asked:
                    return {}
                found = Past(self.crawler_process, settings).find(server, named or self.all_known(server), seed)
        except (StoreError, UsageError) as exc:
            if asked:
                raise UsageError(str(exc), print_help=False) from exc
            say(f"The crawls cannot be asked: {exc}", Console(stderr=True))
            return {}
        return found if asked else {name: one for name, one in found.items() if one.state != "none"}

    def tell(self, answer: Answer, opts: argparse.Namespace, crawls: list[dict[str, Any]] | None = None) -> None:
        """Print an answer, and set the exit code by it."""
        self.exitcode = WRONG_ARGUMENTS if opts.file and answer.is_unreadable else 0 if answer.has_read else 1
        if opts.json:
            print_json({**answer.as_json(), **({} if crawls is None else {"crawls": crawls})})
        else:
            show(answer, Console())

    def answer_batch(self, name: str, most_bytes: int) -> None:
        """Answer each line of a batch.

        Raises:
            UsageError: it cannot be read.
        """
        path = Path(name)
        folder = Path() if name == "-" else path.parent
        try:
            with open_batch(path) as lines:
                for answer in saved.batch(lines, folder, most_bytes):
                    print_json(answer.as_json())
                    self.exitcode = 1 if answer.is_error else self.exitcode
        except BrokenPipeError:
            raise
        except OSError as exc:
            raise UsageError(
                f"--batch {name} cannot be read ({exc.strerror or exc}): name a JSON lines file.", print_help=False
            ) from exc


def open_batch(path: Path) -> BinaryIO:
    """Open a batch, `-` for standard input."""
    return sys.stdin.buffer if str(path) == "-" else path.open("rb")


def seed_of(word: str) -> Seed:
    """Return the URL that was given.

    Raises:
        UsageError: it is none.
    """
    try:
        return saved.url_named(word)
    except SeedError as exc:
        raise UsageError(str(exc), print_help=False) from exc


def check_options(args: list[str], opts: argparse.Namespace) -> None:
    """Check that the options fit each other.

    Raises:
        UsageError: they do not.
    """
    if opts.batch:
        others = (opts.file, opts.url, opts.offline, opts.spider, opts.content_type, opts.status is not None)
        if args or any(others) or not opts.json:
            raise UsageError(
                "--batch takes all from its file, and answers in JSON: scrapy explain --json --batch pages.jsonl",
                print_help=False,
            )
        return
    if opts.file and not (args or opts.url):
        raise UsageError(f"--file {opts.file} needs the URL that it was saved from: add --url URL", print_help=False)
    if opts.url and not opts.file:
        raise UsageError("--url is that of a saved page: add --file page.html, or leave --url out", print_help=False)
    if len(args) + (opts.url is not None) != 1:
        raise UsageError("name one URL, such as: scrapy explain https://peertube.example/@alice")
    if opts.file and (opts.offline or opts.spider):
        raise UsageError("--offline and --spider ask the crawls, --file reads a page: leave one out", print_help=False)
    if not opts.file and (opts.status is not None or opts.content_type):
        raise UsageError(
            "--status and --content-type are those of a saved page: add --file page.html", print_help=False
        )
    if opts.status is not None and opts.status not in saved.STATUSES:
        raise UsageError(f"--status {opts.status}: HTTP has 100 to 599; leave it out for 200", print_help=False)
