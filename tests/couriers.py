"""The I/O thread of an instance on a real queue, with stand-ins for the reactor's side of it."""

from __future__ import annotations

import errno
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crawler.errors import QueueLost
from crawler.frontier.courier import Courier
from crawler.frontier.keys import Keys
from crawler.frontier.options import Options
from crawler.frontier.outbox import Claim, Outbox, Question
from crawler.frontier.prefetch import Leased, PrefetchBuffer
from crawler.frontier.queue import DIGESTS, NewLink, Queue, Report
from tests.queues import link

DEADLINE_S = 60
"""What takes longer hangs, also on a machine under load."""
FOREVER_MS = 3_600_000
VERBS = {digest: verb for verb, digest in DIGESTS.items()}


class Office:
    """Whom a courier reports to: keeps what it was told."""

    def __init__(self) -> None:
        self.told: queue.SimpleQueue[tuple[str, Exception | None]] = queue.SimpleQueue()
        self.tidied = 0
        self.revived = 0

    def news(self) -> None:
        self.told.put(("news", None))

    def lost(self, error: QueueLost) -> None:
        self.told.put(("lost", error))

    def feed_failed(self, error: OSError) -> None:
        self.told.put(("feed_failed", error))

    def revive(self) -> None:
        self.revived += 1
        self.told.put(("revive", None))

    def tidy(self) -> None:
        self.tidied += 1

    def until(self, what: str) -> Exception | None:
        """Wait until it is told something; return what came with it."""
        while True:
            name, error = self.told.get(timeout=DEADLINE_S)
            if name == what:
                return error

    def words(self) -> set[str]:
        """Return what it was told since it was looked at last."""
        return {self.told.get()[0] for _ in range(self.told.qsize())}


class Feed:
    """A feed in memory. Each trouble that waits for it makes one attempt to append fail."""

    def __init__(self, *troubles: Exception) -> None:
        self.troubles = list(troubles)
        self.data = b""

    def append(self, data: bytes, insist_on_lease: Callable[[], None]) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        insist_on_lease()
        self.data += data


def lasts() -> None:
    """Say of a lease that it has not ended."""


def full_disk() -> OSError:
    """What a write raises when there is no room."""
    return OSError(errno.ENOSPC, "No space left on device", "videos.jsonl")


class Instance:
    """A courier with all that it works on; nothing else uses the queue's client."""

    def __init__(self, url: str, **options: Any) -> None:
        self.server = Redis.from_url(url, socket_timeout=10, retry=Retry(NoBackoff(), 0))
        self.keys = Keys("videos")
        usual: dict[str, Any] = {"cap": 1_000_000, "lease_ttl_ms": FOREVER_MS, "patience_s": DEADLINE_S}
        self.queue = Queue(self.server, self.keys, Options(**(usual | options)))
        self.outbox, self.buffer, self.office = Outbox(), PrefetchBuffer(self.queue.options.prefetch_count), Office()
        self.courier = Courier(self.queue, self.outbox, self.buffer, self.office)

    def join(self) -> Instance:
        """Enter the crawl, with no seeds to send."""
        self.queue.join()
        self.outbox.tell(0, has_started)
        return self

    def round(self) -> None:
        """Do once what the thread does all the time, without waiting until it is worth it."""
        with self.outbox.condition:
            questions, claims = self.outbox.take_questions()
            parcel = self.outbox.take_parcel()
        self.courier.answer(questions, claims)
        self.courier.deliver(parcel)
        self.courier.finish_up()

    def start(self) -> Instance:
        """Let the thread work."""
        self.courier.start()
        return self

    def end(self) -> None:
        """Tell the courier to end, and wait for that; in this thread where it has none of its own."""
        self.courier.stop()
        if self.courier.ident is None:
            self.courier.run()
        else:
            self.courier.join(DEADLINE_S)
            assert not self.courier.is_alive()

    # --- the reactor's side ---

    def push(self, *pages: str | NewLink, is_seed: bool = False) -> None:
        """Put requests into the queue."""
        for page in pages:
            self.outbox.push(link(page) if isinstance(page, str) else page, is_seed=is_seed)

    def take(self, number: int = 1) -> list[Leased]:
        """Return requests that have come."""
        taken = [self.buffer.take() for _ in range(number)]
        assert None not in taken
        return cast("list[Leased]", taken)

    def finish(self, *requests: Leased, records: tuple[str, ...] = ()) -> None:
        """Acknowledge requests, with the records that they have led to."""
        for leased in requests:
            self.outbox.tell(leased.generation, partial(is_done, leased.id, records))

    def ask(self, *command: Any) -> Future[Any]:
        """Ask Redis; the answer may be an exception."""
        answer: Future[Any] = Future()
        self.outbox.ask(Question(command, answer.set_result))
        return answer

    def claim(self, record: str) -> Future[Any] | None:
        """Ask whether a record may be written; None where this instance writes it already."""
        answer: Future[Any] = Future()
        return answer if self.outbox.claim(Claim(record, answer.set_result)) else None


def is_done(request_id: str, records: tuple[str, ...], report: Report) -> None:
    """Add a request, and its records, to what is done."""
    report.acks.append(request_id)
    report.records.extend(records)


def has_started(report: Report) -> None:
    """Say that there are no more seeds."""
    report.started = True


def answer_to(answer: Future[Any] | None) -> Any:
    """Return what was answered."""
    assert answer is not None
    return answer.result(DEADLINE_S)


@contextmanager
def instance(url: str, **options: Any) -> Iterator[Instance]:
    """Make an instance that has joined; its thread does not outlive the block."""
    one = Instance(url, **options)
    with one.server:
        one.join()
        yield one
        if one.courier.is_alive():
            one.end()


def dump(server: Redis) -> dict[bytes, bytes]:
    """Return all that Redis holds."""
    return {key: cast("bytes", server.dump(key)) for key in cast("list[bytes]", server.keys())}


def restore(server: Redis, state: dict[bytes, bytes]) -> None:
    """Let Redis hold what it held before, as after a restart from a file that is older than its last words."""
    server.flushall()
    for key, value in state.items():
        server.restore(key, 0, value)


@contextmanager
def overheard(server: Redis) -> Iterator[list[str]]:
    """Listen to what clients tell Redis meanwhile: verbs, or names of commands."""
    heard: list[str] = []
    with server.monitor() as monitor:  # type: ignore[no-untyped-call]
        yield heard
        server.ping()
        while (command := monitor.next_command())["command"] != "PING":
            name, *words = command["command"].split()
            if command["client_type"] != "lua" and name not in {"HELLO", "CLIENT"}:
                heard.append(VERBS[words[0]] if name == "EVALSHA" else name)
