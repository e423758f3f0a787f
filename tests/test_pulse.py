from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from crawler.frontier import pulse
from crawler.frontier.options import Options
from crawler.frontier.pulse import Pulse
from crawler.frontier.queue import Queue, State
from tests.faults.relay import relay
from tests.queues import Crew, crew_at, push, scores, take

ROOT = Path(__file__).parent.parent
DEADLINE_S = 60
SHORT_MS, LONG_MS = 300, 3_600_000
OTHER = """
import sys
from redis import Redis
from crawler.frontier.keys import Keys
from crawler.frontier.options import Options
from crawler.frontier.queue import Queue, Report
queue = Queue(Redis.from_url(sys.argv[1]), Keys("videos"), Options(lease_ttl_ms=3_600_000))
queue.join()
queue.step(Report(started=True))
print(len(queue.pop(9).requests), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "LOOK_S", 0.02)


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


@pytest.fixture
def beat() -> Iterator[Callable[[Queue], Pulse]]:
    """Start the heartbeat of an instance; none outlives the test."""
    beating: list[Pulse] = []

    def start(queue: Queue) -> Pulse:
        beating.append(Pulse(queue))
        beating[-1].start()
        return beating[-1]

    yield start
    for one in beating:
        one.stop()
        one.join(DEADLINE_S)
        assert not one.is_alive()


def until(is_so: Callable[[], bool]) -> None:
    deadline, nothing = monotonic() + DEADLINE_S, Event()
    while not is_so():
        assert monotonic() < deadline, "still not so"
        nothing.wait(0.005)


def deadline_ms(crew: Crew, queue: Queue) -> float:
    return scores(crew.server, crew.keys.workers)[queue.worker]


def test_the_lease_is_renewed_all_the_time(crew: Crew, beat: Callable[[Queue], Pulse]) -> None:
    queue = crew.join(lease_ttl_ms=SHORT_MS)
    beat(queue)
    for _ in range(3):
        before = deadline_ms(crew, queue)
        until(lambda before=before: deadline_ms(crew, queue) > before)  # type: ignore[misc]


def test_between_two_beats_it_only_looks_who_is_there(crew: Crew, beat: Callable[[Queue], Pulse]) -> None:
    queue = crew.join(lease_ttl_ms=LONG_MS)
    names: list[str] = []
    with crew.server.monitor() as monitor:  # type: ignore[no-untyped-call]
        beat(queue)
        while names.count("ZRANGE") < 3:
            names.append(monitor.next_command()["command"].split()[0])
    assert set(names) <= {"ZRANGE", "HELLO", "CLIENT"}


def test_what_a_killed_process_of_this_machine_had_in_hand_is_taken_back_at_once(
    crew: Crew, valkey: str, beat: Callable[[Queue], Pulse], caplog: pytest.LogCaptureFixture
) -> None:
    queue = crew.join(lease_ttl_ms=LONG_MS)
    push(queue, "a", "b")
    command = [sys.executable, "-c", OTHER, valkey]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603
        assert other.stdout is not None
        assert other.stdout.readline() == b"2\n"
        beat(queue)
        assert len(crew.queue().workers()) == 2
        assert take(queue) == {}
        other.kill()
        with caplog.at_level(logging.WARNING, "crawler.frontier.pulse"):
            until(lambda: crew.queue().workers() == [queue.worker])
    assert sorted(take(queue)) == ["a", "b"]
    assert crew.server.hvals(crew.keys.deliveries) == [b"1", b"1"]
    until(lambda: "1 instance of this machine died: what was in hand there" in caplog.text)


class Watched(Queue):
    """A queue that notes when a beat has failed."""

    failed = Event()

    def beat(self) -> State:
        try:
            return super().beat()
        except RedisError:
            self.failed.set()
            raise


def test_a_redis_that_is_away_for_a_while_stops_no_heartbeat(
    crew: Crew, valkey: str, beat: Callable[[Queue], Pulse]
) -> None:
    with relay(valkey) as line, Redis.from_url(line.url, retry=Retry(NoBackoff(), 0)) as client:
        queue = Watched(client, crew.keys, Options(lease_ttl_ms=SHORT_MS))
        queue.join()
        beating = beat(queue)
        line.refuse()
        assert queue.failed.wait(DEADLINE_S)
        line.accept()
        before = deadline_ms(crew, queue)
        until(lambda: deadline_ms(crew, queue) > before)
        beating.stop()
        beating.join(DEADLINE_S)


def test_it_stops_at_once(crew: Crew) -> None:
    beating = Pulse(crew.join(lease_ttl_ms=LONG_MS))
    beating.start()
    beating.stop()
    beating.join(DEADLINE_S)
    assert not beating.is_alive()


def test_its_end_is_waited_for_but_not_for_ever(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    at_it, may_end = Event(), Event()

    def look() -> None:
        at_it.set()
        may_end.wait(DEADLINE_S)

    monkeypatch.setattr(pulse, "LAST_WORDS_S", 0.01)
    beating = Pulse(crew.join(lease_ttl_ms=LONG_MS), look)
    beating.wait_for_end()  # of one that has not begun
    beating.start()
    assert at_it.wait(DEADLINE_S)
    beating.stop()
    beating.wait_for_end()
    assert beating.is_alive()
    may_end.set()
    monkeypatch.setattr(pulse, "LAST_WORDS_S", DEADLINE_S)
    beating.wait_for_end()
    assert not beating.is_alive()
