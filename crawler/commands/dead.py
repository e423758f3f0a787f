"""`scrapy dead`: requests that were given up, with their reasons; sends them again, or forgets them."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from scrapy.exceptions import UsageError

from crawler.checks import usable
from crawler.errors import StoreError
from crawler.frontier.connection import ask
from crawler.frontier.keys import Keys
from crawler.frontier.letters import Letters
from crawler.looking import StoreCommand, print_json, say, store_of
from crawler.words import counted

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.settings import BaseSettings

    from crawler.frontier.letters import Letter

NOTES = """
A request is a dead letter when MAX_DELIVERIES instances crashed with it in
hand, or when none can read it. Piped, each is a line: crawl, id, crashes,
host, reason, URL, separated by tabs.

examples:
  scrapy dead                                           those of all crawls
  scrapy dead users --host peertube.example --json
  scrapy dead videos --reason crashes --retry
      put them back into the queue: their crashes are forgotten
  scrapy dead videos --reason not_json --drop
      forget them: they count as done

What is put back is fetched by the instances that run, or by the next start.
What cannot be read can only be dropped.
exit codes: 0 done, 1 some of those to be put back cannot be read, 2 wrong
arguments, or Redis cannot be used
"""


class Command(StoreCommand):
    """Lists dead letters, and deals with them."""

    notes: ClassVar[str] = NOTES

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] [SPIDER …]"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "List the requests that were given up; send them again, or forget them"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument("--reason", metavar="TEXT", default="", help="only those whose reason holds TEXT")
        parser.add_argument("--host", metavar="HOST", default="", help="only those for HOST")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--retry", action="store_true", help="put them back into the queue")
        what.add_argument("--drop", action="store_true", help="forget them for good")

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """List, put back or forget.

        Raises:
            UsageError: an argument cannot work, or Redis cannot be used.
        """
        settings, names = usable(self.settings), self.named(args)
        with store_of(settings) as server:
            names = names or self.all_known(server)
            try:
                found = {} if server is None else choose(settings, server, names, opts)
                for letters, chosen in found.values():
                    if opts.retry:
                        ask(settings, letters.server, partial(letters.retry, chosen))
                    elif opts.drop:
                        ask(settings, letters.server, partial(letters.drop, chosen))
            except StoreError as exc:
                raise UsageError(str(exc), print_help=False) from exc
        shown = {name: chosen for name, (_, chosen) in found.items()}
        if opts.json:
            print_json(as_json(shown, opts))
        elif opts.retry or opts.drop:
            for line in what_was_done(shown, opts):
                say(line)
        else:
            show(shown, opts)
        left = [one for chosen in shown.values() for one in chosen if not one.readable]
        self.exitcode = 1 if opts.retry and left else 0


def choose(
    settings: BaseSettings, server: Redis, names: list[str], opts: argparse.Namespace
) -> dict[str, tuple[Letters, list[Letter]]]:
    """Return the letters that are asked for, by crawl."""
    found = {}
    for name in names:
        letters = Letters(server, Keys.of(settings, name))
        chosen = ask(settings, server, partial(letters.chosen, opts.reason, opts.host))
        found[name] = letters, chosen
    return found


def as_json(found: dict[str, list[Letter]], opts: argparse.Namespace) -> dict[str, Any]:
    """Return the letters, and what became of them, as one object."""
    rows = [{"crawl": name, **asdict(one)} for name, letters in found.items() for one in letters]
    readable = sum(row["readable"] for row in rows)
    return {
        "letters": rows,
        "found": len(rows),
        "retried": readable if opts.retry else 0,
        "dropped": len(rows) if opts.drop else 0,
        "unreadable": len(rows) - readable,
    }


def what_was_done(found: dict[str, list[Letter]], opts: argparse.Namespace) -> list[str]:
    """Return a sentence for each crawl whose letters were put back or forgotten."""
    lines = []
    for name, letters in found.items():
        unreadable = sum(not one.readable for one in letters)
        if letters and opts.drop:
            lines.append(f"{name}: {counted(len(letters), 'dead letter')} forgotten, and counted as done.")
        elif letters:
            lines.append(f"{name}: {counted(len(letters) - unreadable, 'dead letter')} put back into the queue.")
        if unreadable and opts.retry:
            lines.append(f"{name}: {unreadable:,} not put back, as no instance can read them: --drop forgets them.")
    return lines or [nothing(opts)]


def nothing(opts: argparse.Namespace) -> str:
    """Return that there is nothing."""
    return f"There are no {'such ' if opts.reason or opts.host else ''}dead letters."


def show(found: dict[str, list[Letter]], opts: argparse.Namespace) -> None:
    """Show the letters: as a table in a terminal, else as lines with tabs."""
    rows = [(name, one) for name, letters in found.items() for one in letters]
    if not rows:
        sys.stderr.write(f"{nothing(opts)}\n")
        return
    console = Console()
    if not console.is_terminal:
        for name, one in rows:
            sys.stdout.write("\t".join((name, one.id, str(one.deliveries), one.host, one.reason, one.url)) + "\n")
        return
    table = Table("crawl", "id", Column("crashes", justify="right"), "host", "reason", "URL", box=SIMPLE_HEAD)
    for name, one in rows:
        table.add_row(*map(Text, (name, one.id, str(one.deliveries), one.host, one.reason, one.url)))
    console.print(table)
    say(f"{counted(len(rows), 'dead letter')}; --retry puts them back into the queue, --drop forgets them", console)
