"""`scrapy fleet`: one parent that starts, watches, starts again and drains any number of instances."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.conf import feed_process_params_from_cli

from crawler.checks import check_feeds, check_start, usable
from crawler.errors import SettingsError, StoreError
from crawler.fleet import roster
from crawler.fleet.background import READY, detach, detached_log
from crawler.fleet.beginning import Beginning, look, to_begin
from crawler.fleet.ending import epilogue
from crawler.fleet.fleet import Fleet, prologue
from crawler.fleet.orders import Order, add_scoped, feeds_of, orders_of, parts_of, sizes
from crawler.fleet.squad import given_settings
from crawler.frontier.connection import ask, connect, release, store_folder
from crawler.frontier.keys import Keys
from crawler.terse import Terse

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

STOP, LIST = "stop", "list"
STOP_S = 120.0
"""Seconds that `scrapy fleet stop` waits."""
NOBODY = "No fleet runs on {}: pass -s STORE_DIR=… for one of another folder.\n"
MISPLACED = " Options behind a spider's name are that spider's: put those of all before the first name."

EXAMPLES = """
Options behind a spider's name are for that spider; before the first name they are for all.

examples:
  scrapy fleet users -n 4 -a url=https://peertube.example
  scrapy fleet -a url=https://peertube.example users -n 4 videos -n 2 -O videos.jsonl
  scrapy fleet -a seeds=channels.txt videos -n auto --detach
  scrapy fleet list
  scrapy fleet stop                                                  drains all fleets of this folder's store

The first Ctrl-C or SIGTERM drains: what is in flight is finished, the rest stays in the queue, and the same command
goes on from there. The second stops at once, and loses nothing either.
exit codes: 0 done or stopped by you, 1 an instance could not do what was asked or crashed again and again,
2 wrong arguments
"""


class Command(Terse):
    """Runs fleets, lists them, stops them."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] SPIDER [-n N|auto] [-a …] [-o …] [SPIDER …] | stop [PID …] | list"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Run instances of spiders: start, watch, start again, drain; stop and list them"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        add_scoped(parser)
        parser.add_argument(
            "--log",
            choices=("lines", "files"),
            help="logs of the instances as lines behind their names, or files (default: files in a terminal)",
        )
        parser.add_argument(
            "--log-dir", metavar="DIR", help="folder of the files (default: logs/ in the store's folder)"
        )
        parser.add_argument("--detach", action="store_true", help="go on in the background, and log to fleet.log there")
        parser.add_argument("--now", action="store_true", help="of stop: at once, without finishing what is in flight")
        parser.add_argument("--json", action="store_true", help="of list: one JSON object")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options, and check the settings before any is used.

        Raises:
            UsageError: one cannot work.
        """
        self.parser.usage = argparse.SUPPRESS
        self.words = parts_of(self.parser, opts)
        if self.words.names()[:1] in ([STOP], [LIST]):  # there are no spiders whose settings they could be
            opts.set = [word for one in (opts, *(own for _, own in self.words.groups)) for word in one.set]
        super().process_options(args, opts)
        usable(self.settings)
        if opts.logfile:
            raise UsageError("--logfile is one file for all: pass --log-dir DIR for a file each.", print_help=False)

    def run(self, _: list[str], opts: argparse.Namespace) -> None:
        """Run a fleet, or look after those that run.

        Raises:
            UsageError: an argument cannot work.
        """
        names, settings = self.words.names(), usable(self.settings)
        if not names:
            raise UsageError("name a spider, such as: scrapy fleet users -n 4 -a url=https://peertube.example")
        if names[0] == LIST:
            self.exitcode = list_fleets(settings, as_json=opts.json)
        elif names[0] == STOP:
            self.exitcode = stop_fleets(settings, names[1:], at_once=opts.now)
        else:
            try:
                self.exitcode = self.begin(settings, opts)
            except (SettingsError, StoreError) as exc:
                raise UsageError(str(exc), print_help=False) from exc

    def begin(self, settings: BaseSettings, opts: argparse.Namespace) -> int:
        """Check all, then run the fleet here or in the background; return the exit code."""
        orders = checked(settings, orders_of(self.words))
        logs = Path(opts.log_dir or store_folder(settings) / "logs")
        given, redis_url = given_settings(opts), settings["REDIS_URL"] or ""
        with ExitStack() as stack:
            server = connect(settings)
            stack.callback(release)
            keys = {order.spider: Keys.of(settings, order.spider) for order in orders}
            looks = [partial(look, server, keys[order.spider], order) for order in orders]
            found = to_begin([ask(settings, server, one) for one in looks])
            if missing := nothing_to_begin(settings, found):
                sys.stderr.write(f"{missing}\n")
                return 1
            if opts.detach and READY not in os.environ:
                return in_background(logs / "fleet.log")
            in_files = opts.log == "files" or (opts.log is None and prefers_files(opts))
            fleet = Fleet(settings, server, found, given=given, redis_url=redis_url, logs=logs if in_files else None)
            stack.callback(fleet.close)
            stack.enter_context(roster.entered(store_folder(settings), entry_of(found)))
            for line in prologue(fleet):
                fleet.screen.say(line)
            exit_code = fleet.run()
            for line in epilogue(server, keys, fleet.squads):
                fleet.screen.say(line)
            return exit_code


def checked(settings: BaseSettings, orders: Sequence[Order]) -> list[Order]:
    """Return the orders, each with somewhere to put its records.

    Raises:
        UsageError: there is no such spider, or a feed has a format that there is not.
        SettingsError: a feed cannot be written.
    """
    names = get_spider_loader(settings).list()
    if unknown := [order.spider for order in orders if order.spider not in names]:
        raise UsageError(f"there is no spider {unknown[0]}: there are {', '.join(names)}.", print_help=False)
    has_feeds = bool(settings.getdict("FEEDS"))
    complete = [
        order if has_feeds or order.feeds else replace(order, output=feeds_of(order.spider)) for order in orders
    ]
    for order in complete:
        own = settings.copy()
        feeds = feed_process_params_from_cli(own, list(order.output), overwrite_output=list(order.overwrite))
        own.set("FEEDS", feeds, priority="cmdline")
        check_feeds(own)
    return complete


def nothing_to_begin(settings: BaseSettings, found: Sequence[Beginning]) -> str:
    """Return what to do where a spider has nothing to begin with; empty where all have.

    Raises:
        SettingsError: an argument cannot work, or another crawl is in the way.
    """
    loader = get_spider_loader(settings)
    for one in found:
        arguments = one.order.given()
        missing = check_start(settings, loader.load(one.order.spider), arguments)
        if missing is not None:
            others = any(other.order.given().keys() & {"url", "seeds"} for other in found)
            return f"{one.order.spider}: {missing}" + (MISPLACED if others else "")
    return ""


def prefers_files(opts: argparse.Namespace) -> bool:
    """Tell whether logs go to files where nobody has said so."""
    return bool(opts.log_dir or detached_log() or sys.stderr.isatty())


def entry_of(found: Sequence[Beginning]) -> roster.Entry:
    """Return what a fleet says of itself."""
    started_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return roster.Entry(os.getpid(), started_at, sizes([one.order for one in found]), detached_log())


def in_background(log: Path) -> int:
    """Start the same command without this terminal; return the exit code."""
    pid, last_lines = detach(sys.argv[1:], log)
    if pid:
        sys.stdout.write(f"Fleet {pid} runs in the background, log in {log}: scrapy fleet stop drains it.\n")
        return 0
    sys.stderr.write("\n".join([f"The fleet did not start. Last lines of {log}:", *last_lines, ""]))
    return 1


def list_fleets(settings: BaseSettings, *, as_json: bool) -> int:
    """Show the fleets of this folder's store; return the exit code."""
    store = store_folder(settings)
    entries = roster.living(store)
    if as_json:
        sys.stdout.write(json.dumps({"fleets": [asdict(entry) for entry in entries]}, ensure_ascii=False) + "\n")
    elif not entries:
        sys.stdout.write(NOBODY.format(store))
    for entry in entries if not as_json else ():
        log = f", log in {entry.log}" if entry.log else ""
        sys.stdout.write(f"{entry.pid}: {entry.fleet}, since {entry.started_at}{log}\n")
    return 0


def stop_fleets(settings: BaseSettings, pids: Sequence[str], *, at_once: bool) -> int:
    """Stop fleets of this folder's store, all where none is named; return the exit code.

    Raises:
        UsageError: there is none of that process id.
    """
    store = store_folder(settings)
    entries = roster.living(store)
    if unknown := set(pids) - {str(entry.pid) for entry in entries}:
        raise UsageError(f"no fleet {min(unknown)} runs on {store}: scrapy fleet list shows them.", print_help=False)
    entries = [entry for entry in entries if not pids or str(entry.pid) in pids]
    if not entries:
        sys.stdout.write(NOBODY.format(store))
        return 1
    left = roster.stop(store, entries, at_once=at_once, within_s=STOP_S)
    for entry in entries:
        how = f"still runs after {STOP_S:.0f} s: scrapy fleet stop --now {entry.pid}" if entry in left else "has ended"
        sys.stdout.write(f"{entry.pid}: {entry.fleet}: {how}\n")
    return 1 if left else 0
