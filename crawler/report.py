"""What `scrapy collect` shows: a line of progress for each spider, and the summary at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

import redis
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from crawler.fleet.member import Member
from crawler.fleet.squad import Squad
from crawler.frontier.ledger import Ledger, ListingCount, Summary
from crawler.tables import table_of
from crawler.words import counted, to_do

LISTINGS = ("listing", "declared", "found", "refused", "failed", "complete")
LESS_OF_LISTINGS = ("failed", "refused")
"""Columns that a narrow terminal has no room for, the first of them first; notes below the table tell of both."""
PLAIN_INTERVAL_S = 5.0
"""Seconds between two lines of progress where the output is no terminal."""
MOST_LISTINGS = 5
"""Incomplete listings that the summary names."""
MOST_MISSING = 10
"""Missing records that the summary names."""


class Report:
    """Shows a collection on the terminal."""

    def __init__(self, ledgers: Mapping[str, Ledger], folder: Path) -> None:
        self.ledgers = ledgers
        self.squads: Sequence[Squad] = ()
        self.folder = folder
        self.console = Console()
        self.progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self.console
        )
        self.tasks: dict[str, TaskID] = {name: self.progress.add_task(name, total=None) for name in ledgers}
        self.begun = self.shown = monotonic()

    def going_on(self) -> None:
        """Say what an interrupted crawl has left."""
        for name, ledger in self.ledgers.items():
            counts = ledger.counts()
            if counts["pending"] or counts["revisits"]:
                left = to_do(counts["pending"], counts["revisits"])
                self.show(f"{name}: going on with an interrupted crawl, {left}")

    def show_fleet(self, squads: Sequence[Squad]) -> None:
        """Say which instances there will be, and what they log to."""
        self.squads = squads
        places = [f"{squad.spider}-{number}" for squad in squads for number in range(1, (squad.order.size or 1) + 1)]
        logs = ", ".join(str(self.folder / f"{place}.log") for place in places)
        self.show(f"{counted(len(places), 'instance')}, logs in {logs}")

    def start(self) -> None:
        """Begin to show progress."""
        if self.console.is_terminal:
            self.progress.start()

    def say(self, sentence: str) -> None:
        """Tell something that has happened."""
        self.show(sentence)

    def quote(self, member: Member) -> None:
        """Say where the log is."""
        if member.output is not None:
            self.show(f"See {member.output.where()}")

    def has_failed(self, member: Member) -> None:
        """Leave it to the summary, which names those that have failed."""

    def update(self) -> None:
        """Show where the spiders are."""
        if self.console.is_terminal:
            for name, task in self.tasks.items():
                self.progress.update(
                    task,
                    description=self.line(name),
                    total=None if self.runs(name) else 1,
                    completed=0 if self.runs(name) else 1,
                )
        elif monotonic() - self.shown >= PLAIN_INTERVAL_S or not any(map(self.runs, self.ledgers)):
            self.shown = monotonic()
            self.show(f"{self.shown - self.begun:4.0f} s  " + "; ".join(self.line(name) for name in self.ledgers))

    def runs(self, name: str) -> bool:
        """Tell whether an instance of a spider runs."""
        return any(squad.at_work() for squad in self.squads if squad.spider == name)

    def line(self, name: str) -> str:
        """Return a spider's progress as a line."""
        try:
            counts = self.ledgers[name].counts()
        except redis.RedisError:
            return f"{name}: the store does not answer"
        records = counted(counts["records"], "record")
        if not self.runs(name) and not counts["pending"] and not counts["revisits"]:
            return f"{name}: {records}, done"
        return f"{name}: {records}, {to_do(counts['pending'], counts['revisits'])}"

    def draining(self) -> None:
        """Say that Ctrl-C was heard."""
        self.show(
            "Stopping: what is in flight is finished first; Ctrl-C again stops at once. "
            "The same command goes on from there (without a URL: begins anew)."
        )

    def stop(self) -> None:
        """End the progress."""
        if self.console.is_terminal:
            self.progress.stop()

    def summary(self) -> None:
        """Show how complete it is, and where the files are."""
        left = self.left()
        how = f"Stopped, {left}," if left else "Done"
        self.show(f"\n{how} in {monotonic() - self.begun:.0f} s")
        rows: list[tuple[str, ...]] = []
        totals: set[int] = set()
        notes: list[str] = []
        for name, ledger in self.ledgers.items():
            try:
                summary = ledger.summary()
            except redis.RedisError:
                notes.append(f"{name}: the store does not answer; the same command goes on from here.")
                continue
            feed = feed_of(name, self.folder)
            lines = counted(lines_of(feed), name.removesuffix("s"))
            self.show(f"{' ' * (9 - lines.index(' '))}{lines} in {feed}")
            for kind in sorted(summary.records):
                totals.add(len(rows))
                rows.append(cells(summary.in_all(kind)))
            rows += map(cells, [one for one in summary.listings if one.whole] or summary.listings[:MOST_LISTINGS])
            notes += notes_on(name, summary, stopped=bool(left))
        notes += [
            f"An instance of {member.spider} {member.how_it_ended()}: see {member.output.where()}"
            for squad in self.squads
            for member in squad.members
            if member.failed() and member.output
        ]
        if rows:
            self.console.print(table_of(LISTINGS, rows, self.console.width, LESS_OF_LISTINGS, totals))
        for note in notes:
            self.show(note)

    def left(self) -> str:
        """Return what is left for another start; "" for nothing."""
        try:
            counts = [ledger.counts() for ledger in self.ledgers.values()]
        except redis.RedisError:
            return ""
        pending, revisits = (sum(one[name] for one in counts) for name in ("pending", "revisits"))
        return to_do(pending, revisits) if pending + revisits else ""

    def show(self, line: str) -> None:
        """Print a line as it is."""
        self.console.print(line, highlight=False, soft_wrap=True, markup=False)


def feed_of(spider: str, folder: Path) -> Path:
    """Return the file of a spider's records."""
    return folder / f"{spider}.jsonl"


def lines_of(path: Path) -> int:
    """Return the number of records in a file."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in file)


def cells(listing: ListingCount) -> tuple[str, ...]:
    """Return a listing as the cells of a row."""
    declared = listing.declared if listing.most is None else None if listing.grows else listing.target
    numbers = (declared, listing.found, listing.refused, listing.failed)
    name = listing.name if listing.most is None else f"{listing.name} ({listing.most:,} per user)"
    return (name, *("-" if number is None else f"{number:,}" for number in numbers), listing.percent())


def notes_on(name: str, summary: Summary, *, stopped: bool = False) -> list[str]:
    """Return what is missing, by name unless the crawl was stopped on the way, and why."""
    incomplete = [one for one in summary.incomplete() if one.missing and not stopped]
    notes = [
        f"{name}, missing in {one.name}: {', '.join(one.missing[:MOST_MISSING])}" for one in incomplete[:MOST_LISTINGS]
    ]
    if len(incomplete) > MOST_LISTINGS:
        notes.append(f"{name}, missing in {len(incomplete) - MOST_LISTINGS:,} more listings: see the log")
    if summary.refused:
        notes.append(
            f"{name}, refused: "
            + ", ".join(f"{number:,} {reason}" for reason, number in summary.refused_by_reason())
            + " (rejects.jsonl)"
        )
    notes += [f"{name}, failed: {why}" for why in list(summary.failed.values())[:MOST_MISSING]]
    return notes
