"""What the commands have in common that give orders to whole crawls."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from crawler.checks import usable
from crawler.feeds.noted import record_files
from crawler.frontier.connection import ask
from crawler.frontier.control import Answer, Control, crawls
from crawler.frontier.keys import Keys, command_of
from crawler.looking import StoreCommand, print_json, say, store_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


class ControlCommand(StoreCommand):
    """Gives an order to the crawls that are named, or to all there are."""

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] [CRAWL …]"

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Give the order.

        Raises:
            UsageError: a name is no spider's, or Redis cannot be reached.
        """
        named = self.named(args)
        with self.controls(named) as controls:
            answers = {name: self.insist(control, self.give) for name, control in controls.items()}
            there = {name: answer for name, answer in answers.items() if answer.outcome != "none"}
            answers = there or answers
            for name in named:
                if name not in there:
                    answers[name] = Answer("none", 0, 0, [])
            self.follow_up(there, controls, opts)
            self.feeds = {name: self.insist(controls[name], feeds_of) for name in there}
        self.exitcode = 0 if there and all(name in there for name in named) else 1
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
        """Give the crawls of these names, or all there are; none where there never was a store.

        Raises:
            UsageError: Redis does not do what it should.
        """
        settings = usable(self.settings)
        with store_of(settings) as server:
            if server is None:
                yield {}
                return
            found = names
            if not found and settings.get("CRAWL_ID"):
                found = self.all_known(server)
            elif not found:
                found = ask(settings, server, lambda: crawls(server))
            yield {name: Control(server, Keys.of(settings, name)) for name in found}

    def insist(self, control: Control, act: Callable[[Control], T]) -> T:
        """Return what `act` gets of Redis, which may be away for a while."""
        return ask(usable(self.settings), control.queue.server, lambda: act(control))

    def onward(self, name: str) -> str:
        """Return the command that goes on with a crawl that was given an order."""
        return command_of(name, self.feeds[name] or ["FILE"])

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
            "revisits": answer.revisits,
        }


def feeds_of(control: Control) -> list[str]:
    """Return the files on this machine that a crawl writes to. Blocking."""
    server, keys = control.queue.server, control.queue.keys
    return [one for one in record_files(cast("list[bytes]", server.hkeys(keys.feeds))) if Path(one).exists()]
