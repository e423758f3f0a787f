"""What the commands have in common that give orders to whole crawls."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.checks import usable
from crawler.errors import StoreError
from crawler.frontier.connection import ask, connect, names_a_server, release, store_folder
from crawler.frontier.control import Answer, Control, crawls

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


class ControlCommand(ScrapyCommand):
    """Gives an order to the crawls that are named, or to all there are."""

    requires_project = True
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}
    notes: ClassVar[str] = ""
    """What the help ends with."""

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] [CRAWL …]"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = self.notes
        parser.add_argument("--json", action="store_true", help="print one JSON object, by the names of the crawls")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options, and check the settings.

        Raises:
            UsageError: one cannot work.
        """
        signal.signal(signal.SIGINT, signal.default_int_handler)  # some shells start us with it ignored
        super().process_options(args, opts)
        usable(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Give the order.

        Raises:
            UsageError: Redis cannot be reached.
        """
        with self.controls(args) as controls:
            answers = {name: self.insist(control, self.give) for name, control in controls.items()}
            there = {name: answer for name, answer in answers.items() if answer.outcome != "none"}
            answers = there or answers
            for name in args:
                if name not in there:
                    answers[name] = Answer("none", 0, 0, [])
            self.follow_up(there, controls, opts)
        self.exitcode = 0 if there and all(name in there for name in args) else 1
        if opts.json:
            print_json({name: self.summary(name, answer) for name, answer in answers.items()})
            return
        for name, answer in answers.items():
            say(self.none(name) if answer.outcome == "none" else self.sentence(name, answer))
        if not answers:
            say("There is no crawl here.")

    # --- what a command fills in ---

    def give(self, control: Control) -> Answer:
        """Give the order to one crawl."""
        raise NotImplementedError

    def follow_up(self, answers: dict[str, Answer], controls: dict[str, Control], opts: argparse.Namespace) -> None:
        """Do what is left to do once all have been told."""

    def sentence(self, name: str, answer: Answer) -> str:
        """Return what was done."""
        raise NotImplementedError

    # --- what they share ---

    @contextmanager
    def controls(self, names: list[str]) -> Iterator[dict[str, Control]]:
        """Give the crawls that are named, or all there are; none where there never was a store.

        Raises:
            UsageError: a name is no spider's, or Redis does not do what it should.
        """
        spiders = self.crawler_process.spider_loader.list() if self.crawler_process else []
        for name in names:
            if name.partition(":")[0] not in spiders:
                raise UsageError(f"there is no spider {name}: there are {', '.join(spiders)}.", print_help=False)
        settings = usable(self.settings)
        try:
            if not names_a_server(settings) and not store_folder(settings).exists():
                yield {}
                return
            with connect(settings) as server:
                found = list(dict.fromkeys(names)) or ask(settings, server, lambda: crawls(server))
                yield {name: Control(server, name) for name in found}
        except StoreError as exc:
            raise UsageError(str(exc), print_help=False) from exc
        finally:
            release()

    def insist(self, control: Control, act: Callable[[Control], T]) -> T:
        """Return what `act` gets of Redis, which may be away for a while."""
        return ask(usable(self.settings), control.queue.server, lambda: act(control))

    def none(self, name: str) -> str:
        """Return that there is no crawl of a name."""
        return f"There is no crawl of {name} here that runs, or was interrupted."

    def summary(self, _: str, answer: Answer) -> dict[str, object]:
        """Return an answer as JSON."""
        return {
            "outcome": answer.outcome,
            "instances": len(answer.workers),
            "pending": answer.pending,
            "in_hand": answer.in_hand,
        }


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def print_json(value: object) -> None:
    """Print one JSON object."""
    say(json.dumps(value, ensure_ascii=False))


def several(number: int, noun: str) -> str:
    """Return a number of things, such as `1 instance` or `1,234 requests`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
