"""The I/O thread: writes the feeds, tells Redis what was done, and brings requests; the reactor waits for neither."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from crawler.errors import QueueLost
from crawler.frontier.office import Office
from crawler.frontier.outbox import Claim, Outbox, Parcel, Question, Sink
from crawler.frontier.patience import LAST_WORDS_S, Patience
from crawler.frontier.prefetch import PrefetchBuffer
from crawler.frontier.queue import (
    NewLink,
    Popped,
    Progress,
    Queue,
    Report,
    State,
    Told,
    load_scripts,
    popped_of,
    text,
    told_of,
)

logger = logging.getLogger(__name__)

IDLE_POLL_S = 0.2
"""Seconds between two looks for work by an instance that has none."""
LEAST_POLL_S = 0.005
END_S = 8.0
"""How long the end waits for the thread, which may have a feed to write; for a silent Redis less."""
END_POLL_S = 0.05
SEEDS_KEPT = 10_000
"""Latest requests without a parent that are sent again when Redis comes back with less than it had."""


class LeaseEnded(Exception):
    """Raised where lines may not be written any more: their pages are handed out again."""


class Courier(threading.Thread):
    """Repeats each call until it is answered: every call can be repeated without harm."""

    def __init__(self, queue: Queue, outbox: Outbox, buffer: PrefetchBuffer, office: Office) -> None:
        super().__init__(name="courier", daemon=True)
        self.queue, self.outbox, self.buffer, self.office = queue, outbox, buffer, office
        self.progress: Progress = "working"
        self.left = 0
        self.redelivered = 0
        self.duplicates = 0
        """Links that were in the queue before."""
        self.pop_at = 0.0
        self.stopping = threading.Event()
        load = partial(load_scripts, queue.server)
        self.patience = Patience(queue.options.patience_s, self.stopping, office.revive, load)
        self.draining = False
        """Whether no more requests are taken."""
        self.tidied = False
        self.heard_at = now_s()
        """When that was asked which Redis answered last: the lease lasts from then on at least."""
        self.waits_since = 0.0
        """Since when it waits for an answer of Redis; 0 while it waits for none."""
        self.too_late = False
        """Whether the others have finished the crawl without this instance."""
        self.seeds: deque[NewLink] = deque(maxlen=SEEDS_KEPT)
        self.told_started = Report()

    # --- the thread ---

    def run(self) -> None:
        """Work until told to stop."""
        try:
            self.work()
        except QueueLost as exc:
            self.office.lost(exc)
        except OSError as exc:
            self.office.feed_failed(exc)
        except Exception as exc:
            logger.exception("The courier has a fault")
            self.office.lost(QueueLost(f"the courier has a fault ({type(exc).__name__}: {exc})"))
        self.refuse_questions()
        leave = [self.queue.command("leave", self.queue.worker)]
        with suppress(QueueLost):
            self.patience.insist(lambda: self.exchange(leave))

    def work(self) -> None:
        """Carry until told to stop, then what is left."""
        while not self.stopping.is_set():
            questions, claims, parcel = self.wait()
            self.answer(questions, claims)
            self.deliver(parcel)
            self.finish_up()
        with self.outbox.condition:
            questions, claims = self.outbox.take_questions()
            parcel = self.outbox.take_parcel()
        self.answer(questions, claims)
        self.deliver(parcel)

    def stop(self) -> None:
        """Tell what there is to tell, and end; without waiting for that."""
        self.draining = True
        self.stopping.set()
        with self.outbox.condition:
            self.outbox.condition.notify()

    def wait_for_end(self) -> bool:
        """Wait until the thread has ended; False where it has not, as Redis is silent or a disk slow."""
        began = now_s()
        while self.is_alive() and now_s() - began < END_S:
            if self.waits_since and now_s() - max(began, self.waits_since) > LAST_WORDS_S:
                break
            self.join(END_POLL_S)
        return not self.is_alive()

    def wait(self) -> tuple[list[Question], list[Claim], Parcel]:
        """Wait until there is something to do; return the questions, and the parcel if it is due."""
        outbox = self.outbox
        with outbox.condition:
            while not self.stopping.is_set():
                starved = not len(self.buffer)
                due = outbox.due_in(urgent=starved)
                if outbox.questions or outbox.claims or due == 0.0 or self.pop_in() == 0.0:
                    break
                waits = [seconds for seconds in (due, self.pop_in()) if seconds is not None]
                outbox.condition.wait(min(waits, default=None))
            questions, claims = outbox.take_questions()
            due = outbox.due_in(urgent=not len(self.buffer))
            return questions, claims, outbox.take_parcel() if due == 0.0 else Parcel()

    def pop_in(self) -> float | None:
        """Return in how many seconds more requests should be asked for; None while there is no room."""
        if self.draining or self.progress == "finished" or not self.buffer.room():
            return None
        return max(0.0, self.pop_at - monotonic())

    # --- what it carries ---

    def answer(self, questions: list[Question], claims: list[Claim]) -> None:
        """Ask Redis all questions in one round trip, and hand the answers on."""
        if not questions and not claims:
            return
        commands = [question.command for question in questions]
        if claims:
            commands.append(self.queue.command("claim", self.queue.worker, *(claim.record for claim in claims)))
        try:
            replies = self.patience.insist(lambda: self.exchange(commands))
        except BaseException as exc:
            refuse([*questions, *claims], str(exc))
            raise
        for question, reply in zip(questions, replies, strict=False):
            question.answer(reply)
        if claims:
            for claim, state in zip(claims, replies[-1], strict=True):
                claim.answer(text(state))

    def deliver(self, parcel: Parcel) -> None:
        """Write the lines, then tell the rest and ask for requests in one round trip."""
        if self.too_late:
            return
        try:
            self.write(parcel)
        except LeaseEnded:
            self.begin_again(parcel, {"fenced"})
            return
        limit = 0 if self.pop_in() != 0.0 else self.buffer.room()
        if not limit and not parcel.notes and not parcel.report.is_news():
            return
        reports = parcel.reports() if parcel.report.is_news() else []
        numbers = range(self.queue.steps + 1, self.queue.steps + 1 + len(reports))
        commands = [*parcel.notes]
        commands += [
            self.queue.command(*self.queue.step_words(number, report))
            for number, report in zip(numbers, reports, strict=True)
        ]
        if limit:
            commands.append(self.queue.command(*self.queue.pop_words(self.queue.pops + 1, limit)))
        renews = bool(reports or limit)
        replies = self.patience.insist(lambda: self.exchange(commands, renews=renews))
        popped = popped_of(replies.pop()) if limit else None
        told = [told_of(reply) for reply in replies[len(parcel.notes) :]]
        states = {answer.state for answer in told} | ({popped.state} if popped else set())
        if "lost" in states:
            raise self.loss()
        if states - {"ok"}:
            parcel.report.links = [link for report in reports for link in report.links]
            self.begin_again(parcel, states)
            return
        self.remember(reports)
        self.take_in(reports, told, popped)

    def write(self, parcel: Parcel) -> None:
        """Append the lines to the feeds.

        Raises:
            OSError: a feed cannot be written, or there was no room for too long.
            LeaseEnded: others have its pages by now.
        """
        while parcel.lines:
            sink, chunks = next(iter(parcel.lines.items()))
            self.patience.insist_on_room(partial(self.append, sink, b"".join(chunks)))
            del parcel.lines[sink]

    def append(self, sink: Sink, data: bytes) -> None:
        """Append lines to one feed; asked about the lease before, too, lest a locked file waits for a silent Redis."""
        self.insist_on_lease()
        sink.append(data, self.insist_on_lease)

    def insist_on_lease(self) -> None:
        """Make sure that this instance may write: after a long sleep others may have its pages, or ended the crawl.

        Raises:
            LeaseEnded: others have its pages.
            QueueLost: the crawl is over, and another one may write to its feeds.
            RedisError: nobody answers.
        """
        asked_at = now_s()
        if asked_at - self.heard_at < self.queue.options.lease_ttl_ms / 1000:
            return
        state = self.queue.beat()
        if state == "lost":
            raise self.loss()
        if state == "fenced":
            raise LeaseEnded
        self.heard_at = asked_at

    def loss(self) -> QueueLost:
        """Return what is raised where another crawl is in Redis, or none."""
        return QueueLost(f"the crawl's keys below {self.queue.keys.prefix} are gone from Redis")

    def take_in(self, reports: list[Report], told: list[Told], popped: Popped | None) -> None:
        """Note where the crawl stands, and the requests that have come."""
        former, sent = self.progress, sum(len(report.links) for report in reports)
        for answer in told:
            self.progress, self.left, self.redelivered = answer.progress, answer.left, answer.redelivered
        self.queue.steps += len(told)
        self.outbox.forget(record for report in reports for record in report.records)
        self.duplicates += sent - sum(answer.new_links for answer in told)
        if popped:
            self.queue.pops += 1
            self.progress = popped.progress
            self.buffer.fill(popped.requests, self.outbox.generation, alone=popped.alone)
            waits = IDLE_POLL_S if popped.next_in_ms is None else min(IDLE_POLL_S, popped.next_in_ms / 1000)
            self.pop_at = monotonic() + (0.0 if popped.requests and not waits else max(LEAST_POLL_S, waits))
        elif any(answer.new_links for answer in told) and not len(self.buffer):
            self.pop_at = 0.0
        self.tidied = self.tidied and self.progress != "working"
        if self.progress == "lost":
            raise QueueLost(f"requests are gone from Redis: what is below {self.queue.keys.prefix} does not add up")
        if self.progress != former or (popped and popped.requests):
            self.office.news()

    def finish_up(self) -> None:
        """Where the crawl is complete: put the feeds in order, once, and say so; the last to do that finishes it."""
        if self.progress != "complete" or self.draining:
            return
        if not self.tidied and self.redelivered:
            self.patience.insist(self.office.tidy)
        self.tidied = True
        self.deliver(Parcel(report=Report(ready=True)))

    # --- what goes wrong ---

    def exchange(self, commands: list[tuple[Any, ...]], *, renews: bool = False) -> list[Any]:
        """Send commands in one round trip; return the replies. Only STEP and POP tell that the lease goes on."""
        asked_at = now_s()
        self.waits_since = self.waits_since or asked_at
        with self.queue.server.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)  # type: ignore[no-untyped-call]
            replies = pipe.execute(raise_on_error=False)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        self.waits_since = 0.0
        self.heard_at = asked_at if renews else self.heard_at
        return replies

    def begin_again(self, undelivered: Parcel, states: set[State]) -> None:
        """Enter the crawl as another worker: what was in hand has gone back, or will, to be handed out again."""
        former = self.queue.worker
        self.patience.insist(lambda: self.queue.call("leave", former))
        if not self.patience.insist(self.queue.rejoin):
            self.too_late, self.progress = True, "finished"
            self.office.news()
            return
        why = "Redis came back with less than it had" if "regressed" in states else "the lease had ended"
        logger.warning("Joining again, as %s: what was in hand is fetched again", why)
        self.outbox.begin_again(undelivered)
        self.buffer.clear()
        # What Redis has forgotten comes again too, and no lease tells of it: the feeds are to be put in order.
        server, control = self.queue.server, self.queue.keys.control
        self.patience.insist(lambda: server.hincrby(control, "redelivered", 1))
        # Some of the seeds may be among the forgotten, and not kept here: then they count as unread.
        has_all = "regressed" not in states or len(self.seeds) < SEEDS_KEPT
        again = self.told_started
        with self.outbox.condition:
            report = self.outbox.parcel.report
            report.links = [*self.seeds, *report.links]
            report.started = report.started or again.started
            report.reads_seeds = has_all and (report.reads_seeds or again.reads_seeds)
        self.tidied = False
        self.pop_at = 0.0

    def remember(self, reports: list[Report]) -> None:
        """Keep what no page would bring again."""
        for report in reports:
            self.seeds.extend(report.seeds)
            if report.started:
                self.told_started = Report(started=True, reads_seeds=report.reads_seeds)

    def refuse_questions(self) -> None:
        """Let nobody wait for an answer that cannot come any more, until told to stop."""
        self.draining = True
        while True:
            with self.outbox.condition:
                questions, claims = self.outbox.take_questions()
                if not questions and not claims:
                    if self.stopping.is_set():
                        self.outbox.closed = True
                        return
                    self.outbox.condition.wait()
            refuse([*questions, *claims], "the queue is closed")


def now_s() -> float:
    """Return the time in seconds by a clock that goes on while the machine sleeps, as leases do."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def refuse(asked: Iterable[Question | Claim], why: str) -> None:
    """Tell those who asked that no answer will come."""
    for one in asked:
        one.answer(QueueLost(why))
