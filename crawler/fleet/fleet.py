"""A fleet put together: squads, what they hang on, and what shows them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.fleet.background import say_ready
from crawler.fleet.beginning import Beginning
from crawler.fleet.ending import epilogue
from crawler.fleet.outputs import FileOutput, LineOutput, Output
from crawler.fleet.readings import Readings
from crawler.fleet.restarts import CrashLimits
from crawler.fleet.screen import Lines, Picture
from crawler.fleet.squad import Squad
from crawler.fleet.supervisor import Supervisor
from crawler.words import counted

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
    ) -> None:
        self.server, self.beginnings, self.logs = server, beginnings, logs
        self.leash, self.held = os.pipe()
        self.readings = Readings(server, [one.order.spider for one in beginnings])
        self.squads: list[Squad] = []
        interval_s = settings.getfloat("PROGRESS_INTERVAL_S")
        in_terminal = sys.stderr.isatty()
        self.screen = (
            Picture(self.squads, self.readings) if in_terminal else Lines(self.squads, self.readings, interval_s)
        )
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
        return LineOutput(self.screen.listener(name)) if self.logs is None else FileOutput(self.logs / f"{name}.log")

    def run(self) -> int:
        """Run until all have ended; return the exit code."""
        self.readings.read()
        self.readings.start()
        self.screen.start()
        try:
            self.greet()
            exit_code = Supervisor(self.squads, self.readings, self.screen).run(say_ready)
            self.readings.stop()
            self.readings.read()
        finally:
            self.screen.stop()
        for line in epilogue(self.server, self.squads):
            self.screen.say(line)
        return exit_code

    def greet(self) -> None:
        """Say what begins, and where to look for it."""
        for one in self.beginnings:
            how = f"goes on with {counted(one.pending, 'request')} pending" if one.goes_on else "begins a new crawl"
            feeds = ", ".join(one.order.feeds)
            self.screen.say(f"{one.order.spider} {how}" + (f", records go to {feeds}" if feeds else ""))
        if self.logs is not None:
            self.screen.say(f"logs are in {self.logs}/, one a place such as {self.squads[0].spider}-1.log")

    def close(self) -> None:
        """Let go of the pipe that the instances watch."""
        self.readings.stop()
        os.close(self.held)
        os.close(self.leash)
