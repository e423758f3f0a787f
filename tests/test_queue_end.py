from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.queues import WORK_LEFT, Crew, crash, crew_at, finish, ids, link, push, take, tell, vote

SEEDS = "url=https://site.example"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def test_a_crawl_is_finished_when_all_its_workers_are_ready(crew: Crew) -> None:
    one, two, three = crew.join(), crew.join(), crew.join()
    push(one, "a")
    finish(two, *take(two).values())
    assert vote(one, two) == ["complete", "complete"]
    assert vote(one, two, three) == ["complete", "complete", "finished"]
    assert (tell(one).progress, two.pop(9).progress) == ("finished", "finished")


def test_a_worker_that_is_not_ready_keeps_the_crawl_from_its_end_until_it_has_gone(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert vote(one) == ["complete"]
    two.leave()
    assert vote(one) == ["finished"]


def test_who_dies_before_the_end_does_not_keep_the_others_from_it(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert vote(one) == ["complete"]
    crash(crew, two, one)
    assert vote(one) == ["finished"]


@pytest.mark.parametrize("how", ["pending", "in hand", "kept for the end", "suspect"])
def test_no_crawl_is_finished_while_a_request_is_left(crew: Crew, how: str) -> None:
    one, two = crew.join(), crew.join()
    push(one, link("a", last=how == "kept for the end"))
    if how in {"in hand", "suspect"}:
        in_hand = take(two)
    if how == "suspect":
        tell(two, returned=[(in_hand["a"], True)])
        tell(two, returned=[(take(two)["a"], True)])
    assert vote(one, two, one, two) == ["working"] * 4


def test_no_crawl_is_finished_while_one_still_sends_seeds(crew: Crew) -> None:
    one, starter = crew.join(), crew.queue()
    starter.join()
    assert vote(one) == ["working"]
    push(starter, "a")
    tell(starter, started=True)
    finish(one, *take(one).values())
    assert vote(one, starter) == ["complete", "finished"]


@pytest.mark.parametrize("kind", ["list", "set", "zset"])
def test_no_crawl_is_finished_while_seeds_of_other_programs_wait(crew: Crew, kind: str) -> None:
    queue, seed = crew.join(), "https://site.example"
    if kind == "zset":
        crew.server.zadd(crew.keys.start_urls, {seed: 1})
    else:
        _ = (crew.server.rpush if kind == "list" else crew.server.sadd)(crew.keys.start_urls, seed)
    assert vote(queue) == ["working"]
    finish(queue, *ids(queue.pop(9)))
    assert vote(queue) == ["finished"]


def test_who_was_ready_and_got_work_since_has_to_be_ready_again(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert vote(one) == ["complete"]
    crew.server.rpush(crew.keys.start_urls, "https://site.example")
    finish(one, *ids(one.pop(9)))
    assert vote(two, one) == ["complete", "finished"]


def test_new_work_after_a_vote_counts_more_than_the_vote(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert vote(one) == ["complete"]
    push(two, "a")
    finish(two, *take(two).values())
    assert vote(two, one) == ["complete", "finished"]


def test_who_joins_has_a_say_in_the_end(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert vote(one) == ["complete"]
    late = crew.queue()
    late.join()
    assert vote(two, one) == ["working", "working"]
    tell(late, started=True)
    assert vote(one, two, late) == ["complete", "complete", "finished"]


def test_a_finished_crawl_leaves_what_it_found_and_nothing_of_its_queue(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    push(one, "a", "b", link("c", last=True))
    in_hand = take(one)
    one.claim(["r", "s"])
    tell(one, acks=[in_hand["a"]], dead=[(in_hand["b"], "no")], records=["r"])
    finish(one, *take(one).values())
    assert vote(one, two) == ["complete", "finished"]
    one.leave()
    assert crew.server.exists(f"{crew.keys.prefix}seen:0") == 1
    two.leave()
    left = [name.removeprefix(crew.keys.prefix) for name in crew.names(f"{crew.keys.prefix}*")]
    assert left == ["control", "dead", "recorded"]
    assert crew.control("seen_level") is None
    assert not set(left) & set(WORK_LEFT)


def test_after_a_finished_crawl_the_next_one_begins_anew(crew: Crew) -> None:
    one = crew.join()
    push(one, "a")
    tell(one, acks=list(take(one).values()), records=["r"])
    vote(one)
    one.leave()
    two = crew.queue()
    assert two.join() == ("anew", 0)
    assert (crew.server.exists(crew.keys.recorded), crew.control("done")) == (0, "0")
    assert push(two, "a").new_links == 1


def test_who_comes_while_a_finished_crawl_ends_waits_for_the_next_one(crew: Crew) -> None:
    one, two = crew.join(), crew.queue()
    assert vote(one) == ["finished"]
    answer = two.call("join", two.worker, 15_000, "epoch", 5, "", 0)
    assert answer == [b"ending", one.epoch.encode(), 0]
    assert two.worker not in two.workers()
    one.leave()
    assert two.join() == ("anew", 0)
    assert two.epoch != one.epoch


def test_a_crawl_that_was_finished_and_never_left_is_over_when_its_worker_is_gone(crew: Crew) -> None:
    one, two = crew.join(), crew.queue()
    vote(one)
    crew.let_lapse(one)
    assert two.join() == ("anew", 0)
    assert (tell(one).state, one.pop(1).state, one.beat()) == ("lost", "lost", "lost")


def test_seeds_that_come_when_a_crawl_is_finished_are_left_to_the_next_one(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert vote(one, two) == ["complete", "finished"]
    crew.server.rpush(crew.keys.start_urls, "https://site.example")
    popped = two.pop(9)
    assert (popped.requests, popped.progress) == ([], "finished")
    one.leave()
    two.leave()
    three = crew.join()
    assert len(three.pop(9).requests) == 1


def test_a_request_that_comes_when_a_crawl_is_finished_is_not_dropped_with_it(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert vote(one, two) == ["complete", "finished"]
    assert push(two, "late").progress == "working"
    one.leave()
    two.leave()
    three = crew.queue()
    assert three.join() == ("resumed", 1)
    assert list(take(three)) == ["late"]


@pytest.mark.parametrize("how", ["leaves", "dies"])
def test_a_crawl_whose_seeds_nobody_has_read_to_the_end_is_not_complete(crew: Crew, how: str) -> None:
    reader, other = crew.queue(), crew.join()
    reader.join(SEEDS)
    push(reader, "a")
    if how == "leaves":
        reader.leave()
    else:
        crash(crew, reader, other)
    finish(other, *take(other).values())
    assert vote(other) == ["unread"]


def test_the_same_seeds_read_again_complete_an_interrupted_crawl(crew: Crew) -> None:
    first, second = crew.queue(), crew.queue()
    first.join(SEEDS)
    push(first, "a")
    first.leave()
    assert second.join(SEEDS) == ("resumed", 1)
    assert push(second, "a", "b").new_links == 1
    assert tell(second, started=True, reads_seeds=True).left == 2
    finish(second, *take(second).values())
    assert vote(second) == ["finished"]


def test_who_has_no_seeds_to_read_does_not_pass_for_who_has(crew: Crew) -> None:
    helper, reader = crew.queue(), crew.queue()
    reader.join(SEEDS)
    helper.join()
    tell(helper, started=True)
    reader.leave()
    assert vote(helper) == ["unread"]


def test_seeds_that_were_read_need_not_be_read_by_who_joins(crew: Crew) -> None:
    reader = crew.queue()
    reader.join(SEEDS)
    tell(reader, started=True, reads_seeds=True)
    again = crew.queue()
    assert again.join(SEEDS) == ("joined", 0)
    again.leave()
    assert vote(reader) == ["finished"]


def test_seeds_of_an_interrupted_crawl_are_read_to_their_end_again(crew: Crew) -> None:
    """A file may have more lines by then, and standard input has others."""
    first, second, helper = crew.queue(), crew.queue(), crew.queue()
    first.join(SEEDS)
    push(first, "a")
    tell(first, started=True, reads_seeds=True)
    first.leave()
    assert second.join(SEEDS) == ("resumed", 1)
    helper.join()
    tell(helper, started=True)
    second.leave()
    finish(helper, *take(helper).values())
    assert vote(helper) == ["unread"]


def test_seeds_that_were_read_stay_read_for_who_goes_on_without_any(crew: Crew) -> None:
    first, second = crew.queue(), crew.queue()
    first.join(SEEDS)
    push(first, "a")
    tell(first, started=True, reads_seeds=True)
    first.leave()
    assert second.join() == ("resumed", 1)
    tell(second, started=True)
    finish(second, *take(second).values())
    assert vote(second) == ["finished"]


def test_a_crawl_that_began_without_seeds_is_complete_when_those_of_who_joined_are_read(crew: Crew) -> None:
    first, second = crew.join(), crew.queue()
    second.join(SEEDS)
    tell(first, started=True)
    second.leave()
    assert vote(first) == ["unread"]
