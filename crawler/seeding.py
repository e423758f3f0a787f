"""One run of `scrapy seed`: reads, sends in batches, keeps what is refused, and tells how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from crawler.errors import BadLine, QueueLost, SeedError
from crawler.extensions.rejects import now, one_line
from crawler.feeds.lines import LineFile
from crawler.feeds.noted import REFUSALS, feed_name
from crawler.frontier.queue import NewLink
from crawler.seed_files import SeedFile
from crawler.seeds import MOST_NAMED, Seed, checked_meta, seeds_in
from crawler.words import counted

if TYPE_CHECKING:
    from crawler.frontier.sower import Sower
    from crawler.spiders.planter import Planter

BATCH = 500
"""Seeds that are sent at once: what Redis takes some ms for, in which it serves nobody else."""
PLAIN_INTERVAL_S = 5.0
"""Seconds between two lines of progress where the output is no terminal."""

Given = tuple[str, int, Seed | BadLine]
"""Name of a file, line in it, and what stands there."""


@dataclass(slots=True)
class Tally:
    """What was read so far.

    Attributes:
        seeds: those that lead to requests.
        refused: lines that hold no seed.
        unread: files that could not be read to their end.
    """

    seeds: int = 0
    refused: int = 0
    unread: list[str] = field(default_factory=list)


class Seeding:
    """Puts the seeds of files into a queue.

    Args:
        planter: makes requests of seeds.
        sower: sends them.
        common: priority and own data of seeds that say nothing else.
        rejects: the file for what is refused.
    """

    def __init__(self, planter: Planter, sower: Sower, common: Seed, rejects: Path) -> None:
        self.planter, self.sower, self.common, self.rejects = planter, sower, common, rejects
        self.tally = Tally()
        self.file: SeedFile | None = None
        self.console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=self.console
        )
        self.task = self.progress.add_task("", total=None)
        self.begun = self.shown = monotonic()
        self.kept, self.rejects_failed = 0, False

    def run(self, seeds: list[Seed], files: list[str], form: str, *, as_json: bool) -> int:
        """Send all, say what was done, and return the exit code."""
        if self.console.is_terminal:
            self.progress.start()
        problem = self.attempt(lambda: self.send_all(self.given(seeds, files, form)))
        problem = self.attempt(self.end) or problem
        if self.console.is_terminal:
            self.progress.stop()
        if self.sower.lost_some:
            problem = "Redis has lost some of it. Start the same command again: it adds what is missing."
        if problem:
            self.say(problem)
        self.tell(as_json=as_json)
        return 1 if problem or self.tally.refused or self.tally.unread else 0

    def attempt(self, act: Callable[[], None]) -> str:
        """Do something; return why it came to no end, with the remedy, or nothing."""
        try:
            act()
        except KeyboardInterrupt:
            return "Stopped: the same command goes on from here."
        except QueueLost as exc:
            self.sower.in_a_hurry.set()
            return (
                f"The queue is lost: {exc}. What was sent before stays if Redis has kept it; start this command again."
            )
        return ""

    def end(self) -> None:
        """Leave the crawl.

        Raises:
            QueueLost: Redis stays away.
        """
        if self.tally.refused:
            self.sower.note_file(f"{REFUSALS}{feed_name(self.rejects)}")
        self.sower.end()

    # --- from lines to the queue ---

    def given(self, seeds: list[Seed], files: list[str], form: str) -> Iterator[Given]:
        """Yield what was given, file by file."""
        yield from (("argument", number, seed) for number, seed in enumerate(seeds, 1))
        for source in files:
            try:
                with SeedFile(source, form) as self.file:
                    number = 0
                    for number, seed in seeds_in(self.file):
                        yield self.file.name, number, seed
                    if not number:
                        self.say(f"{self.file.name} holds no seeds.")
            except SeedError as exc:
                self.tally.unread.append(source)
                self.say(str(exc))

    def send_all(self, given: Iterator[Given]) -> None:
        """Send all seeds, in batches.

        Raises:
            QueueLost: Redis stays away.
        """
        while batch := self.next_of(given):
            links, refused = self.planted(batch)
            self.sower.sow(links)
            self.tally.seeds += len(batch) - len(refused)
            self.refuse(refused)
            self.show()

    def next_of(self, given: Iterator[Given]) -> list[Given]:
        """Return the next batch; waiting for a slow pipe can be cut short."""
        with self.planter.stopping.heard_at_once():
            return list(islice(given, BATCH))

    def planted(self, batch: list[Given]) -> tuple[list[NewLink], list[BadLine]]:
        """Return the requests of seeds, and the lines that lead to none."""
        links: list[NewLink] = []
        refused: list[BadLine] = []
        prepared = iter(self.planter.prepare([seed for _, _, seed in batch if isinstance(seed, Seed)], self.watch))
        for name, number, said in batch:
            if isinstance(said, BadLine):
                refused.append(said)
                continue
            seed = next(prepared)
            try:
                links += self.planter.plant(self.completed(seed))
            except SeedError as exc:
                refused.append(BadLine(name, number, str(exc), seed.url))
        return links, refused

    def completed(self, seed: Seed) -> Seed:
        """Return a seed with what is said of all.

        Raises:
            SeedError: it is too much.
        """
        if not self.common.priority and not self.common.meta:
            return seed
        meta = checked_meta({**(self.common.meta or {}), **(seed.meta or {})})
        return replace(seed, priority=seed.priority or self.common.priority, meta=meta)

    # --- what is refused ---

    def refuse(self, refused: list[BadLine]) -> None:
        """Keep lines that are no seeds in the rejects file, and name them."""
        if refused and not self.rejects_failed:
            self.keep(refused)
        for line in refused:
            self.tally.refused += 1
            if self.tally.refused <= MOST_NAMED:
                self.say(str(line))
            elif self.tally.refused == MOST_NAMED + 1:
                self.say(
                    f"… more lines are refused: {'counted only' if self.rejects_failed else f'see {self.rejects}'}"
                )

    def keep(self, refused: list[BadLine]) -> None:
        """Append lines to the rejects file, which is this crawl's: a crawl with -O leaves them there."""
        try:
            with LineFile(self.rejects) as file:
                file.append(b"".join(one_line(self.reject(line)) for line in refused))
            self.kept += len(refused)
        except OSError as exc:
            self.rejects_failed = True
            self.say(
                f"{self.rejects} cannot be written ({exc.strerror}): from here on refused lines are named here only, "
                f"up to {MOST_NAMED}. Make room, or pass another file with --rejects."
            )

    def reject(self, line: BadLine) -> dict[str, Any]:
        """Return a line of the rejects file, in the form of the spiders'."""
        spider = self.planter.spider.name
        about = {"spider": spider, "what": line.given, "reason": "bad_seed", "details": [str(line)]}
        return {**about, "url": None, "at": now(), "record": None}

    # --- what is told ---

    def watch(self, answered: int, asked: int) -> None:
        """Show how far it is with hosts whose scheme nobody has said."""
        self.show(f"; {answered:,} of {counted(asked, 'host')} asked whether they speak TLS, --scheme https asks none")

    def show(self, meanwhile: str = "") -> None:
        """Show how far it is."""
        words = f"{counted(self.tally.seeds, 'seed')}, {self.rate():,.0f}/s{meanwhile}"
        if self.console.is_terminal:
            size = self.file.size if self.file else None
            done = self.file.position() if self.file and size else 0
            self.progress.update(self.task, description=words, total=size, completed=done)
        elif monotonic() - self.shown >= PLAIN_INTERVAL_S:
            self.shown = monotonic()
            self.say(f"{self.shown - self.begun:4.0f} s  {words}")

    def rate(self) -> float:
        """Return how many seeds were sent a second."""
        return self.tally.seeds / max(monotonic() - self.begun, 0.001)

    def tell(self, *, as_json: bool) -> None:
        """Say what was done."""
        done = self.done()
        if as_json:
            sys.stdout.write(orjson.dumps(done).decode() + "\n")
            return
        known = done["sent"] - done["new"]
        words = [f"{counted(done['seeds'], 'seed')} in {done['seconds']:.1f} s"]
        words.append(f"{counted(done['new'], 'new request')}, {known:,} known before")
        where = f"{self.kept:,} of them in {self.rejects}" if self.rejects_failed else self.rejects
        words += [f"{counted(done['refused'], 'line')} refused ({where})"] if done["refused"] else []
        words += [f"{counted(done['pending'], 'request')} pending"] if done["crawl"] else []
        sys.stdout.write(f"{self.planter.keys.crawl}: {'; '.join(words)}\n")

    def done(self) -> dict[str, Any]:
        """Return what was done, as it is printed with `--json`."""
        return {
            "spider": self.planter.spider.name,
            "crawl": self.sower.beginning,
            "seeds": self.tally.seeds,
            "sent": self.sower.sent,
            "new": self.sower.new,
            "pending": self.sower.left,
            "refused": self.tally.refused,
            "unread": self.tally.unread,
            "rejects": str(self.rejects) if self.kept else None,
            "seconds": round(monotonic() - self.begun, 3),
        }

    def say(self, sentence: str) -> None:
        """Tell the user something on standard error."""
        self.console.print(sentence, highlight=False, soft_wrap=True, markup=False)
