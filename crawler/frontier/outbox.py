"""What the reactor has for Redis and the feeds, until the I/O thread takes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple, Protocol

from crawler.errors import QueueLost
from crawler.frontier.queue import NewLink, Report

COMMIT_S = 0.03
"""How long news waits for company, in seconds."""
URGENT_S = 0.005
"""The same while this instance has nothing to do."""
COMMIT_ACKS = 32
"""Acknowledgements that wait for no more."""
LINKS_A_STEP = 1_000
"""Links of one STEP: Redis serves nobody else meanwhile."""

Answer = Callable[[Any], None]
"""Called in the I/O thread with a reply, or with the exception that came for it."""


class Sink(Protocol):
    """A feed that takes whole lines."""

    def append(self, data: bytes, insist_on_lease: Callable[[], None]) -> None:
        """Append and sync; on any error nothing of `data` is there, and it can be given again.

        Args:
            data: whole lines; without any, the feed is only made.
            insist_on_lease: raises where this instance may not write any more. To be called when nobody else can
                write: that may have been waited for longer than the lease lasts.
        """


class Question(NamedTuple):
    """A command of Redis, and who waits for its reply."""

    command: tuple[Any, ...]
    answer: Answer


class Claim(NamedTuple):
    """A record key, and who waits to hear whether it may be written."""

    record: str
    answer: Answer


@dataclass(slots=True)
class Parcel:
    """What is told at once: the feeds' lines first, then the notes, then the report."""

    lines: dict[Sink, list[bytes]] = field(default_factory=dict)
    notes: list[tuple[Any, ...]] = field(default_factory=list)
    report: Report = field(default_factory=Report)

    def reports(self) -> list[Report]:
        """Return the report in parts of a bearable size; what is done comes last, behind all links."""
        links = self.report.links
        if len(links) <= LINKS_A_STEP:
            return [self.report]
        parts = [Report(links[first : first + LINKS_A_STEP]) for first in range(0, len(links), LINKS_A_STEP)]
        self.report.links = []
        return [*parts, self.report]


class Outbox:
    """Collects under a lock. The lock is its own condition: the I/O thread waits on it."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.parcel = Parcel()
        self.questions: list[Question] = []
        self.claims: list[Claim] = []
        self.since: float | None = None
        """When the first news came that nobody has told yet; monotonic seconds."""
        self.claimed: set[str] = set()
        """Keys of records that this instance writes, and whose pages are not acknowledged yet."""
        self.closed = False
        """Whether nobody answers any more."""
        self.generation = 0
        """Grows when this instance has lost its leases: what it was handed before is no longer its own."""

    def ask(self, question: Question) -> None:
        """Send a question; its answer comes soon."""
        with self.condition:
            if not self.closed:
                self.questions.append(question)
                self.condition.notify()
                return
        question.answer(QueueLost("the queue is closed"))

    def claim(self, claim: Claim) -> bool:
        """Ask for a record, unless this instance writes it already."""
        with self.condition:
            if claim.record in self.claimed:
                return False
            self.claimed.add(claim.record)
            if not self.closed:
                self.claims.append(claim)
                self.condition.notify()
                return True
        claim.answer(QueueLost("the queue is closed"))
        return True

    def forget(self, records: Iterable[str]) -> None:
        """Forget records: they are written for good, or never will be."""
        with self.condition:
            self.claimed.difference_update(records)

    def push(self, link: NewLink, *, is_seed: bool = False) -> None:
        """Put a request into the queue; a seed comes from no page."""
        with self.condition:
            self.parcel.report.links.append(link)
            if is_seed:
                self.parcel.report.seeds.append(link)
            self.stir()

    def note(self, command: tuple[Any, ...]) -> None:
        """Apply an idempotent command before the next acknowledgement."""
        with self.condition:
            self.parcel.notes.append(command)
            self.stir()

    def write(self, sink: Sink, data: bytes) -> None:
        """Append lines to a feed before the next acknowledgement."""
        with self.condition:
            self.parcel.lines.setdefault(sink, []).append(data)
            self.stir()

    def tell(self, generation: int | None, tell: Callable[[Report], None]) -> bool:
        """Let `tell` add to the report what became of a request; False when that is no longer ours to say.

        Args:
            generation: of the lease under which it was; None for what is so under any.
            tell: gets the report, under the lock.
        """
        with self.condition:
            if generation not in {self.generation, None}:
                return False
            tell(self.parcel.report)
            self.stir()
            return True

    def generation_of(self, record: str) -> int:
        """Return the generation under which this instance has claimed a record; -1 where it has no claim to it."""
        with self.condition:
            return self.generation if record in self.claimed else -1

    def tell_written(self, records: Iterable[tuple[str, int]]) -> list[str]:
        """Tell which records have been written, whatever becomes of their page: those of the present generation."""
        with self.condition:
            written = [record for record, generation in records if generation == self.generation]
            if written:
                self.parcel.report.records += written
                self.stir()
            return written

    def wake(self) -> None:
        """Let the I/O thread look what there is to do."""
        with self.condition:
            self.condition.notify()

    def stir(self) -> None:
        """Note that there is news; under the lock. Wakes the I/O thread for the first, and when enough has come."""
        if self.since is None:
            self.since = monotonic()
            self.condition.notify()
        elif len(self.parcel.report.acks) == COMMIT_ACKS:
            self.condition.notify()

    def due_in(self, *, urgent: bool) -> float | None:
        """Return in how many seconds the parcel is due; None when it is empty. Under the lock."""
        if self.since is None:
            return None
        if len(self.parcel.report.acks) >= COMMIT_ACKS:
            return 0.0
        return max(0.0, self.since + (URGENT_S if urgent else COMMIT_S) - monotonic())

    def take_questions(self) -> tuple[list[Question], list[Claim]]:
        """Return the questions, which are the caller's now. Under the lock."""
        questions, self.questions = self.questions, []
        claims, self.claims = self.claims, []
        return questions, claims

    def take_parcel(self) -> Parcel:
        """Return the parcel, which is the caller's now. Under the lock."""
        parcel, self.parcel = self.parcel, Parcel()
        self.since = None
        return parcel

    def begin_again(self, undelivered: Parcel) -> None:
        """Forget what was said of requests that are not ours any more; their links and notes still count."""
        with self.condition:
            self.generation += 1
            self.claimed = {claim.record for claim in self.claims}  # those are asked for under the new name
            both = undelivered, self.parcel
            self.parcel = Parcel(
                notes=[note for one in both for note in one.notes],
                report=Report(
                    links=[link for one in both for link in one.report.links],
                    seeds=[seed for one in both for seed in one.report.seeds],
                    started=any(one.report.started for one in both),
                    reads_seeds=any(one.report.reads_seeds for one in both),
                ),
            )
            self.since = monotonic()
