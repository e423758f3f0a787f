"""`scrapy fleet`: one parent that starts, watches, starts again and drains any number of instances."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from scrapy.exceptions import UsageError

from crawler.checks import usable
from crawler.errors import SettingsError, StoreError
from crawler.fleet import roster
from crawler.fleet.background import READY, detach, detached_log
from crawler.fleet.beginning import Beginning, checked, look, nothing_to_begin, to_begin
from crawler.fleet.fleet import Fleet, epilogue, prologue
from crawler.fleet.orders import add_scoped, orders_of, parts_of, sizes
from crawler.fleet.squad import given_settings
from crawler.frontier.connection import ask, connect, release, store_folder
from crawler.frontier.keys import Keys
from crawler.interrupts import Interrupted, interrupt_at_once
from crawler.terse import Terse

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

STOP, LIST = "stop", "list"
STOP_S = 120.0
"""Seconds that `scrapy fleet stop` waits."""
WAITED = "the fleets were told to end, and scrapy fleet list shows those that have not yet."
BEGUN = "no instance was started, and the same command begins or goes on."
NOBODY = "No fleet runs on {}: pass -s STORE_DIR=… for one of another folder.\n"

EXAMPLES = """
Options count for all spiders, but for -n, and for those behind a name that
another name follows, which are for the former only.

examples:
  scrapy fleet users -n 4 -a url=https://peertube.example
  scrapy fleet users -n 4 videos -n 2 -a url=https://peertube.example \\
      -O '%(name)s.jsonl'
  scrapy fleet videos -a max_pages=1000 users -n 4 \\
      -a url=https://peertube.example
  scrapy fleet -a seeds=channels.txt videos -n auto --detach
  scrapy fleet list
  scrapy fleet stop
      drains all fleets of this folder's store

The first Ctrl-C or SIGTERM drains: what is in flight is finished, the rest
stays in the queue, and the same command goes on from there. The second stops
at once, and loses nothing either.
exit codes: 0 done or stopped by you, 1 an instance could not do what was asked
or crashed again and again, 2 wrong arguments
"""


class Command(Terse):
    """Runs fleets, lists them, stops them."""

    requires_project = True
    requires_crawler_process = False
    notes: ClassVar[str] = EXAMPLES
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
        interrupt_at_once()
        try:
            if names[0] == LIST:
                self.exitcode = list_fleets(settings, as_json=opts.json)
            elif names[0] == STOP:
                self.exitcode = stop_fleets(settings, names[1:], at_once=opts.now)
            else:
                self.exitcode = self.begin(settings, opts)
        except (SettingsError, StoreError) as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except Interrupted as exc:
            sys.stderr.write(f"Stopped by {exc}: {WAITED if names[0] == STOP else BEGUN}\n")
            self.exitcode = int(names[0] == STOP)

    def begin(self, settings: BaseSettings, opts: argparse.Namespace) -> int:
        """Check all, then run the fleet here or in the background; return the exit code."""
        orders = checked(settings, orders_of(self.words))
        logs = Path(opts.log_dir or store_folder(settings) / "logs")
        given, redis_url = given_settings(opts), settings["REDIS_URL"] or ""
        with ExitStack() as stack:
            server = connect(settings)
            stack.callback(release)
            keys = [Keys.of(order.effective(settings), order.spider) for order in orders]
            looks = [partial(look, server, *one) for one in zip(keys, orders, strict=True)]
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
            with suppress(Interrupted):  # all have ended: only the words are left
                for line in epilogue(fleet):
                    fleet.screen.say(line)
            return exit_code


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
        where = "" if entry.is_here() else f" on {entry.host}"
        sys.stdout.write(f"{entry.pid}{where}: {entry.fleet}, since {entry.started_at}{log}\n")
    return 0


def stop_fleets(settings: BaseSettings, pids: Sequence[str], *, at_once: bool) -> int:
    """Stop fleets of this folder's store, all where none is named; return the exit code.

    Raises:
        UsageError: there is none of that process id, or it is another user's.
    """
    store = store_folder(settings)
    entries = [entry for entry in roster.living(store) if entry.is_here()]
    if unknown := set(pids) - {str(entry.pid) for entry in entries}:
        raise UsageError(f"no fleet {min(unknown)} runs on {store}: scrapy fleet list shows them.", print_help=False)
    entries = [entry for entry in entries if not pids or str(entry.pid) in pids]
    if not entries:
        sys.stdout.write(NOBODY.format(store))
        return 1
    try:
        left = roster.stop(store, entries, at_once=at_once, within_s=STOP_S)
    except PermissionError as exc:
        raise UsageError("one is another user's: name your own, or ask that user.", print_help=False) from exc
    for entry in entries:
        how = f"still runs after {STOP_S:.0f} s: scrapy fleet stop --now {entry.pid}" if entry in left else "has ended"
        sys.stdout.write(f"{entry.pid}: {entry.fleet}: {how}\n")
    return 1 if left else 0
