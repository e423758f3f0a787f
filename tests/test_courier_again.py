from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from crawler.errors import QueueLost
from crawler.frontier.outbox import LINKS_A_STEP
from tests.couriers import FOREVER_MS, Feed, Instance, answer_to, dump, instance, restore
from tests.queues import Crew, crash, crew_at, finish, link, push, take, tell, vote


@pytest.fixture
def one(valkey: str) -> Iterator[Instance]:
    with instance(valkey) as one:
        yield one


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def pages(one: Instance) -> list[str]:
    """Take what has come."""
    return sorted(json.loads(leased.payload)["u"] for leased in one.take(len(one.buffer)))


def again(one: Instance) -> None:
    """Let the courier look for work at once."""
    one.courier.pop_at = 0.0
    one.round()


def sleep_long(one: Instance) -> None:
    """Let the instance notice that it heard nothing for longer than its lease lasts."""
    one.courier.heard_at -= FOREVER_MS


# --- the lease has ended ---


def test_who_has_lost_its_lease_goes_on_under_another_name(
    one: Instance, crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    witness = crew.join()
    push(witness, "a")
    one.round()
    former, generation = one.queue.worker, one.outbox.generation
    crash(crew, one.queue, witness)
    one.push("b")
    again(one)
    assert "Joining again, as the lease had ended" in caplog.text
    assert former not in crew.queue().workers()
    assert one.queue.worker in crew.queue().workers()
    assert (one.outbox.generation, len(one.buffer)) == (generation + 1, 0)
    again(one)
    assert pages(one) == ["a", "b"]


def test_links_and_notes_of_who_lost_its_lease_count_and_acknowledgements_do_not(one: Instance, crew: Crew) -> None:
    witness = crew.join()
    push(witness, "a")
    one.round()
    (page,) = one.take()
    crash(crew, one.queue, witness)
    one.finish(page, records=("r",))
    one.push("b", "c")
    one.outbox.note(("SADD", one.keys.listed, "row"))
    one.outbox.note(("HSET", one.keys.refused, "x", "private"))
    one.round()
    assert crew.left() == 1
    one.round()
    assert (crew.left(), crew.control("done"), crew.server.exists(one.keys.recorded)) == (3, "0", 0)
    assert (crew.server.smembers(one.keys.listed), crew.server.hgetall(one.keys.refused)) == (
        {b"row"},
        {b"x": b"private"},
    )
    one.finish(page)
    one.round()
    assert crew.control("done") == "0", "what it was handed under its former name is no longer its own"


def test_all_links_are_kept_where_they_are_too_many_for_one_call(one: Instance, crew: Crew) -> None:
    crash(crew, one.queue, crew.join())
    one.push(*map(str, range(LINKS_A_STEP + 1)))
    one.round()
    one.round()
    assert crew.left() == LINKS_A_STEP + 1


def test_what_comes_while_it_joins_again_is_kept_too(one: Instance, crew: Crew) -> None:
    witness = crew.join()
    one.push("a")
    undelivered = one.outbox.take_parcel()
    crash(crew, one.queue, witness)
    one.push("b")
    one.outbox.note(("SADD", one.keys.listed, "row"))
    one.courier.deliver(undelivered)
    one.round()
    assert sorted(take(witness)) == []
    again(one)
    assert (pages(one), crew.server.scard(one.keys.listed)) == (["a", "b"], 1)


def test_records_of_who_lost_its_lease_are_claimed_anew(one: Instance, crew: Crew) -> None:
    witness = crew.join()
    claim = one.claim("r")
    one.round()
    assert answer_to(claim) == "ours"
    crash(crew, one.queue, witness)
    one.push("a")
    one.round()
    claim = one.claim("r")
    one.round()
    assert answer_to(claim) == "ours"


def test_after_a_long_sleep_lines_are_not_written_of_pages_that_others_have_by_now(one: Instance, crew: Crew) -> None:
    witness = crew.join()
    push(witness, "a")
    one.round()
    feed = Feed()
    one.finish(*one.take())
    one.outbox.write(feed, b"1\n")
    crash(crew, one.queue, witness)
    sleep_long(one)
    one.round()
    assert feed.data == b""
    again(one)
    assert pages(one) == ["a"]


def test_after_a_long_sleep_that_nobody_noticed_lines_are_written(one: Instance, crew: Crew) -> None:
    one.push("a")
    one.round()
    feed = Feed()
    one.finish(*one.take())
    one.outbox.write(feed, b"1\n")
    sleep_long(one)
    one.round()
    assert (feed.data, crew.control("done")) == (b"1\n", "1")


def test_an_instance_that_slept_until_the_others_had_finished_ends_too_and_begins_nothing(
    one: Instance, crew: Crew
) -> None:
    witness = crew.join()
    push(witness, "a")
    one.round()
    feed = Feed()
    crash(crew, one.queue, witness)
    finish(witness, *take(witness).values())
    assert vote(witness) == ["finished"]
    witness.leave()
    one.finish(*one.take())
    one.push("b")
    one.outbox.write(feed, b"1\n")
    sleep_long(one)
    one.office.words()
    one.round()
    assert one.office.words() == {"news"}
    one.outbox.write(feed, b"2\n")
    one.round()
    assert one.courier.progress == "finished"
    assert feed.data == b"", "its pages were others', who have put the feeds in order"
    assert (crew.left(), crew.queue().workers()) == (0, [])
    assert (crew.control("epoch"), crew.control("done")) == (witness.epoch, "1")


def test_an_instance_that_was_not_told_to_have_started_yet_keeps_the_crawl_open_under_its_new_name(
    valkey: str, crew: Crew
) -> None:
    witness = crew.join()
    one = Instance(valkey)
    with one.server:
        one.queue.join()
        crash(crew, one.queue, witness)
        one.push("a")
        one.round()
        assert crew.control("starting") == "1"
        one.outbox.tell(one.outbox.generation, lambda report: setattr(report, "started", True))
        one.round()
        assert crew.control("starting") == "0"


@pytest.mark.parametrize("rounds", [0, 1])
def test_the_start_is_told_again_under_the_new_name(one: Instance, crew: Crew, rounds: int) -> None:
    witness = crew.join()
    for _ in range(rounds):
        one.round()
    crash(crew, one.queue, witness)
    one.push("a")
    one.round()
    one.round()
    assert crew.control("starting") == "0"
    finish(witness, *take(witness).values())
    again(one)
    one.finish(*one.take(len(one.buffer)))
    one.round()
    assert one.courier.progress in {"complete", "finished"}


# --- Redis comes back with less ---


def test_what_redis_has_forgotten_is_told_and_done_again(
    one: Instance, crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    one.push("seed", is_seed=True)
    one.round()
    before = dump(crew.server)
    one.finish(*one.take(), records=("r",))
    one.push("a", link("unfiltered", filtered=False))
    one.round()
    assert (crew.left(), crew.control("done")) == (2, "1")
    restore(crew.server, before)
    one.push("b")
    one.round()
    assert "Joining again, as Redis came back with less than it had" in caplog.text
    again(one)
    assert pages(one) == ["b", "seed"], "the others come again of the seed"
    assert crew.control("done") == "0"


def test_seeds_that_redis_has_forgotten_are_sent_again(one: Instance, crew: Crew) -> None:
    push(crew.join(), "first")
    before = dump(crew.server)
    one.push("seed", is_seed=True)
    one.push("link")
    one.round()
    assert pages(one) == ["first", "link", "seed"]
    for _ in range(2):
        restore(crew.server, before)
        again(one)
        again(one)
        assert pages(one) == ["first", "seed"]


@pytest.mark.parametrize("others", [True, False])
def test_after_redis_forgot_something_the_feeds_are_put_in_order(one: Instance, crew: Crew, others: bool) -> None:  # noqa: FBT001
    if others:
        push(crew.join(), "first")
    before = dump(crew.server)
    one.push("seed", is_seed=True)
    one.round()
    one.finish(*one.take(len(one.buffer)))
    one.push("link")
    one.round()
    restore(crew.server, before)
    for _ in range(6):
        again(one)
        one.finish(*one.take(len(one.buffer)))
    assert (crew.left(), one.office.tidied) == (0, 1)


def test_nothing_is_put_in_order_where_redis_kept_all(one: Instance, crew: Crew) -> None:
    one.push("a")
    one.round()
    restore(crew.server, dump(crew.server))
    one.finish(*one.take())
    one.round()
    assert (crew.left(), one.office.tidied, one.outbox.generation) == (0, 0, 0)


# --- Redis has lost it all ---


def test_a_crawl_that_is_gone_is_lost_and_not_begun_anew(one: Instance, crew: Crew) -> None:
    one.push("a")
    one.round()
    crew.server.flushall()
    one.start()
    error = one.office.until("lost")
    assert isinstance(error, QueueLost)
    assert "the crawl's keys below {crawler}:videos: are gone from Redis" in str(error)
    one.end()
    assert not crew.server.exists(one.keys.control)


def test_a_crawl_whose_keys_go_while_it_is_joined_again_is_lost_and_not_finished(one: Instance, crew: Crew) -> None:
    one.push("a")
    one.round()
    crew.server.flushall()
    with pytest.raises(QueueLost, match="are gone from Redis"):
        one.queue.rejoin()


@pytest.mark.parametrize("key", ["requests", "control"])
def test_a_key_that_was_dropped_is_a_lost_queue(one: Instance, crew: Crew, key: str) -> None:
    one.push("a", "b")
    one.round()
    crew.server.delete(getattr(one.keys, key))
    one.finish(*one.take())
    with pytest.raises(QueueLost):
        one.round()


def test_another_crawl_in_its_place_is_a_lost_queue_too(one: Instance, crew: Crew) -> None:
    one.push("a")
    one.round()
    crew.server.flushall()
    other = crew.join()
    push(other, "b")
    again_is_lost(one)
    assert tell(other).left == 1


def again_is_lost(one: Instance) -> None:
    one.courier.pop_at = 0.0
    one.finish(*one.take())
    with pytest.raises(QueueLost, match="are gone from Redis"):
        one.round()


def test_joining_again_is_said_once_each_time(one: Instance, crew: Crew, caplog: pytest.LogCaptureFixture) -> None:
    witness = crew.join()
    for times in (1, 2):
        crash(crew, one.queue, witness)
        one.push(str(times))
        one.round()
        one.round()
        assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == times
