from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from crawler.errors import QueueLost
from crawler.frontier.outbox import LINKS_A_STEP
from tests.couriers import Feed, Instance, answer_to, instance, overheard
from tests.queues import Crew, crash, crew_at, finish, ids, link, push, take, tell


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
    return [json.loads(leased.payload)["u"] for leased in one.take(len(one.buffer))]


def crawl_a_page(one: Instance, page: str) -> None:
    """Push, take and finish the request of a page."""
    one.push(page)
    one.round()
    one.finish(*one.take())
    one.round()


class Watcher(Feed):
    """A feed that sees which keys there are while it is written."""

    def __init__(self, server: Redis, *keys: str) -> None:
        super().__init__()
        self.server, self.keys = server, keys
        self.seen: list[int] = []

    def append(self, data: bytes, insist_on_lease: Callable[[], None]) -> None:
        super().append(data, insist_on_lease)
        self.seen = [self.server.exists(key) for key in self.keys]


# --- what it carries ---


def test_lines_are_on_the_disk_before_the_notes_are_made_and_these_before_the_page_is_done(
    one: Instance, crew: Crew
) -> None:
    one.push("a")
    one.round()
    feed = Watcher(crew.server, one.keys.refused, one.keys.recorded)
    one.finish(*one.take(), records=("r",))
    one.outbox.note(("HSET", one.keys.refused, "x", "private"))
    one.outbox.write(feed, b"1\n")
    one.outbox.write(feed, b"2\n")
    with overheard(crew.server) as heard:
        one.round()
    assert (feed.data, feed.seen) == (b"1\n2\n", [0, 0])
    assert [name for name in heard if name in {"HSET", "step"}][:2] == ["HSET", "step"]
    assert (crew.server.hkeys(one.keys.refused), crew.server.smembers(one.keys.recorded)) == ([b"x"], {b"r"})
    assert crew.control("done") == "1"


def test_a_feed_of_whose_lines_none_came_is_told_that_too(one: Instance) -> None:
    feed = Watcher(one.server)
    one.outbox.write(feed, b"")
    one.round()
    assert (feed.data, feed.seen, one.outbox.since) == (b"", [], None)


def test_what_there_is_to_tell_and_to_take_is_one_call_each(one: Instance, crew: Crew) -> None:
    one.push("a", "b")
    one.outbox.note(("SADD", one.keys.listed, "row"))
    with overheard(crew.server) as heard:
        one.round()
    assert heard == ["SADD", "step", "pop"]
    assert pages(one) == ["a", "b"]


def test_questions_and_claims_go_together_and_are_answered_in_their_order(one: Instance, crew: Crew) -> None:
    crew.server.hset(one.keys.platforms, "host", "peertube")
    crew.join().claim(["theirs"])
    answers = [one.ask("HGET", one.keys.platforms, name) for name in ("host", "other")]
    claims = [one.claim(record) for record in ("ours", "theirs")]
    with overheard(crew.server) as heard:
        one.courier.answer(*one.outbox.take_questions())
    assert heard == ["HGET", "HGET", "claim"]
    assert [answer_to(answer) for answer in (*answers, *claims)] == [b"peertube", None, "ours", "others"]


def test_many_links_are_told_in_parts_and_their_page_is_done_behind_them_all(one: Instance, crew: Crew) -> None:
    one.push("page")
    one.round()
    one.finish(*one.take())
    one.push(*(str(number) for number in range(2 * LINKS_A_STEP + 1)))
    with overheard(crew.server) as heard:
        one.courier.deliver(one.outbox.take_parcel())
    assert heard.count("step") == 4
    assert (crew.left(), crew.control("done"), one.courier.left) == (2 * LINKS_A_STEP + 1, "1", crew.left())
    one.push("one more")
    one.round()
    assert (crew.left(), one.outbox.generation) == (2 * LINKS_A_STEP + 2, 0)


def test_links_that_are_in_the_queue_already_are_counted(one: Instance) -> None:
    one.push("a", "b", "a")
    one.round()
    one.push("b", "c")
    one.round()
    assert one.courier.duplicates == 2


def test_no_more_requests_are_asked_for_than_there_is_room(valkey: str, crew: Crew) -> None:
    push(crew.join(), *map(str, range(20)))
    with instance(valkey, prefetch_count=4) as one:
        for _ in range(3):
            one.round()
        assert len(one.buffer) == 4
        assert crew.server.scard(f"{one.keys.prefix}leased:{one.queue.worker}") == 4
        one.take(2)
        one.courier.pop_at = 0.0
        one.round()
        assert len(one.buffer) == 4


def test_a_suspect_is_alone_until_it_has_ended(one: Instance, crew: Crew) -> None:
    other = crew.join()
    push(other, "a")
    for _ in range(2):
        tell(other, returned=[(take(other)["a"], True)])
    one.round()
    push(other, "b")
    one.courier.pop_at = 0.0
    one.round()
    assert len(one.buffer) == 1
    (suspect,) = one.take()
    assert one.buffer.alone == suspect.id
    one.finish(suspect)
    one.buffer.alone = ""
    one.courier.pop_at = 0.0
    one.round()
    assert pages(one) == ["b"]


# --- the thread ---


def test_the_engine_is_told_when_requests_have_come(one: Instance, crew: Crew) -> None:
    other = crew.join()
    one.start()
    push(other, "a")
    while not len(one.buffer):
        one.office.until("news")
    assert pages(one) == ["a"]


def test_what_one_has_found_another_that_waits_gets(one: Instance, valkey: str) -> None:
    with instance(valkey) as other:
        other.start()
        one.courier.draining = True
        one.push("a")
        one.start()
        while not len(other.buffer):
            other.office.until("news")
        assert pages(other) == ["a"]


def test_a_question_is_answered_while_there_is_nothing_else_to_do(one: Instance) -> None:
    one.buffer.alone = "x"
    one.start()
    assert answer_to(one.ask("ECHO", "a")) == b"a"
    assert answer_to(one.ask("ECHO", "b")) == b"b"


def test_stop_tells_the_rest_and_leaves(one: Instance, crew: Crew) -> None:
    one.push("a", "b", "c")
    one.round()
    feed, page, answer = Feed(), one.take()[0], one.ask("ECHO", "last words")
    one.outbox.write(feed, b"1\n")
    one.push("d")
    one.finish(page, records=("r",))
    one.end()
    assert (answer_to(answer), feed.data, crew.control("done")) == (b"last words", b"1\n", "1")
    assert crew.queue().workers() == []
    assert sorted(take(crew.join())) == ["b", "c", "d"]
    assert crew.control("redelivered") == "2"


def test_whoever_asks_after_the_end_is_told_that_there_is_no_answer(one: Instance) -> None:
    one.start()
    one.end()
    for answer in (one.ask("ECHO", "a"), one.claim("r")):
        assert isinstance(answer_to(answer), QueueLost)


def test_who_is_about_to_end_takes_no_more_requests(one: Instance, crew: Crew) -> None:
    push(crew.join(), "a")
    one.courier.draining = True
    with overheard(crew.server) as heard:
        one.push("b")
        one.round()
    assert "pop" not in heard
    assert one.courier.pop_in() is None


# --- the end ---


def test_where_all_is_done_the_crawl_is_finished_and_the_office_told(one: Instance, crew: Crew) -> None:
    one.start()
    one.push("a")
    while not len(one.buffer):
        one.office.until("news")
    one.finish(*one.take())
    while one.courier.progress != "finished":
        one.office.until("news")
    assert crew.control("finished") == "1"
    assert one.office.tidied == 0, "nothing was fetched twice"
    assert one.courier.pop_in() is None


def test_all_instances_see_the_end_together(one: Instance, valkey: str) -> None:
    with instance(valkey) as other:
        for each in (one, other):
            each.round()
            assert each.courier.progress != "finished"
        for each in (one, other):
            each.courier.pop_at = 0.0
            each.round()
            each.round()
        assert (one.courier.progress, other.courier.progress) == ("finished", "finished")


def test_feeds_are_put_in_order_once_where_requests_were_handed_out_again(one: Instance, crew: Crew) -> None:
    other = crew.join()
    push(other, "a")
    take(other)
    crash(crew, other, one.queue)
    one.round()
    one.finish(*one.take())
    waiting = crew.queue()
    waiting.join()
    for _ in range(3):
        one.round()
        one.courier.pop_at = 0.0
    assert one.office.tidied == 0, "one still sends its seeds"
    tell(waiting, started=True)
    for _ in range(3):
        one.courier.pop_at = 0.0
        one.round()
    assert (one.office.tidied, one.courier.progress) == (1, "complete")
    assert tell(waiting, ready=True).progress == "finished"


def test_feeds_are_put_in_order_again_after_more_work(one: Instance, crew: Crew) -> None:
    other = crew.join()
    crawl_a_page(one, "a")
    assert (one.courier.progress, one.office.tidied) == ("complete", 0)
    push(other, "b")
    tell(other, returned=[(take(other)["b"], True)])
    for _ in range(2):
        one.courier.pop_at = 0.0
        one.round()
        one.finish(*one.take(len(one.buffer)))
    one.round()
    assert (one.courier.progress, one.office.tidied) == ("complete", 1)


def test_seeds_that_nobody_reads_to_their_end_are_told(one: Instance, crew: Crew) -> None:
    crew.queue().join("url=https://site.example")
    for worker in one.queue.workers():
        if worker != one.queue.worker:
            one.queue.call("leave", worker)
    one.round()
    assert one.courier.progress == "unread"
    one.office.until("news")


# --- records ---


def test_a_record_is_claimed_once_here_until_its_page_is_done_and_by_the_fleet_for_good(
    one: Instance, crew: Crew
) -> None:
    other = crew.join()
    one.push("a")
    one.round()
    claim = one.claim("r")
    assert one.claim("r") is None
    one.round()
    assert answer_to(claim) == "ours"
    one.finish(*one.take(), records=("r",))
    assert one.claim("r") is None
    one.round()
    assert one.outbox.claimed == set()
    again = one.claim("r")
    one.round()
    assert answer_to(again) == "recorded"
    assert other.claim(["r"]) == [False]


def test_a_record_that_was_not_written_after_all_can_be_claimed_again(one: Instance) -> None:
    for _ in range(2):
        claim = one.claim("r")
        one.round()
        assert answer_to(claim) == "ours"
        one.outbox.forget(["r"])


def test_what_another_instance_writes_is_refused_as_long_as_it_lives(one: Instance, crew: Crew) -> None:
    other = crew.join()
    assert other.claim(["r"]) == [True]
    assert finish(other, *ids(other.pop(9))).state == "ok"
    for living in (True, False):
        claim = one.claim("r")
        one.round()
        assert answer_to(claim) == ("others" if living else "ours")
        one.outbox.forget(["r"])
        crash(crew, other, one.queue)


def test_a_page_kept_for_the_end_is_taken_at_the_end(one: Instance) -> None:
    one.push(link("last", last=True), "first")
    one.round()
    assert pages(one) == ["first"]
