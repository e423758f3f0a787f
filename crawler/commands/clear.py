"""`scrapy clear`: drops what is left of a crawl, and what is known of its records."""

from __future__ import annotations

import argparse
import sys
from typing import ClassVar

from scrapy.exceptions import UsageError

from crawler.controls import ControlCommand
from crawler.frontier.control import Control, Holdings, named
from crawler.looking import print_json, say
from crawler.words import counted, with_revisits

MOST_NAMED = 10
"""Instances that are named; the rest are counted."""
NOTES = """
Drops the queue, the dead letters, and what is known of records, listings and
sites, so that the next start begins anew. The files of records stay, and so do
seeds that other programs have left in Redis. It asks first, and refuses while
an instance is at work.

examples:
  scrapy clear users
  scrapy clear users videos --yes

exit codes: 0 done, 1 there is no such crawl, an instance is at work, or you
said no, 2 wrong arguments
"""


class Command(ControlCommand):
    """Drops crawls."""

    notes: ClassVar[str] = NOTES

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] CRAWL …"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Drop the queue of a crawl and what is known of its records; asks first"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Drop the crawls, each after a question.

        Raises:
            UsageError: none is named, or nobody can be asked.
        """
        if not args:
            raise UsageError("name the crawl to drop, such as: scrapy clear users", print_help=False)
        named = self.named(args)
        if not opts.yes and not sys.stdin.isatty():
            raise UsageError("nobody can be asked where the input is no terminal: pass --yes.", print_help=False)
        outcomes: dict[str, object] = {}
        self.exitcode = 0
        with self.controls(named) as controls:
            for name in named:
                sentence, outcome = self.drop(name, controls.get(name), yes=opts.yes)
                outcomes[name] = outcome
                self.exitcode = self.exitcode if outcome["outcome"] == "cleared" else 1
                if not opts.json:
                    say(sentence)
        if opts.json:
            print_json(outcomes)

    def drop(self, name: str, control: Control | None, *, yes: bool) -> tuple[str, dict[str, object]]:
        """Drop one crawl; return what was done, in words and as JSON."""
        holdings = self.insist(control, Control.holdings) if control else None
        if control is None or holdings is None:
            return f"There is nothing of a crawl of {name} here.", {"outcome": "none"}
        if at_work := self.insist(control, lambda one: one.at_work(one.queue.workers())):
            return running(name, at_work), {"outcome": "running", "instances": len(at_work)}
        if not yes and not agreed(f"Drop {listed(name, holdings)}? The files of records stay. [y/N] "):
            return "Nothing is dropped.", {"outcome": "kept"}
        answer = self.insist(control, lambda one: one.clear(holdings.epoch))
        if answer.outcome == "running":
            return running(name, answer.workers), {"outcome": "running", "instances": len(answer.workers)}
        if answer.outcome == "none":
            return f"Another crawl of {name} has begun meanwhile: it stays.", {"outcome": "none"}
        seeds, stay = counted(holdings.seeds, "seed"), "stays" if holdings.seeds == 1 else "stay"
        stays = f" {seeds} of other programs in {control.queue.keys.start_urls} {stay}." if holdings.seeds else ""
        numbers = {"pending": holdings.pending, "dead": holdings.dead, "records": holdings.records}
        numbers["revisits"] = holdings.revisits
        return f"Dropped {listed(name, holdings)}.{stays}", {"outcome": "cleared", **numbers}


def listed(name: str, holdings: Holdings) -> str:
    """Return what there is of a crawl."""
    pending = with_revisits(f"{counted(holdings.pending, 'pending request')} of {name}", holdings.revisits)
    return (
        f"{pending}, {counted(holdings.dead, 'dead letter')}, and what "
        f"is known of {counted(holdings.records, 'record')}"
    )


def running(name: str, workers: list[str]) -> str:
    """Return who is in the way."""
    who = ", ".join(named(worker) for worker in workers[:MOST_NAMED])
    more = f" and {len(workers) - MOST_NAMED:,} more" if len(workers) > MOST_NAMED else ""
    return (
        f"{name} has {counted(len(workers), 'instance')} at work ({who}{more}): end them with `scrapy drain {name}`. "
        "One that was killed on another machine counts for as long as its lease, LEASE_TTL_MS."
    )


def agreed(question: str) -> bool:
    """Ask; what is not a clear yes is a no."""
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except (EOFError, KeyboardInterrupt):
        say("")
        return False
