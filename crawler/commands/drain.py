"""`scrapy drain`: all instances of a crawl finish what is in flight and end; the queue stays."""

from __future__ import annotations

import argparse
import time
from typing import ClassVar

from crawler.controls import ControlCommand
from crawler.frontier.control import Answer, Control
from crawler.words import counted, with_revisits

POLL_S = 0.1
"""Seconds between two looks at who is still at work."""
NOTES = """
Each instance finishes what it has in flight, gives the rest back to the queue,
and ends with exit code 0, as after Ctrl-C. This waits until the last one has
ended; Ctrl-C ends the wait only. The order is for those that are at work when
it is given: an instance that starts later goes on with the crawl.

CRAWL is the name of its spider, or with a CRAWL_ID users@CRAWL_ID; without one
the order goes to all crawls in this Redis.

examples:
  scrapy drain                     all crawls
  scrapy drain users --no-wait

exit codes: 0 done, 1 there is no such crawl, or Ctrl-C while instances were at
work, 2 wrong arguments
"""


class Command(ControlCommand):
    """Ends all instances of crawls."""

    notes: ClassVar[str] = NOTES
    interrupted = False

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "End all instances of a crawl, on all machines; the queue stays for a later start"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.add_argument("--no-wait", action="store_true", help="return at once")

    def give(self, control: Control) -> Answer:
        """Give the order to one crawl."""
        return control.drain()

    def follow_up(self, answers: dict[str, Answer], controls: dict[str, Control], opts: argparse.Namespace) -> None:
        """Wait until all that were told have ended, and count again what is left."""
        self.left: dict[str, list[str]] = {name: answer.workers for name, answer in answers.items()}
        self.pending = {name: answer.pending + answer.in_hand for name, answer in answers.items()}
        self.revisits = {name: answer.revisits for name, answer in answers.items()}
        if opts.no_wait:
            return
        try:
            while any(self.left.values()):
                self.look_again(controls)
                time.sleep(POLL_S)
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            for name in answers:
                holdings = controls[name].holdings()
                self.pending[name] = holdings.pending if holdings else 0
                self.revisits[name] = holdings.revisits if holdings else 0

    def summary(self, name: str, answer: Answer) -> dict[str, object]:
        """Return what was done as JSON."""
        if answer.outcome == "none":
            return super().summary(name, answer)
        told, left = len(answer.workers), len(self.left[name])
        numbers = {"left": self.pending[name], "revisits": self.revisits[name]}
        return {"outcome": "drained", "instances": told, "at_work": left, **numbers}

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Give the order, and see it carried out.

        Raises:
            UsageError: Redis cannot be reached.
        """
        super().act(args, opts)
        self.exitcode = 1 if self.interrupted else self.exitcode

    def look_again(self, controls: dict[str, Control]) -> None:
        """See who is still at work."""
        for name, workers in self.left.items():
            self.left[name] = self.insist(controls[name], lambda control, workers=workers: control.at_work(workers))  # type: ignore[misc]

    def sentence(self, name: str, answer: Answer) -> str:
        """Return what was done."""
        told, left = len(answer.workers), len(self.left[name])
        pending = with_revisits(f"{counted(self.pending[name], 'request')} left", self.revisits[name])
        is_left = self.pending[name] or self.revisits[name]
        onward = f"`{self.onward(name)}` goes on." if is_left else "Nothing is left to do."
        if not told:
            return f"{name} has no instance at work: {pending}. {onward}"
        if left:
            return f"{name}: {counted(told, 'instance')} told to end, {left:,} still at work, {pending}. {onward}"
        return f"{name} is drained: {counted(told, 'instance')} ended, {pending}. {onward}"
