"""The instances of one spider in a fleet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from time import monotonic

from crawler.fleet.beginning import Beginning
from crawler.fleet.leash import CRAWL, LEASH
from crawler.fleet.member import Launch, Member, State
from crawler.fleet.outputs import Output
from crawler.fleet.readings import Reading
from crawler.fleet.restarts import CrashLimits, Restarts

RUN = (sys.executable, *(f"-W{word}" for word in sys.warnoptions), "-m", "scrapy", "crawl")


class Squad:
    """Instances that come and go.

    Args:
        beginning: what they are to be, and the crawl that they are at.
        settings: of the whole fleet, NAME=VALUE.
        limits: how often one may crash.
        environment: of all of them.
        leash: the descriptor by which they see the end of the parent.
        output: makes what takes the log of an instance, by its name.

    Attributes:
        crawl: name of the crawl that they are at; who starts when that is finished does not begin it anew.
        members: all that there ever were.
    """

    def __init__(  # noqa: PLR0913 - each is of another kind
        self,
        beginning: Beginning,
        *,
        settings: list[str],
        limits: CrashLimits,
        environment: Mapping[str, str],
        leash: int,
        output: Callable[[str], Output],
    ) -> None:
        self.order, self.settings, self.limits = beginning.order, settings, limits
        self.environment, self.leash, self.output = environment, leash, output
        self.former, self.crawl, self.drained = beginning.former, beginning.crawl, beginning.drained
        self.members: list[Member] = []

    @property
    def spider(self) -> str:
        """Name of the spider."""
        return self.order.spider

    def at_work(self) -> list[Member]:
        """Return those that run or are about to be started again."""
        return [one for one in self.members if one.state in {State.RUNNING, State.WAITING}]

    def wanted(self) -> list[Member]:
        """Return those of them that were not asked to end."""
        return [one for one in self.at_work() if not one.asked_to_end]

    def running(self) -> int:
        """Return how many processes there are."""
        return sum(one.state is State.RUNNING for one in self.members)

    def restarts(self) -> int:
        """Return how often one was started again."""
        return sum(max(0, one.starts - 1) for one in self.members)

    def is_over(self) -> bool:
        """Tell whether one has ended by itself, as it does with its crawl."""
        return any(one.state is State.ENDED and not one.asked_to_end for one in self.members)

    def is_drained_by(self, reading: Reading) -> bool:
        """Take note of what Redis tells of the crawl; True where somebody has told all that are at it to end."""
        if reading.epoch not in {"", self.former} and not reading.finished:
            self.crawl = reading.epoch
        if reading.drained in {"", self.drained}:
            return False
        self.drained = reading.drained
        return True

    def add(self) -> Member:
        """Make room for one more, under the lowest number that is free."""
        taken = {one.number for one in self.at_work()}
        number = next(number for number in range(1, len(taken) + 2) if number not in taken)
        self.members = [one for one in self.members if one.number != number or one.failed()]
        member = Member(self.spider, number, Restarts(self.limits))
        self.members.append(member)
        return member

    def start(self, member: Member) -> None:
        """Start the process of a place.

        Raises:
            OSError: there is no room for it, or none for its log.
        """
        command = [*RUN, self.spider, *(part for word in self.settings for part in ("-s", word)), *self.order.words()]
        environment = {**self.environment, LEASH: str(self.leash), CRAWL: self.crawl}
        member.start(Launch(command, environment, self.leash), self.output(member.name), monotonic())


def given_settings(opts: argparse.Namespace) -> list[str]:
    """Return the settings of the command line, for the instances; REDIS_URL goes by environment, unseen by others."""
    given = [word for word in opts.set if not word.startswith("REDIS_URL=")]
    given += [f"LOG_LEVEL={opts.loglevel}"] if opts.loglevel else []
    return given + (["LOG_ENABLED=False"] if opts.nolog else [])
