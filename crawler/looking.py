"""What the commands have in common that look at crawls, or give them orders, from outside."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console
from scrapy.exceptions import UsageError

from crawler.checks import usable
from crawler.errors import StoreError
from crawler.frontier.connection import ask, connect, names_a_server, release, store_folder
from crawler.frontier.control import crawls
from crawler.frontier.keys import crawl_name, spider_of
from crawler.frontier.server import DATA
from crawler.terse import Terse

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.settings import BaseSettings

STOPPED = 130
"""Exit code of a command that was stopped by a signal, as shells have it."""


class StoreCommand(Terse):
    """Works on what Redis holds of crawls: from any machine, whether an instance runs or not."""

    requires_project = True
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add what all these commands take."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options, and have a signal to stop end the command."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)  # also where a shell has started us with SIGINT ignored
        super().process_options(args, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what is asked; a signal to stop ends it, and lets go of the store.

        Raises:
            UsageError: an argument cannot work, or Redis cannot be used.
        """
        try:
            self.act(args, opts)
        except KeyboardInterrupt:
            self.exitcode = STOPPED
        except BrokenPipeError:  # who reads it has seen enough, as `head` has
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what is asked."""
        raise NotImplementedError

    def named(self, words: Sequence[str]) -> list[str]:
        """Return the names of the crawls that are named, each by itself or by its spider.

        Raises:
            UsageError: there is no such spider.
        """
        known = self.known()
        for word in words:
            if spider_of(word) not in known:
                raise UsageError(f"there is no spider {word}: there are {', '.join(known)}.", print_help=False)
        return list(dict.fromkeys(crawl_name(usable(self.settings), word) for word in words))

    def known(self) -> list[str]:
        """Return the names of the project's spiders."""
        return sorted(self.crawler_process.spider_loader.list()) if self.crawler_process else []

    def all_known(self, server: Redis | None) -> list[str]:
        """Return the names of all crawls of the project's spiders; with CRAWL_ID those of that only.

        Raises:
            StoreError: Redis cannot be used.
        """
        settings, known = usable(self.settings), self.known()
        found = {crawl_name(settings, spider) for spider in known}
        if server is not None and not settings.get("CRAWL_ID"):
            found.update(one for one in ask(settings, server, lambda: crawls(server)) if spider_of(one) in known)
        return sorted(found)


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
    """Print one JSON object on a line, at once."""
    sys.stdout.buffer.write(as_line(value))
    sys.stdout.buffer.flush()


def as_line(value: Any) -> bytes:
    """Return JSON as a line of UTF-8; half a character, which JSON may hold, as `?`."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def say(line: str, console: Console | None = None) -> None:
    """Print a line as it is."""
    (console or Console()).print(line, highlight=False, soft_wrap=True, markup=False)
