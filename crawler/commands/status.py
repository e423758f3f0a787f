"""`scrapy status`: where the crawls stand, who is at work on them, and what is to be seen to."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from redis.exceptions import RedisError
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import Segment, Segments
from rich.text import Text
from scrapy.exceptions import UsageError

from crawler.board import lines_of, screen_of
from crawler.checks import usable
from crawler.errors import StoreError
from crawler.frontier.alarms import Alarm, Limits
from crawler.frontier.bounds import number
from crawler.frontier.connection import ask
from crawler.frontier.keys import Keys
from crawler.looking import StoreCommand, print_json, say, store_of
from crawler.status import Observer, Status
from crawler.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

WATCHED_EVERY_S = 2.0
"""Seconds between two looks of `--watch`."""

NOTES = """
Only Redis is read: it works from any machine, whether an instance runs or not.
What each number means, and the names of --json, are in docs/status.md.

examples:
  scrapy status                             all crawls
  scrapy status users --watch               again and again, until Ctrl-C
  scrapy status --json | jq .crawls[].pending

exit codes: 0 all is well, or there is no crawl, 1 there are alarms, 2 wrong
arguments, or Redis cannot be used
"""


class Command(StoreCommand):
    """Shows the crawls."""

    notes: ClassVar[str] = NOTES

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] [SPIDER …]"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Show where the crawls stand, who is at work, and what is to be seen to"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument("--watch", action="store_true", help="show it again and again, until Ctrl-C")
        parser.add_argument(
            "--quick", action="store_true", help="leave out how complete it is, for which all records' keys are read"
        )

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Show the crawls.

        Raises:
            UsageError: an argument cannot work, or Redis cannot be used.
        """
        settings, named = usable(self.settings), self.named(args)
        if opts.watch and opts.json:
            raise UsageError("--watch draws, and --json prints one object: leave one of them out.", print_help=False)
        with store_of(settings, any_policy=True) as server:
            names = named or self.all_known(server)
            status = Status(dict.fromkeys(names))
            if server is not None:
                observer = Observer(
                    server,
                    {one: Keys.of(settings, one) for one in names},
                    quick=opts.quick,
                    limits=Limits.from_settings(settings),
                    drift_least=int(number(settings, "DRIFT_LEAST_READINGS")),
                )
                observer.named = bool(named)
                try:
                    status = ask(settings, server, observer.look)
                except StoreError as exc:
                    raise UsageError(str(exc), print_help=False) from exc
                if opts.watch:
                    status = watch(observer, status)
        if opts.json:
            print_json(status.as_json())
        elif not opts.watch or server is None:
            show(status)
        self.exitcode = 1 if status.alarms else 0


def show(status: Status) -> None:
    """Show the crawls once."""
    console = Console()
    if console.is_terminal:
        console.print(screen_of(status, console.width))
        return
    for line in lines_of(status):
        say(line, console)
    console.file.flush()


def watch(observer: Observer, status: Status) -> Status:
    """Show the crawls until Ctrl-C; return what was shown last."""
    console, last = Console(), status
    with suppress(KeyboardInterrupt):
        if not console.is_terminal:
            for last in looks(observer, status):
                show(last)
        with Live(fitting(status, console), console=console, auto_refresh=False, screen=True) as live:
            for last in looks(observer, status):
                live.update(fitting(last, console), refresh=True)
    return last


def fitting(status: Status, console: Console) -> RenderableType:
    """Return what the screen has room for, alarms first, and how many lines that leaves out."""
    whole = screen_of(status, console.width)
    lines = console.render_lines(whole, pad=False)
    missing = len(lines) - console.height
    if missing <= 0:
        return whole
    room = max(console.height - 1, 0)
    seen = [Segments([*line, Segment.line()]) for line in lines[:room]]
    return Group(*seen, Text(f"… {counted(len(lines) - room, 'more line')}: a higher window shows them", style="bold"))


def looks(observer: Observer, status: Status) -> Iterator[Status]:
    """Yield where the crawls stand, again and again; a Redis that is away is an alarm, and asked again."""
    pause = Event()
    while True:
        yield status
        pause.wait(WATCHED_EVERY_S)
        try:
            status = observer.look()
        except RedisError as exc:
            status = replace(status, alarms=(Alarm("redis_away", f"Redis does not answer ({exc})."),))
