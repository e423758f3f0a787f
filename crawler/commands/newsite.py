"""`scrapy newsite`: writes the page class and the fixture of a new site, from one of its pages."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.console import Console
from scrapy.exceptions import UsageError

from crawler.checks import usable
from crawler.errors import SeedError, SettingsError
from crawler.explaining import saved
from crawler.explaining.answers import ROOT
from crawler.explaining.screen import say_plain, show
from crawler.explaining.visit import NoAnswerError, Visitor, visit
from crawler.looking import STOPPED, say
from crawler.newsite.draft import Draft
from crawler.newsite.found import structured_data
from crawler.newsite.site import New, check_name, draft_of, new_site, relative, write
from crawler.pages.base import Link, Response
from crawler.seeds import Seed
from crawler.terse import Terse

KINDS = ("user", "video")
NOTES = """
NAME is the `site` of the records, and the name of the file. A URL is that of
the page of one video or one user; with one of each, both get a class. They are
fetched as a crawl would: robots.txt, user agent, delays, limits.

Shown is what the pages hold for machines. Written is crawler/pages/NAME.py,
whose classes read the structured data first and have a method for what that
does not tell right, tests/fixtures/NAME/, with what they read now, and
docs/sites/NAME.md. Nothing that exists is overwritten.

examples:
  scrapy newsite my_site https://site.example/v/1 https://site.example/@ada
  scrapy newsite my_site https://site.example/v/1 --file page.html
  scrapy newsite my_site https://site.example/v/1 --kind video
      where a page has no structured data that tells what it is

exit codes: 0 written, 1 a page cannot be fetched or read, 2 wrong arguments
"""


class Command(Terse):
    """Begins a new site."""

    requires_project = True
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}
    notes: ClassVar[str] = NOTES

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] NAME URL …"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Write the page class and the fixture of a new site"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument("--kind", choices=KINDS, help="what the page is of (default: by its structured data)")
        parser.add_argument("--file", metavar="FILE", help="read a saved page, and fetch nothing")
        parser.add_argument("--url", metavar="URL", help="the URL of that page, if not the argument")
        parser.add_argument("--content-type", metavar="TYPE", help="its Content-Type (default: by its name)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write a new site.

        Raises:
            UsageError: an argument cannot work.
        """
        name, seeds = self.checked(args, opts)
        try:
            responses = [self.saved(seeds[0], opts)] if opts.file else self.fetched(seeds)
            console = Console()
            for response in responses:
                say(f"{response.url} holds", console)
                for line in list(structured_data(response)) or ["nothing for machines"]:
                    say_plain(f"  {line}", console)
            drafts = [draft_of(name, response, opts.kind) for response in responses]
            check_kinds(drafts)
            new = new_site(drafts)
            write(new)
        except KeyboardInterrupt:
            self.exitcode = STOPPED
            return
        except (OSError, SettingsError, NoAnswerError) as exc:
            say(f"Nothing is written: {exc}", Console(stderr=True))
            self.exitcode = 1
            return
        tell(new, console)

    def checked(self, args: list[str], opts: argparse.Namespace) -> tuple[str, list[Seed]]:
        """Return the name and the URLs.

        Raises:
            UsageError: they cannot work.
        """
        words = [*args[1:], *([opts.url] if opts.url else [])]
        if not args or not words:
            raise UsageError("name the site and a page of it, such as: scrapy newsite my_site https://site.example/v/1")
        if len(words) > 1 and (opts.file or opts.kind):
            raise UsageError("--file and --kind are of one page: pass one URL.", print_help=False)
        if opts.file and not Path(opts.file).is_file():
            raise UsageError(f"--file {opts.file} does not exist: pass a page that was saved.", print_help=False)
        if opts.content_type and not opts.file:
            raise UsageError("--content-type is that of a saved page: add --file page.html.", print_help=False)
        try:
            check_name(args[0])
            return args[0], [saved.url_named(word) for word in words]
        except (SeedError, SettingsError) as exc:
            raise UsageError(str(exc), print_help=False) from exc

    def saved(self, seed: Seed, opts: argparse.Namespace) -> Response:
        """Return a saved page."""
        given = saved.Saved(seed.url, opts.file, opts.content_type or "")
        return saved.response_of(given, [Path()], usable(self.settings).getint("DOWNLOAD_MAXSIZE"))

    def fetched(self, seeds: Sequence[Seed]) -> list[Response]:
        """Fetch pages, one after the other."""
        if self.crawler_process is None:
            raise UsageError("scrapy newsite runs inside the project's folder")
        responses: list[Response] = []

        async def errand(visitor: Visitor) -> None:
            links = [Link(await visitor.url_of(seed), "listing") for seed in seeds]
            responses.extend([await visitor.fetch(link) for link in links])

        visit(self.crawler_process, errand)
        return responses


def check_kinds(drafts: Sequence[Draft]) -> None:
    """Check that there is one page of each kind.

    Raises:
        SettingsError: there are several.
    """
    kinds = [draft.kind for draft in drafts]
    if len(set(kinds)) < len(kinds):
        raise SettingsError(f"all pages are of a {kinds[0]}: pass one of a user and one of a video, or only one.")


def tell(new: New, console: Console) -> None:
    """Say what was written, what it reads, and what to do next."""
    for answer in new.answers:
        say("", console)
        show(replace(answer, links=[]), console)
    say("\nWritten:", console)
    for path in new.files:
        say(f"  {relative(path)}", console)
    for line in (
        "\nNext:",
        "  Look at each value above beside the page. What is wrong or missing gets a method in its class,",
        f"  and is corrected in record.json of its fixture: scrapy explain {new.answers[0].url}",
        "  The path of each class is guessed from one address: see that it matches all such pages, and no others.",
        "  Add a fixture of a page that is no record, such as a deleted video: docs/adding-a-site.md shows it.",
        "  page.html is the site's own: cut it down to what the test needs before you publish it.",
        "  Say in docs/sites/ what is read of the site, and what not.",
        f"  make docs, then make test, in {ROOT}",
    ):
        say(line, console)
