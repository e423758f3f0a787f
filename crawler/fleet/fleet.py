"""A fleet put together: squads, what they hang on, and what shows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.fleet.background import say_ready
from crawler.fleet.beginning import Beginning
from crawler.fleet.outputs import FileOutput, LineOutput, Output
from crawler.fleet.readings import Readings
from crawler.fleet.restarts import CrashLimits
from crawler.fleet.screen import Lines, Picture
from crawler.fleet.squad import Squad
from crawler.fleet.supervisor import Screen, Supervisor
from crawler.frontier.keys import Keys
from crawler.words import to_do

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.settings import BaseSettings


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
        server: Redis,
        beginnings: Sequence[Beginning],
        *,
        given: list[str],
        redis_url: str,
        logs: Path | None,
        screen: Screen | None = None,
    ) -> None:
        self.server, self.beginnings, self.logs = server, beginnings, logs
        self.leash, self.held = os.pipe()
        self.readings = Readings(server, {one.order.spider: Keys.of(settings, one.order.spider) for one in beginnings})
        self.squads: list[Squad] = []
        self.lines = lines_for(self, settings.getfloat("PROGRESS_INTERVAL_S"))
        self.screen = screen or self.lines
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
        self.squads += [
            Squad(
                one.order,
                settings=given,
                limits=CrashLimits.from_settings(settings),
                environment={"REDIS_URL": redis_url},
                leash=self.leash,
                output=self.output,
                crawl=one.crawl,
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
