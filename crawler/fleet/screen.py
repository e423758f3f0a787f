"""What the parent of a fleet shows: a table that is kept up to date in a terminal, else lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Column, Table

from crawler.fleet.member import Member
from crawler.fleet.readings import Reading, Readings
from crawler.fleet.squad import Squad
from crawler.words import counted, to_do

NAME = "fleet"
"""Before what the parent says."""
REFRESH_S = 0.5
"""Seconds between two pictures in a terminal."""
STOPPING = (
    "Stopping: what is in flight is finished first; a second signal stops at once. The same command goes on from there."
)
COLUMNS = ("instances", "restarted", "records", "pending", "to revisit", "pages/s")


class Lines:
    """Says everything in lines on standard error, with a line of progress now and then.

    Args:
        squads: the fleet.
        readings: what Redis tells.
        interval_s: seconds between two lines of progress; 0 for none.
    """

    def __init__(self, squads: Sequence[Squad], readings: Readings, interval_s: float) -> None:
        self.squads, self.readings, self.interval_s = squads, readings, interval_s
        self.shown_s = monotonic()

    def start(self) -> None:
        """Begin."""

    def say(self, sentence: str) -> None:
        """Tell something that has happened."""
        self.write(NAME, sentence)

    def quote(self, member: Member) -> None:
        """Show the end of a log, unless all of it was shown."""
        if member.output is not None and (where := member.output.where()):
            self.say(f"The last lines of {where}:")
            for line in member.output.last_lines():
                self.write(NAME, f"  {line}")

    def has_failed(self, member: Member) -> None:
        """Say that one has ended by itself without having done what was asked, and is not started again."""
        self.say(f"{member.name} {member.how_it_ended()}: not started again, as it has ended by itself")
        self.quote(member)

    def draining(self) -> None:
        """Say that all have been told to end."""
        self.say(STOPPING)

    def listener(self, name: str) -> Callable[[str], None]:
        """Return what takes the lines of an instance."""
        return lambda line: self.write(name, line)

    def write(self, name: str, line: str) -> None:
        """Write a line; who has closed the terminal is not to stop the fleet."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{name} | {line}\n")
            sys.stderr.flush()

    def update(self) -> None:
        """Show where the fleet is, when it is time."""
        if self.interval_s and monotonic() - self.shown_s >= self.interval_s:
            self.shown_s = monotonic()
            self.say("; ".join(self.line(squad) for squad in self.squads))

    def line(self, squad: Squad) -> str:
        """Return where a spider is, as a line."""
        reading = self.readings.latest.get(squad.spider, Reading(0.0))
        where = f"{counted(reading.records, 'record')}, {to_do(reading.pending, reading.revisits)}"
        pace = f"{reading.pages_per_s:.1f} pages/s, {counted(squad.running(), 'instance')}"
        restarts = f", {counted(squad.restarts(), 'restart')}" if squad.restarts() else ""
        paused = ", paused" if reading.paused else ""
        silent = ", the store is silent" if self.readings.silent else ""
        return f"{squad.spider}: {where}, {pace}{restarts}{paused}{silent}"

    def stop(self) -> None:
        """End."""


class Picture(Lines):
    """Keeps a table below the lines of a terminal."""

    def __init__(self, squads: Sequence[Squad], readings: Readings) -> None:
        super().__init__(squads, readings, 0)
        self.console = Console(stderr=True)
        self.live = Live(self.table(), console=self.console, auto_refresh=False)

    def start(self) -> None:
        """Begin."""
        self.live.start(refresh=True)

    def write(self, name: str, line: str) -> None:
        """Write a line above the table."""
        with suppress(OSError, ValueError):
            self.console.print(f"{name} | {line}", markup=False, highlight=False, soft_wrap=True)

    def update(self) -> None:
        """Draw the table, when it is time."""
        if monotonic() - self.shown_s >= REFRESH_S:
            self.draw()

    def draw(self) -> None:
        """Draw the table."""
        self.shown_s = monotonic()
        with suppress(OSError, ValueError):
            self.live.update(self.table(), refresh=True)

    def table(self) -> Table:
        """Return where all spiders are."""
        table = Table("spider", *(Column(name, justify="right") for name in COLUMNS), box=SIMPLE_HEAD)
        for squad in self.squads:
            reading = self.readings.latest.get(squad.spider, Reading(0.0))
            of = len(squad.wanted()) if squad.order.size is None else squad.order.size
            numbers = (squad.restarts(), reading.records, reading.pending, reading.revisits)
            table.add_row(
                f"{squad.spider} (paused)" if reading.paused else squad.spider,
                f"{squad.running()} of {of}",
                *(f"{number:,}" for number in numbers),
                f"{reading.pages_per_s:.1f}",
            )
        if self.readings.silent:
            table.caption = "the store does not answer"
        return table

    def stop(self) -> None:
        """Leave the last picture where it is."""
        self.draw()
        with suppress(OSError, ValueError):
            self.live.stop()
