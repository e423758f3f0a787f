"""A fleet put together: squads, what they hang on, what shows them, and what is said before and after."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from crawler.extensions.summary import summary_lines
from crawler.fleet.background import say_ready
from crawler.fleet.beginning import Beginning
from crawler.fleet.outputs import FileOutput, LineOutput, Output
from crawler.fleet.readings import Readings
from crawler.fleet.restarts import CrashLimits
from crawler.fleet.screen import Lines, Picture
from crawler.fleet.squad import Squad
from crawler.fleet.supervisor import Screen, Supervisor
from crawler.frontier.connection import revive
from crawler.frontier.ledger import Ledger
from crawler.frontier.standing import is_over
from crawler.interrupts import Interrupted
from crawler.words import counted, to_do

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

SILENT = "{spider}: the store does not answer; the same command goes on from here."


class Fleet:
    """What runs between the start of the first instance and the end of the last.

    Args:
        settings: of the command.
        server: a client of the crawl's Redis.
        beginnings: what each spider begins with, or goes on with.
        given: settings of the command line, for the instances.
        redis_url: what that setting was before the embedded store was found; goes by environment, unseen by others.
        logs: folder of the instances' logs; None to show them as lines.
        screen: what shows it; by default a table in a terminal, else lines.
    """

    def __init__(  # noqa: PLR0913 - each is of another kind
        self,
        settings: BaseSettings,
        server: redis.Redis,
        beginnings: Sequence[Beginning],
        *,
        given: list[str],
        redis_url: str,
        logs: Path | None,
        screen: Screen | None = None,
    ) -> None:
        self.server, self.beginnings, self.logs = server, beginnings, logs
        self.leash, self.held = os.pipe()
        self.readings = Readings(server, {one.order.spider: one.keys for one in beginnings}, partial(revive, settings))
        self.squads: list[Squad] = []
        self.lines = lines_for(self, settings.getfloat("PROGRESS_INTERVAL_S"))
        self.screen = screen or self.lines
        self.squads += [
            Squad(
                one,
                settings=given,
                limits=CrashLimits.from_settings(settings),
                environment={"REDIS_URL": redis_url},
                leash=self.leash,
                output=self.output,
            )
            for one in beginnings
        ]

    def output(self, name: str) -> Output:
        """Return what takes the log of an instance."""
        return LineOutput(self.lines.listener(name)) if self.logs is None else FileOutput(self.logs / f"{name}.log")

    def run(self) -> int:
        """Run until all have ended; return the exit code."""
        self.readings.read()
        self.readings.start()
        self.screen.start()
        try:
            exit_code = Supervisor(self.squads, self.readings, self.screen).run(say_ready)
            self.readings.stop()
            if not self.readings.silent:
                with suppress(Interrupted):  # all have ended: only the last picture is left
                    self.readings.read()
        finally:
            self.screen.stop()
        return exit_code

    def close(self) -> None:
        """Let go of the pipe that the instances watch."""
        self.readings.stop()
        os.close(self.held)
        os.close(self.leash)


def lines_for(fleet: Fleet, interval_s: float) -> Lines:
    """Return what shows a fleet on standard error."""
    if sys.stderr.isatty():
        return Picture(fleet.squads, fleet.readings)
    return Lines(fleet.squads, fleet.readings, interval_s)


def prologue(fleet: Fleet) -> Iterator[str]:
    """Yield what begins, and where to look for it."""
    for one in fleet.beginnings:
        how = f"goes on with {to_do(one.pending, one.revisits)}" if one.goes_on else "begins a new crawl"
        feeds = ", ".join(one.order.feeds)
        yield f"{one.order.spider} {how}" + (f", records go to {feeds}" if feeds else "")
    if fleet.logs is not None:
        yield f"logs are in {fleet.logs}/, one a place such as {fleet.squads[0].spider}-1.log"


def epilogue(fleet: Fleet) -> Iterator[str]:
    """Yield, spider by spider, how complete its crawl is, or what is left of it; blocking."""
    for squad, one in zip(fleet.squads, fleet.beginnings, strict=True):
        if fleet.readings.silent:
            yield SILENT.format(spider=squad.spider)
            continue
        try:
            is_done = is_over(fleet.server, one.keys, squad.crawl)
            begun = fleet.server.hget(one.keys.control, "epoch") == squad.crawl.encode()
            summary = Ledger(fleet.server, one.keys).summary()
        except redis.RedisError:
            yield SILENT.format(spider=squad.spider)
            continue
        restarts = f", {counted(squad.restarts(), 'restart')}" if squad.restarts() else ""
        if not begun:
            yield f"{squad.spider}: ended before a crawl began{restarts}"
            continue
        left = "done" if is_done else f"stopped, {to_do(summary.pending, summary.revisits)}"
        yield f"{squad.spider}: {left}{restarts}"
        yield from summary_lines(summary)
