"""What the fleet knows of a site's fields, in a real Redis."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from crawler.drift.book import Book
from crawler.drift.counts import Counts, Group
from crawler.drift.tally import MOST_GROUPS, Batch
from crawler.drift.verdict import CONFIRMED
from crawler.frontier.control import Control
from crawler.frontier.queue import Queue
from tests.couriers import dump
from tests.queues import Crew, crash, crew_at, vote

VIDEOS = Group("video", "peertube")
LEAST = 20


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def tell(queue: Queue, n: int, *, tags: int = 0, number: int = 1, group: Group = VIDEOS) -> int:
    """Tell of readings, so many of them with tags."""
    batch = Batch(number, {group: Counts(n, {"tags": tags} if tags else {}, "https://site.example/v")})
    answer = queue.call(*batch.words(queue.worker, queue.epoch))
    assert isinstance(answer, int)
    return answer


def finished(crew: Crew, n: int, *, tags: int = 0) -> Queue:
    """Let a worker carry a crawl to its end."""
    queue = crew.join()
    tell(queue, n, tags=tags)
    Book(queue, LEAST).learn()
    assert vote(queue) == ["finished"]
    queue.leave()
    return queue


def book(crew: Crew) -> Book:
    return Book.of(crew.server, crew.keys, LEAST)


def fallen(crew: Crew) -> list[str]:
    return [fall.name for drift in book(crew).drifts() for fall in drift.falls]


def test_what_instances_count_adds_up(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert tell(one, 30, tags=10) == 1
    assert tell(two, 5) == 1
    assert tell(one, 1, tags=1, number=2) == 1
    assert book(crew).read().counts == {VIDEOS: Counts(36, {"tags": 11}, "https://site.example/v")}


def test_what_is_told_again_after_a_lost_reply_counts_once(crew: Crew) -> None:
    queue = crew.join()
    for number in (1, 1, 2, 2, 1):
        tell(queue, 10, number=number)
    assert book(crew).read().counts[VIDEOS].n == 20


def test_what_comes_after_the_end_does_not_count_in_the_next_crawl(crew: Crew) -> None:
    old = finished(crew, 10)
    crew.join()
    assert tell(old, 10, number=2) == 0
    assert book(crew).read().counts == {}


def test_a_dead_instance_leaves_nothing_but_its_counts(crew: Crew) -> None:
    one, witness = crew.join(), crew.join()
    tell(one, 10)
    crash(crew, one, witness)
    assert [name for name in crew.server.hkeys(crew.keys.batches) if one.worker.encode() in name] == []
    assert book(crew).read().counts[VIDEOS].n == 10


def test_what_another_version_has_written_is_passed_over(crew: Crew) -> None:
    queue = crew.join()
    for key in (crew.keys.fill, crew.keys.profile):
        crew.server.hset(key, mapping={VIDEOS.pack(): b'{"n": "many"}', b"video": b"[]", b"[1]": b"{"})
    assert book(crew).drifts() == []
    assert tell(queue, 30, tags=30) == 1
    Book(queue, LEAST).learn()
    assert book(crew).read().counts == {VIDEOS: Counts(30, {"tags": 30}, "https://site.example/v")}
    assert book(crew).read().entries[VIDEOS].now.usual.n == 30


def test_only_so_many_hosts_are_watched(crew: Crew) -> None:
    queue = crew.join()
    groups = [Group("video", "schema.org", f"{number}.example") for number in range(MOST_GROUPS + 5)]
    pairs = (word for group in groups for word in (group.pack(), orjson.dumps(Counts(LEAST))))
    queue.call("tally", queue.worker, queue.epoch, 1, MOST_GROUPS, *pairs)
    assert set(book(crew).read().counts) == set(groups[:MOST_GROUPS])
    tell(queue, 5, number=2, group=groups[0])
    tell(queue, 5, number=3, group=groups[-1])
    assert book(crew).read().counts[groups[0]].n == LEAST + 5
    assert groups[-1] not in book(crew).read().counts


def test_hosts_of_former_crawls_make_room_for_those_of_this_one(crew: Crew) -> None:
    old = [Group("video", "schema.org", f"{number}.example") for number in range(MOST_GROUPS)]
    crew.join()
    entry = b'{"crawl": "x", "before": {}, "now": {"usual": {"n": %d}}}'
    crew.server.hset(crew.keys.profile, mapping={one.pack(): entry % (30 + at) for at, one in enumerate(old)})
    queue = crew.join()
    tell(queue, 40)
    Book(queue, LEAST).learn()
    entries = set(book(crew).read().entries)
    assert entries == {VIDEOS, *old[1:]}


# --- from crawl to crawl ---


def test_what_a_crawl_has_learnt_outlives_the_beginning_of_the_next(crew: Crew) -> None:
    finished(crew, 100, tags=90)
    assert fallen(crew) == []
    queue = crew.join()
    assert book(crew).read().counts == {}
    tell(queue, 100, tags=2)
    assert fallen(crew) == ["tags"]


def test_a_site_drifts_while_the_crawl_runs_and_after_it(crew: Crew) -> None:
    finished(crew, 100, tags=90)
    queue = crew.join()
    tell(queue, 19)
    assert fallen(crew) == []
    tell(queue, 1, number=2)
    assert fallen(crew) == ["tags"]
    for _ in range(3):
        Book(queue, LEAST).learn()
        assert fallen(crew) == ["tags"]
    vote(queue)
    queue.leave()
    assert fallen(crew) == ["tags"]
    crew.join()
    assert fallen(crew) == []


def test_what_is_read_after_a_crawl_was_learnt_from_counts_with_the_rest(crew: Crew) -> None:
    finished(crew, 100, tags=100)
    queue = crew.join()
    for number in (1, 2):
        tell(queue, 50, tags=50, number=number)
        Book(queue, LEAST).learn()
    entry = book(crew).read().entries[VIDEOS]
    assert (entry.before.usual.n, entry.now.usual.n) == (100, 100)


def test_who_has_seen_less_does_not_undo_what_was_learnt_from_more(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    tell(one, 30)
    pages = Book(one, LEAST).read()
    tell(two, 30)
    Book(two, LEAST).learn()
    Book(one, LEAST).write(pages, closes=False)
    assert book(crew).read().entries[VIDEOS].now.usual.n == 60


def test_a_crawl_that_was_not_carried_to_its_end_is_not_learnt_from(crew: Crew) -> None:
    queue = crew.join()
    tell(queue, 100)
    queue.leave()
    assert book(crew).read().entries == {}


def test_a_change_that_stays_is_usual_in_the_end(crew: Crew) -> None:
    finished(crew, 100, tags=90)
    for _ in range(CONFIRMED):
        finished(crew, 100)
        assert fallen(crew) == ["tags"]
    finished(crew, 100)
    assert fallen(crew) == []


def test_few_readings_of_a_new_site_are_not_kept(crew: Crew) -> None:
    finished(crew, LEAST - 1)
    assert book(crew).read().entries == {}


def test_who_clears_a_crawl_clears_what_was_learnt(crew: Crew) -> None:
    queue = finished(crew, 100)
    assert Control(crew.server, crew.keys).clear(queue.epoch).outcome == "cleared"
    assert crew.names("*") == []


def test_an_onlooker_changes_nothing(crew: Crew) -> None:
    tell(crew.join(), 100)
    before = dump(crew.server)
    book(crew).drifts()
    assert dump(crew.server) == before


# --- crawls that take long ---


def test_a_long_crawl_is_compared_with_its_own_past(crew: Crew) -> None:
    queue = crew.join()
    tell(queue, 100, tags=90)
    Book(queue, LEAST).turn(period_ms=0)
    assert book(crew).read().counts == {}
    tell(queue, 100, tags=3, number=2)
    assert fallen(crew) == ["tags"]


def test_a_period_that_is_not_over_goes_on(crew: Crew) -> None:
    queue = crew.join()
    Book(queue, LEAST).turn(period_ms=0)
    tell(queue, 100)
    Book(queue, LEAST).turn(period_ms=3_600_000)
    pages = book(crew).read()
    assert (pages.period, pages.counts[VIDEOS].n) == (0, 100)


def test_a_period_is_closed_once_whoever_saw_it_end(crew: Crew) -> None:
    one, two = Book(crew.join(), LEAST), crew.join()
    tell(two, 100)
    pages = one.read()
    Book(two, LEAST).turn(period_ms=0)
    one.write(pages, closes=True)
    assert (one.read().period, one.read().entries[VIDEOS].now.usual.n) == (1, 100)


def test_drift_of_the_last_period_is_told_until_this_one_can_be_judged(crew: Crew) -> None:
    finished(crew, 100, tags=90)
    queue = crew.join()
    tell(queue, 100)
    Book(queue, LEAST).turn(period_ms=0)
    assert fallen(crew) == ["tags"]
    tell(queue, LEAST, tags=LEAST, number=2)
    assert fallen(crew) == []
