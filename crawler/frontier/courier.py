"""The I/O thread: writes the feeds, tells Redis what was done, and brings requests; the reactor never waits for either."""

from __future__ import annotations

import errno
import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Protocol, TypeVar

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoScriptError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)

from crawler.errors import QueueLost
from crawler.frontier.outbox import Claim, Outbox, Parcel, Question
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
    told_of,
)

logger = logging.getLogger(__name__)
T = TypeVar("T")

IDLE_POLL_S = 0.2
"""Seconds between two looks for work by an instance that has none."""
LEAST_POLL_S = 0.005
BACKOFF_S, MOST_BACKOFF_S = 0.05, 1.0
"""Seconds between two attempts while Redis or the disk is away: the first pause, doubled up to the longest."""
LAST_WORDS_S = 3.0
"""How long an instance that is asked to end waits for a silent Redis; its leases end by themselves."""
SEEDS_KEPT = 10_000
"""Latest requests without a parent that are sent again when Redis comes back with less than it had."""
COMES_BACK = ("OOM", "LOADING", "READONLY", "MISCONF", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "NOREPLICAS")
"""What Redis says while it can do nothing for us, and may soon."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class Office(Protocol):
    """Whom the courier reports to; called in its thread."""

    def news(self) -> None:
        """Requests have come, or the crawl stands elsewhere."""

    def lost(self, error: QueueLost) -> None:
        """The queue is gone for good."""

    def feed_failed(self, error: OSError) -> None:
        """A feed cannot be written."""

    def revive(self) -> None:
        """Start the embedded server again, if it is ours and has died."""

    def tidy(self) -> None:
        """Put the feeds in order: the crawl is complete."""


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
        self.draining = False
        """Whether no more requests are taken."""
        self.tidied = False
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
        with suppress(QueueLost):
            self.insist(self.queue.leave)

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
        replies = self.insist(lambda: self.exchange(commands))
        for question, reply in zip(questions, replies, strict=False):
            question.answer(reply)
        if claims:
            for claim, may in zip(claims, replies[-1], strict=True):
                claim.answer(bool(may))

    def deliver(self, parcel: Parcel) -> None:
        """Write the lines, then tell the rest and ask for requests in one round trip."""
        self.write(parcel)
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
        replies = self.insist(lambda: self.exchange(commands))
        popped = popped_of(replies.pop()) if limit else None
        told = [told_of(reply) for reply in replies[len(parcel.notes) :]]
        states = {answer.state for answer in told} | ({popped.state} if popped else set())
        if "lost" in states:
            raise QueueLost(f"the crawl's keys below {self.queue.keys.prefix} are gone from Redis")
        if states - {"ok"}:
            parcel.report.links = [link for report in reports for link in report.links]
            self.begin_again(parcel, states)
            return
        self.remember(reports)
        self.take_in(reports, told, popped)

    def write(self, parcel: Parcel) -> None:
        """Append the lines to the feeds, waiting while the disk is full.

        Raises:
            OSError: a feed cannot be written, or there was no room for too long.
        """
        began = 0.0
        while parcel.lines:
            sink, chunks = next(iter(parcel.lines.items()))
            try:
                self.insist(partial(sink.append, b"".join(chunks)))
                del parcel.lines[sink]
            except OSError as exc:
                if exc.errno not in NO_ROOM:
                    raise
                if not began:
                    began = monotonic()
                    logger.error(  # noqa: TRY400 - a sentence for the user, no traceback
                        "%s: waiting for room, up to %.0f s. Nothing is lost: what cannot be written is not acknowledged.",
                        exc,
                        self.queue.options.patience_s,
                    )
                if self.out_of_patience(began):
                    raise
                self.stopping.wait(MOST_BACKOFF_S)

    def take_in(self, reports: list[Report], told: list[Told], popped: Popped | None) -> None:
        """Note where the crawl stands, and the requests that have come."""
        former, sent = self.progress, sum(len(report.links) for report in reports)
        for answer in told:
            self.progress, self.left, self.redelivered = answer.progress, answer.left, answer.redelivered
        self.queue.steps += len(told)
        self.outbox.unclaim(record for report in reports for record in report.records)
        self.duplicates += sent - sum(answer.new_links for answer in told)
        if popped:
            self.queue.pops += 1
            self.progress = popped.progress
            self.buffer.fill(popped.requests, self.outbox.generation, alone=popped.alone)
            waits = IDLE_POLL_S if popped.next_in_ms is None else min(IDLE_POLL_S, popped.next_in_ms / 1000)
            self.pop_at = monotonic() + (0.0 if popped.requests and not waits else max(LEAST_POLL_S, waits))
        elif any(answer.new_links for answer in told) and not len(self.buffer):
            self.pop_at = 0.0
        if self.progress == "lost":
            raise QueueLost(f"requests are gone from Redis: what is below {self.queue.keys.prefix} does not add up")
        if self.progress != former or (popped and popped.requests):
            self.office.news()

    def finish_up(self) -> None:
        """Where the crawl is complete: put the feeds in order, once, and say so; the last one to do that finishes it."""
        if self.progress != "complete" or self.draining:
            return
        if not self.tidied and self.redelivered:
            self.office.tidy()
        self.tidied = True
        self.deliver(Parcel(report=Report(ready=True)))

    # --- what goes wrong ---

    def exchange(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """Send commands in one round trip; return the replies."""
        with self.queue.server.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)  # type: ignore[no-untyped-call]
            replies = pipe.execute(raise_on_error=False)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    def insist(self, act: Callable[[], T]) -> T:
        """Repeat `act` while Redis is away.

        Raises:
            QueueLost: it stays away, or says what no waiting helps against.
        """
        began, pause_s = 0.0, BACKOFF_S
        while True:
            try:
                result = act()
            except NoScriptError:
                began = began or monotonic()
                self.insist(lambda: load_scripts(self.queue.server))
            except RedisError as exc:
                if not comes_back(exc):
                    raise QueueLost(f"Redis refuses ({exc})") from exc
                if not began:
                    began = monotonic()
                    logger.warning("Redis does not answer (%s): waiting, nothing is lost meanwhile", exc)
                if self.out_of_patience(began):
                    raise QueueLost(f"Redis has not answered for {monotonic() - began:.0f} s ({exc})") from exc
                self.stopping.wait(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
                pause_s = min(MOST_BACKOFF_S, 2 * pause_s)
                self.office.revive()
            else:
                if pause_s > BACKOFF_S:
                    logger.info("Redis answers again after %.1f s", monotonic() - began)
                return result

    def out_of_patience(self, began: float) -> bool:
        """Tell whether to go on waiting for what was missed first at `began`."""
        patience_s = LAST_WORDS_S if self.stopping.is_set() else self.queue.options.patience_s
        return monotonic() - began > patience_s

    def begin_again(self, undelivered: Parcel, states: set[State]) -> None:
        """Enter the crawl as another worker: what was in hand has gone back, or will, to be handed out again."""
        why = "Redis came back with less than it had" if "regressed" in states else "the lease had ended"
        logger.warning("Joining again, as %s: what was in hand is fetched again", why)
        self.outbox.begin_again(undelivered)
        self.buffer.clear()
        former = self.queue.worker
        self.insist(lambda: self.queue.call("leave", former))
        self.insist(self.queue.join)
        again = self.told_started
        with self.outbox.condition:
            report = self.outbox.parcel.report
            report.links = [*self.seeds, *report.links]
            report.started, report.reads_seeds = (
                report.started or again.started,
                report.reads_seeds or again.reads_seeds,
            )
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
                        return
                    self.outbox.condition.wait()
            for answer in [one.answer for one in questions] + [one.answer for one in claims]:
                answer(QueueLost("the queue is closed"))


def comes_back(error: RedisError) -> bool:
    """Tell whether waiting may help."""
    if isinstance(error, AuthenticationError):
        return False
    if isinstance(error, RedisConnectionError | RedisTimeoutError | BusyLoadingError):
        return True
    return isinstance(error, ResponseError) and any(word in str(error) for word in COMES_BACK)
