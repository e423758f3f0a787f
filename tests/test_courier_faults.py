from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from crawler.errors import QueueLost
from crawler.feeds.jsonlines import FeedSink
from crawler.frontier import patience
from crawler.frontier.patience import comes_back
from crawler.frontier.queue import texts
from tests.couriers import FOREVER_MS, Feed, Instance, answer_to, full_disk, instance
from tests.faults.relay import Relay, relay
from tests.queues import Crew, crew_at, ids, push, signed_in

SOON_S = 0.2
"""The patience of an instance that gives up in a test."""
NoMore = Callable[[], object]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less between two attempts than a real instance does."""
    monkeypatch.setattr(patience, "MOST_BACKOFF_S", 2 * patience.BACKOFF_S)
    monkeypatch.setattr(patience, "LAST_WORDS_S", SOON_S)


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


@pytest.fixture
def line(valkey: str) -> Iterator[Relay]:
    """What leads to the server."""
    with relay(valkey) as line:
        yield line


@pytest.fixture
def one(line: Relay) -> Iterator[Instance]:
    with instance(line.url) as one:
        yield one


@pytest.fixture
def server(crew: Crew) -> Iterator[Redis]:
    """The server, whose settings are as before after the test."""
    names = ("maxmemory", "min-replicas-to-write", "replica-serve-stale-data")
    before = {name: crew.server.config_get(name)[name] for name in names}
    yield crew.server
    crew.server.replicaof("NO", "ONE")
    for name, value in before.items():
        crew.server.config_set(name, str(value))


def leased(crew: Crew, one: Instance) -> list[str]:
    return sorted(texts(crew.server.smembers(f"{one.keys.prefix}leased:{one.queue.worker}")))


def errno_of(error: Exception | None) -> int | None:
    assert isinstance(error, OSError)
    return error.errno


# --- a line that is cut ---


@pytest.mark.parametrize("replies", [1, 2, 5])
def test_a_call_whose_reply_is_lost_is_repeated_and_changes_nothing_twice(
    one: Instance, line: Relay, crew: Crew, replies: int
) -> None:
    feed = Feed()
    one.push("a", "b", "c")
    line.replies_to_lose = replies
    one.round()
    assert leased(crew, one) == sorted(waiting.id for waiting in one.buffer.waiting)
    assert len(one.buffer) == 3
    a, b, c = one.take(3)
    one.outbox.write(feed, b"1\n")
    one.outbox.note(("SADD", one.keys.listed, "row"))
    one.finish(a, records=("r",))
    one.outbox.tell(0, lambda report: report.returned.append((b.id, True)))
    one.outbox.tell(0, lambda report: report.dead.append((c.id, "no")))
    one.push("d")
    one.courier.pop_at = 0.0
    line.replies_to_lose = replies
    one.round()
    assert (feed.data, crew.server.smembers(one.keys.recorded)) == (b"1\n", {b"r"})
    assert [crew.control(name) for name in ("sequence", "done", "dead", "redelivered")] == ["4", "1", "1", "1"]
    assert crew.server.hgetall(one.keys.deliveries) == {b.id.encode(): b"1"}
    assert leased(crew, one) == sorted(waiting.id for waiting in one.buffer.waiting)
    assert (one.queue.steps, one.queue.pops) == (2, 2)


def test_a_question_whose_reply_is_lost_is_asked_again(one: Instance, line: Relay) -> None:
    answers = [one.ask("ECHO", "a"), one.ask("ECHO", "b")]
    claim = one.claim("r")
    line.replies_to_lose = 2
    one.round()
    assert [answer_to(answer) for answer in (*answers, claim)] == [b"a", b"b", "ours"]


def test_connections_that_are_cut_all_the_time_cost_nothing(one: Instance, line: Relay, crew: Crew) -> None:
    other = crew.join()
    one.start()
    push(other, *map(str, range(40)))
    while int(crew.control("done") or 0) < 40:
        line.reset()
        one.finish(*one.take(len(one.buffer)))
        assert answer_to(one.ask("ECHO", "a")) == b"a"
    assert (crew.left(), crew.control("redelivered")) == (0, "0")


def test_while_nobody_answers_all_waits_and_then_goes_on(
    one: Instance, line: Relay, crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    one.start()
    answer_to(one.ask("ECHO", "a"))
    line.refuse()
    one.push("a")
    answer = one.ask("ECHO", "b")
    with caplog.at_level(logging.INFO, "crawler.frontier.patience"):
        for _ in range(2):
            one.office.until("revive")
        assert crew.left() == 0
        line.accept()
        assert answer_to(answer) == b"b"
        while not len(one.buffer):
            one.office.until("news")
    (said,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert said.startswith("Redis does not answer (")
    assert said.endswith("): waiting, up to 60 s. Nothing is lost if its data comes back.")
    assert "Redis answers again after" in caplog.text
    assert crew.left() == 1


def test_scripts_that_redis_has_forgotten_are_loaded_again(one: Instance, crew: Crew) -> None:
    one.push("a")
    crew.server.script_flush()
    one.round()
    assert len(one.buffer) == 1


# --- a server that refuses ---


def out_of_memory(server: Redis) -> NoMore:
    server.config_set("maxmemory", 1)
    return lambda: server.config_set("maxmemory", 0)


def read_only(server: Redis) -> NoMore:
    server.replicaof("127.0.0.1", 1)
    return lambda: server.replicaof("NO", "ONE")


def master_down(server: Redis) -> NoMore:
    server.config_set("replica-serve-stale-data", "no")
    return read_only(server)


def no_replicas(server: Redis) -> NoMore:
    server.config_set("min-replicas-to-write", 1)
    return lambda: server.config_set("min-replicas-to-write", 0)


@pytest.mark.parametrize("refuse", [out_of_memory, read_only, master_down, no_replicas])
def test_a_server_that_can_do_nothing_for_now_is_waited_for(
    one: Instance, server: Redis, crew: Crew, refuse: Callable[[Redis], NoMore]
) -> None:
    accept = refuse(server)
    one.courier.draining = True
    one.push("a")
    one.outbox.note(("SADD", one.keys.listed, "row"))
    answer = one.ask("EXISTS", "x")
    one.start()
    one.office.until("revive")
    accept()
    one.end()
    assert answer_to(answer) == 0
    assert (crew.left(), crew.server.scard(one.keys.listed)) == (1, 1)
    assert "lost" not in one.office.words()


@pytest.mark.parametrize(
    "command", [("HGET", "text", "x"), ("NOSUCHCOMMAND",), ("EVAL", "return redis.call('HGET', 'text', 'x')", "0")]
)
def test_what_no_waiting_helps_against_is_no_absence(server: Redis, command: tuple[str, ...]) -> None:
    server.set("text", "value")
    with pytest.raises(RedisError) as refusal:
        server.execute_command(*command)  # type: ignore[no-untyped-call]
    assert not comes_back(refusal.value)


def test_a_wrong_password_is_not_waited_for(valkey: str) -> None:
    with Redis.from_url(signed_in(valkey, "crawler", "wrong")) as client, pytest.raises(RedisError) as refusal:
        client.ping()
    assert not comes_back(refusal.value)


def test_a_refusal_for_good_is_told_and_whoever_asks_is_refused_too(one: Instance, crew: Crew) -> None:
    crew.server.set(one.keys.platforms, "no hash")
    answers = [one.ask("HGET", one.keys.platforms, "host"), one.claim("r")]
    one.start()
    assert "Redis refuses (WRONGTYPE" in str(one.office.until("lost"))
    assert all(isinstance(answer_to(answer), QueueLost) for answer in answers)
    assert isinstance(answer_to(one.ask("ECHO", "a")), QueueLost)
    assert isinstance(answer_to(one.claim("s")), QueueLost)
    one.end()
    assert crew.queue().workers() == []


# --- for too long ---


def test_a_server_that_stays_away_is_given_up_and_nobody_waits_for_an_answer(line: Relay) -> None:
    with instance(line.url, patience_s=SOON_S) as one:
        line.refuse()
        answer, claim = one.ask("ECHO", "a"), one.claim("r")
        one.start()
        assert "Redis has not answered for" in str(one.office.until("lost"))
        assert isinstance(answer_to(answer), QueueLost)
        assert isinstance(answer_to(claim), QueueLost)
        assert isinstance(answer_to(one.ask("ECHO", "b")), QueueLost)
        one.end()


def test_who_is_to_end_does_not_wait_long_for_a_silent_server(line: Relay) -> None:
    with instance(line.url, patience_s=FOREVER_MS / 1000) as one:
        one.start()
        answer_to(one.ask("ECHO", "a"))
        line.refuse()
        one.push("a")
        one.office.until("revive")
        before = one.office.revived
        one.end()
        assert "lost" in one.office.words()
        assert one.office.revived - before <= 1, "who is about to end starts no server"


# --- the disk ---


def test_a_full_disk_is_waited_for_and_nothing_is_done_meanwhile(
    one: Instance, crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    one.push("a")
    one.round()
    feed = DoneYet(crew, full_disk(), full_disk(), full_disk())
    one.finish(*one.take())
    one.outbox.write(feed, b"1\n")
    with caplog.at_level(logging.INFO, "crawler.frontier.patience"):
        one.round()
    assert (feed.data, feed.seen, crew.control("done")) == (b"1\n", ["0"] * 4, "1")
    said = [record.message for record in caplog.records]
    assert len(said) == 2
    assert "No space left on device" in said[0]
    assert "waiting for room, up to 60 s" in said[0]
    assert said[1].startswith("There is room again")


class DoneYet(Feed):
    """A feed that sees how many pages are done when it is written."""

    def __init__(self, crew: Crew, *troubles: Exception) -> None:
        super().__init__(*troubles)
        self.crew = crew
        self.seen: list[str | None] = []

    def append(self, data: bytes, insist_on_lease: Callable[[], None]) -> None:
        self.seen.append(self.crew.control("done"))
        super().append(data, insist_on_lease)


def test_other_feeds_are_not_written_twice_while_one_has_no_room(one: Instance) -> None:
    whole, full = Feed(), Feed(full_disk())
    one.outbox.write(whole, b"1\n")
    one.outbox.write(full, b"2\n")
    one.round()
    assert (whole.data, full.data) == (b"1\n", b"2\n")


def test_a_disk_that_stays_full_ends_the_instance_and_its_pages_go_back(valkey: str, crew: Crew) -> None:
    with instance(valkey, patience_s=SOON_S) as one:
        feed = Feed(*(full_disk() for _ in range(1000)))
        one.push("a")
        one.round()
        one.finish(*one.take())
        one.outbox.write(feed, b"1\n")
        one.start()
        assert errno_of(one.office.until("feed_failed")) == errno.ENOSPC
        one.end()
    assert (crew.control("done"), crew.left()) == ("0", 1)
    assert len(ids(crew.join().pop(9))) == 1


@pytest.mark.parametrize("number", [errno.EIO, errno.EFBIG, errno.EACCES, errno.EROFS])
def test_a_feed_that_cannot_be_written_for_another_reason_ends_the_instance_at_once(
    one: Instance, crew: Crew, number: int
) -> None:
    one.push("a")
    one.round()
    one.finish(*one.take())
    one.outbox.write(Feed(OSError(number, "broken")), b"1\n")
    answer = one.ask("ECHO", "a")
    one.start()
    assert errno_of(one.office.until("feed_failed")) == number
    assert answer_to(answer) == b"a"
    assert isinstance(answer_to(one.ask("ECHO", "b")), QueueLost)
    one.end()
    assert (crew.control("done"), crew.left(), crew.queue().workers()) == ("0", 1, [])


def test_a_feed_that_asks_redis_asks_again(one: Instance, line: Relay, tmp_path: Path) -> None:
    sink = FeedSink(tmp_path / "videos.jsonl", one.queue)
    one.outbox.write(sink, b'{"id": 1}\n')
    line.replies_to_lose = 3
    one.round()
    assert sink.path.read_bytes() == b'{"id": 1}\n'


def test_a_feed_with_a_fault_ends_the_instance_loudly(one: Instance, caplog: pytest.LogCaptureFixture) -> None:
    one.outbox.write(Feed(ValueError("odd")), b"1\n")
    one.start()
    assert "the courier has a fault (ValueError: odd)" in str(one.office.until("lost"))
    one.end()
    assert "The courier has a fault" in caplog.text
