from __future__ import annotations

from collections.abc import Iterator

import pytest

from crawler.frontier.control import Control, crawls, named
from crawler.frontier.keys import Keys
from crawler.frontier.worker import machine
from tests.queues import Crew, crew_at, finish, ids, link, pages, push, take, tell, vote

SLOT = "site.example"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


@pytest.fixture
def control(crew: Crew) -> Control:
    return Control(crew.server, Keys("videos"))


# --- pause and resume ---


def test_a_paused_crawl_hands_out_nothing_until_it_is_resumed(crew: Crew, control: Control) -> None:
    queue = crew.join()
    push(queue, "a", "b")
    assert control.pause(paused=True).outcome == "paused"
    popped = queue.pop(9)
    assert (pages(popped), popped.progress) == ([], "paused")
    assert control.pause(paused=False).outcome == "resumed"
    popped = queue.pop(9)
    assert (pages(popped), popped.progress) == (["a", "b"], "working")


def test_who_pauses_is_told_what_is_held_back(crew: Crew, control: Control) -> None:
    queue, other = crew.join(), crew.join()
    push(queue, "a", "b", "c")
    take(queue, 1)
    answer = control.pause(paused=True)
    assert (answer.pending, answer.in_hand) == (2, 1)
    assert sorted(answer.workers) == sorted([queue.worker, other.worker])
    assert [control.pause(paused=wanted).outcome for wanted in (True, False, False)] == [
        "already",
        "resumed",
        "already",
    ]


def test_seeds_of_other_programs_wait_too(crew: Crew, control: Control) -> None:
    queue = crew.join()
    control.pause(paused=True)
    crew.server.rpush(crew.keys.start_urls, "https://site.example/a")
    assert ids(queue.pop(9)) == []
    assert crew.server.llen(crew.keys.start_urls) == 1
    control.pause(paused=False)
    assert len(ids(queue.pop(9))) == 1


def test_no_grant_is_given_meanwhile(crew: Crew, control: Control) -> None:
    queue = crew.join()
    control.pause(paused=True)
    answer, wait_ms = queue.call(*queue.grant_words(SLOT, ""))
    assert (answer, wait_ms) == (b"paused", 200)
    control.pause(paused=False)
    assert queue.call(*queue.grant_words(SLOT, "")) == [b"1", 0]


def test_what_is_in_flight_is_finished_and_its_links_wait(crew: Crew, control: Control) -> None:
    queue = crew.join()
    push(queue, "a")
    taken = take(queue)
    control.pause(paused=True)
    told = tell(queue, links=[link("b")], acks=list(taken.values()))
    assert (told.progress, told.left) == ("paused", 1)


def test_a_pop_whose_reply_was_lost_gives_the_same_again(crew: Crew, control: Control) -> None:
    queue = crew.join()
    push(queue, "a")
    queue.pop(9)
    queue.pops -= 1
    control.pause(paused=True)
    assert pages(queue.pop(9)) == ["a"]


def test_a_paused_crawl_never_ends(crew: Crew, control: Control) -> None:
    queue = crew.join()
    push(queue, "a")
    finish(queue, *take(queue).values())
    control.pause(paused=True)
    assert vote(queue, queue) == ["paused", "paused"]
    control.pause(paused=False)
    assert vote(queue) == ["finished"]


def test_a_pause_outlives_the_instances_but_not_the_crawl(crew: Crew, control: Control) -> None:
    queue = crew.join()
    push(queue, "a")
    control.pause(paused=True)
    queue.leave()
    assert crew.join().pop(9).progress == "paused"
    crew.server.delete(crew.keys.workers)
    anew = crew.queue()
    anew.join(anew=True)
    assert control.pause(paused=False).outcome == "already"


def test_a_pause_outlives_instances_that_had_no_request_yet(crew: Crew, control: Control) -> None:
    queue = crew.join()
    control.pause(paused=True)
    queue.leave()
    crew.server.rpush(crew.keys.start_urls, "https://site.example/a")
    again = crew.join()
    popped = again.pop(9)
    assert (popped.progress, popped.requests) == ("paused", [])
    again.leave()
    crew.queue().join(anew=True)
    assert control.pause(paused=False).outcome == "already"


def test_leases_that_end_in_a_pause_are_taken_back(crew: Crew, control: Control) -> None:
    queue, witness = crew.join(), crew.join()
    push(queue, "a")
    take(queue)
    control.pause(paused=True)
    crew.let_lapse(queue)
    answer = control.pause(paused=True)
    assert (answer.pending, answer.in_hand, answer.workers) == (1, 0, [witness.worker])


def test_what_redis_has_lost_is_seen_in_a_pause_too(crew: Crew, control: Control) -> None:
    queue = crew.join()
    push(queue, "a", "b")
    control.pause(paused=True)
    crew.server.hdel(crew.keys.requests, "0000000001")
    assert queue.pop(9).progress == "lost"


def test_there_is_nothing_to_pause_or_drain_where_there_is_no_crawl_or_a_finished_one(
    crew: Crew, control: Control
) -> None:
    assert outcomes(control) == ["none"] * 3
    assert crew.names("*") == []
    queue = crew.join()
    push(queue, "a")
    finish(queue, *take(queue).values())
    assert vote(queue) == ["finished"]
    assert outcomes(control) == ["none"] * 3


def outcomes(control: Control) -> list[str]:
    answers = control.pause(paused=True), control.pause(paused=False), control.drain()
    return [answer.outcome for answer in answers]


# --- drain ---


def test_who_drains_is_told_who_is_to_end_and_sees_when_they_have(crew: Crew, control: Control) -> None:
    queue, other = crew.join(), crew.join()
    push(queue, "a", "b")
    take(queue, 1)
    answer = control.drain()
    assert (answer.outcome, answer.pending, answer.in_hand) == ("drained", 1, 1)
    assert sorted(answer.workers) == sorted([queue.worker, other.worker])
    queue.leave()
    late = crew.join()
    assert control.at_work(answer.workers) == [other.worker]
    crew.let_lapse(other)
    assert control.at_work([*answer.workers, late.worker]) == [late.worker]


# --- clear ---


def test_a_crawl_that_somebody_is_at_is_not_cleared(crew: Crew, control: Control) -> None:
    queue = crew.join()
    push(queue, "a")
    holdings = control.holdings()
    assert holdings is not None
    answer = control.clear(holdings.epoch)
    assert (answer.outcome, answer.workers, crew.left()) == ("running", [queue.worker], 1)


def test_nothing_is_left_of_a_crawl_that_is_cleared_but_seeds_of_other_programs(crew: Crew, control: Control) -> None:
    queue, others = crew.join(), Crew(crew.server, "users").join()
    push(queue, *(link(str(number), f"{number}.example") for number in range(300)), link("last", last=True))
    push(others, "u")
    popped = queue.pop(3)
    tell(queue, acks=ids(popped)[:1], dead=[(ids(popped)[1], "no")], records=["r"])
    crew.server.hset(crew.keys.declared, "listing", 3)
    queue.leave()
    crew.server.rpush(crew.keys.start_urls, "https://site.example/a")
    holdings = control.holdings()
    assert holdings is not None
    assert holdings[1:] == (299, 1, 1, 1, 0)
    answer = control.clear(holdings.epoch)
    assert (answer.outcome, answer.pending) == ("cleared", 299)
    assert [name for name in crew.names("*videos:*") if "flights" not in name] == [crew.keys.start_urls]
    assert Control(crew.server, Keys("users")).holdings() is not None
    assert control.holdings() is None


@pytest.mark.parametrize("kind", ["list", "set", "zset"])
def test_seeds_that_stay_are_counted_in_whatever_key_they_are(crew: Crew, control: Control, kind: str) -> None:
    crew.join().leave()
    key = crew.keys.start_urls
    if kind == "list":
        crew.server.rpush(key, "a", "b")
    elif kind == "set":
        crew.server.sadd(key, "a", "b")
    else:
        crew.server.zadd(key, {"a": 1, "b": 2})
    holdings = control.holdings()
    assert holdings is not None
    assert holdings.seeds == 2


def test_a_crawl_that_has_begun_since_it_was_looked_at_is_not_cleared(crew: Crew, control: Control) -> None:
    queue = crew.join()
    push(queue, "a")
    queue.leave()
    holdings = control.holdings()
    assert holdings is not None
    anew = crew.queue()
    anew.join(anew=True)
    anew.leave()
    assert control.clear(holdings.epoch).outcome == "none"
    assert control.holdings() is not None


# --- names ---


def test_all_crawls_are_found_by_their_names(crew: Crew) -> None:
    assert crawls(crew.server) == []
    for name in ("videos", "users", "users:night"):
        Crew(crew.server, name).join()
    assert crawls(crew.server) == ["users", "users:night", "videos"]


def test_an_instance_is_named_by_machine_and_process(crew: Crew) -> None:
    queue = crew.join()
    assert named(queue.worker) == f"{machine().rpartition('-')[0]} pid {queue.worker.split(':')[-2]}"
