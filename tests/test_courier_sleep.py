from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawler.errors import QueueLost
from crawler.extensions.rejects import RejectsSink
from crawler.feeds.jsonlines import FeedSink
from crawler.frontier import patience
from tests.couriers import FOREVER_MS, Feed, Instance, full_disk, instance
from tests.faults.relay import relay
from tests.queues import Crew, crash, crew_at, finish, take, vote


@pytest.fixture
def one(valkey: str) -> Iterator[Instance]:
    with instance(valkey) as one:
        yield one


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


class Sleeper(Feed):
    """A feed at which the instance falls asleep, for longer than its lease lasts, while others go on."""

    def __init__(self, one: Instance, meanwhile: Callable[[], object], *troubles: Exception) -> None:
        super().__init__(*troubles)
        self.one, self.meanwhile = one, meanwhile

    def append(self, data: bytes, insist_on_lease: Callable[[], None]) -> None:
        self.meanwhile()
        self.one.courier.heard_at -= FOREVER_MS
        super().append(data, insist_on_lease)


def has_read_a_page(one: Instance, feed: Feed) -> Feed:
    """Let the instance have a line that is not written yet, of a page."""
    one.push("a")
    one.round()
    one.finish(*one.take())
    one.outbox.write(feed, b"of the former crawl\n")
    return feed


def is_followed(one: Instance, crew: Crew) -> None:
    """Let another instance do what the sleeping one had in hand, to the end of the crawl, and begin the next one."""
    witness = crew.join()
    crash(crew, one.queue, witness)
    finish(witness, *take(witness).values())
    assert vote(witness) == ["finished"]
    witness.leave()
    assert crew.queue().join() == ("anew", 0)


def test_who_slept_until_the_next_crawl_began_writes_nothing_into_its_feed(one: Instance, crew: Crew) -> None:
    feed = has_read_a_page(one, Feed())
    is_followed(one, crew)
    one.courier.heard_at -= FOREVER_MS
    with pytest.raises(QueueLost, match="are gone from Redis"):
        one.round()
    assert feed.data == b""


def test_an_answer_to_a_question_does_not_tell_who_slept_that_its_lease_goes_on(one: Instance, crew: Crew) -> None:
    feed = has_read_a_page(one, Feed())
    crash(crew, one.queue, crew.join())
    one.courier.heard_at -= FOREVER_MS
    one.ask("ECHO", "a")
    one.claim("r")
    one.round()
    assert (feed.data, one.outbox.generation) == (b"", 1)


@pytest.mark.parametrize("troubles", [0, 2])
def test_who_slept_while_it_waited_for_the_file_writes_nothing_of_pages_that_others_have(
    one: Instance, crew: Crew, troubles: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_BACKOFF_S", patience.BACKOFF_S)
    feed = Sleeper(one, lambda: crash(crew, one.queue, witness), *(full_disk() for _ in range(troubles)))
    has_read_a_page(one, feed)
    witness = crew.join()
    one.round()
    assert (feed.data, one.outbox.generation, crew.control("done")) == (b"", 1, "0")


def test_who_slept_while_it_waited_for_the_file_writes_nothing_into_the_feed_of_the_next_crawl(
    one: Instance, crew: Crew
) -> None:
    feed = Sleeper(one, lambda: is_followed(one, crew))
    has_read_a_page(one, feed)
    with pytest.raises(QueueLost, match="are gone from Redis"):
        one.round()
    assert feed.data == b""


def test_a_feed_is_left_to_others_while_redis_does_not_say_whose_the_pages_are(valkey: str, crew: Crew) -> None:
    with relay(valkey) as line, instance(line.url) as one:
        feed = Sleeper(one, lambda: None)
        has_read_a_page(one, feed)
        line.replies_to_lose = 2
        one.round()
        assert (feed.data, crew.control("done")) == (b"of the former crawl\n", "1")


@pytest.mark.parametrize("kind", ["feed", "rejects"])
def test_whether_it_may_write_is_asked_once_the_file_is_locked(one: Instance, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "records.jsonl"
    sink = FeedSink(path, one.queue) if kind == "feed" else RejectsSink(path, "videos", one.queue, overwrite=False)

    def refuses() -> None:
        with path.open("rb") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise QueueLost("asleep")

    with pytest.raises(QueueLost, match="asleep"):
        sink.append(b"{}\n", refuses)
    assert path.read_bytes() == b""
