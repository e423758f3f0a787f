"""What the commands have in common that look at crawls from outside, without taking part in them."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.checks import START_URLS_KEY, usable
from crawler.errors import StoreError
from crawler.frontier.connection import connect, names_a_server, release, store_folder
from crawler.frontier.keys import Keys
from crawler.frontier.server import DATA

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.settings import BaseSettings

STOPPED = 130
"""Exit code of a command that was stopped by a signal, as shells have it."""


class LookCommand(ScrapyCommand):
    """Reads what Redis holds of crawls: works from any machine, whether an instance runs or not."""

    requires_project = True
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}
    notes: ClassVar[str] = ""
    """Examples and exit codes, at the end of the help."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add what all these commands take."""
        super().add_options(parser)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = self.notes
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options, and check the settings before any is used.

        Raises:
            UsageError: one cannot work.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)  # also where a shell has started us with SIGINT ignored
        super().process_options(args, opts)
        usable(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what is asked; a signal to stop ends it, and lets go of the store.

        Raises:
            UsageError: an argument cannot work, or Redis cannot be used.
        """
        try:
            self.look(args, opts)
        except KeyboardInterrupt:
            self.exitcode = STOPPED

    def look(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what is asked."""
        raise NotImplementedError

    def spiders(self, names: Sequence[str]) -> list[str]:
        """Return the spiders that are named, or all of the project.

        Raises:
            UsageError: there is none of a name.
        """
        known = sorted(self.crawler_process.spider_loader.list()) if self.crawler_process else []
        for name in names:
            if name not in known:
                raise UsageError(f"there is no spider {name}: there are {', '.join(known)}.", print_help=False)
        return list(dict.fromkeys(names)) or known


def keys_of(settings: BaseSettings, spider: str) -> Keys:
    """Return the names of the keys of a spider's crawl."""
    seeds = (settings.get("REDIS_START_URLS_KEY") or START_URLS_KEY) % {"name": spider}
    return Keys(spider, seeds)


@contextmanager
def store_of(settings: BaseSettings, *, any_policy: bool = False) -> Iterator[Redis | None]:
    """Give the Redis of the crawls, unless there is nothing to look at: an embedded store that never was.

    Raises:
        UsageError: it cannot be reached, or does not do what it should.
    """
    try:
        if not names_a_server(settings) and not (store_folder(settings) / DATA).exists():
            yield None
            return
        with connect(settings, any_policy=any_policy) as server:
            yield server
    except StoreError as exc:
        raise UsageError(str(exc), print_help=False) from exc
    finally:
        release()


def print_json(value: Any) -> None:
    """Print one JSON object on a line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def say(line: str, console: Console | None = None) -> None:
    """Print a line as it is."""
    (console or Console()).print(line, highlight=False, soft_wrap=True, markup=False)
