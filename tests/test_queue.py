from __future__ import annotations

from collections.abc import Iterator

import pytest

from crawler.frontier.queue import Progress
from tests.queues import SITE, Crew, crew_at, finish, ids, link, pages, push, take, tell


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def test_the_first_begins_anew_and_the_others_join(crew: Crew) -> None:
    assert [crew.queue().join() for _ in range(3)] == [("anew", 0), ("joined", 0), ("joined", 0)]


def test_an_interrupted_crawl_is_resumed_with_what_is_left(crew: Crew) -> None:
    first = crew.join()
    push(first, "a", "b", "c")
    finish(first, take(first)["a"])
    first.leave()
    second = crew.queue()
    assert second.join() == ("resumed", 2)
    assert set(take(second)) == {"b", "c"}


def test_an_interrupted_crawl_without_a_request_begins_anew(crew: Crew) -> None:
    first = crew.queue()
    first.join("url=https://site.example")
    first.leave()
    assert crew.queue().join() == ("anew", 0)


def test_an_interrupted_crawl_is_dropped_for_who_asks_for_that(crew: Crew) -> None:
    first = crew.join()
    push(first, "a", link("b", last=True))
    tell(first, records=["r"], dead=[(take(first)["a"], "no")])
    first.leave()
    second = crew.queue()
    assert second.join(anew=True) == ("anew", 0)
    assert (crew.left(), crew.letters(), crew.server.exists(crew.keys.recorded)) == (0, {}, 0)
    assert push(second, "a").new_links == 1


def test_a_link_is_taken_once(crew: Crew) -> None:
    queue = crew.join()
    told = push(queue, "a", "b", "a", "b", "c")
    assert (told.new_links, told.left, told.progress) == (3, 3, "working")
    assert push(crew.join(), "c", "d").new_links == 1
    finish(queue, *take(queue).values())
    assert push(queue, "a").new_links == 0


def test_a_link_that_is_not_filtered_is_taken_each_time(crew: Crew) -> None:
    queue = crew.join()
    assert push(queue, *[link("a", filtered=False)] * 3).new_links == 3
    assert pages(queue.pop(9)) == ["a", "a", "a"]


def test_requests_come_by_priority_then_in_order_of_arrival(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "b", link("low", priority=-1), "a", link("high", priority=7))
    push(queue, "c", link("higher", priority=8))
    assert pages(queue.pop(9)) == ["higher", "high", "b", "a", "c", "low"]


def test_what_is_in_hand_is_handed_to_nobody_else(crew: Crew) -> None:
    first, second = crew.join(), crew.join()
    push(first, *"abcde")
    assert (pages(first.pop(2)), pages(second.pop(9)), pages(first.pop(9))) == (["a", "b"], ["c", "d", "e"], [])


def test_what_is_acknowledged_is_done_once(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a", "b")
    in_hand = take(queue)
    assert finish(queue, in_hand["a"]).stale_acks == 0
    assert finish(queue, in_hand["a"]).stale_acks == 1
    assert (crew.left(), crew.control("done")) == (1, "1")


def test_who_has_not_got_a_request_cannot_acknowledge_it(crew: Crew) -> None:
    first, second = crew.join(), crew.join()
    push(first, "a")
    request = take(first)["a"]
    assert finish(second, request).stale_acks == 1
    tell(second, dead=[(request, "not mine")], returned=[(request, True)])
    assert (crew.left(), crew.letters(), take(second)) == (1, {}, {})
    assert finish(first, request).stale_acks == 0


def test_links_and_the_acknowledgement_of_their_page_are_told_at_once(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "listing")
    told = tell(queue, acks=[take(queue)["listing"]], links=[link("a"), link("b")])
    assert (told.left, told.new_links, told.progress) == (2, 2, "working")


def test_a_request_that_is_given_back_comes_again_in_its_place(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a", link("b", priority=1), "c")
    in_hand = take(queue, 2)
    tell(queue, returned=[(request, False) for request in in_hand.values()])
    assert pages(queue.pop(9)) == ["b", "a", "c"]


def test_what_is_given_back_often_is_not_taken_for_a_killer(crew: Crew) -> None:
    queue = crew.join(max_deliveries=2)
    push(queue, "a")
    for _ in range(9):
        assert tell(queue, returned=[(take(queue)["a"], False)]).left == 1
    assert (list(take(queue)), crew.letters()) == (["a"], {})


def test_a_dead_letter_says_why_and_keeps_the_request(crew: Crew) -> None:
    queue = crew.join()
    push(queue, link("a", priority=3))
    told = tell(queue, dead=[(take(queue)["a"], "newer_version: 2")])
    letter = crew.letters()["a"]
    assert (letter["reason"], letter["deliveries"]) == ("newer_version: 2", 0)
    assert letter["request"].encode() == link("a", priority=3).payload
    assert (told.left, crew.control("dead"), told.progress) == (0, "1", "complete")


def test_records_are_kept_and_no_longer_claimed(crew: Crew) -> None:
    queue = crew.join()
    assert queue.claim(["r", "s"]) == [True, True]
    tell(queue, records=["r"])
    assert crew.server.smembers(crew.keys.recorded) == {b"r"}
    assert crew.server.hkeys(crew.keys.claims) == [b"s"]


def test_all_parts_of_a_step_find_their_own_arguments(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *"abcd")
    in_hand = take(queue)
    told = tell(
        queue,
        links=[link("e"), link("f", "other.example", priority=2)],
        acks=[in_hand["a"], "unknown"],
        dead=[(in_hand["b"], "1")],
        returned=[(in_hand["c"], False), ("unknown", True)],
        landed=[(SITE, "flight"), ("other.example", "flight")],
        records=["r", "s"],
    )
    assert (told.left, told.new_links, told.stale_acks, told.redelivered) == (4, 2, 1, 0)
    assert (list(crew.letters()), crew.server.scard(crew.keys.recorded)) == (["b"], 2)
    assert sorted(take(queue)) == ["c", "e", "f"]


def test_what_is_kept_for_the_end_comes_when_nothing_else_is_left_or_in_hand(crew: Crew) -> None:
    first, second = crew.join(), crew.join()
    push(first, link("extra", last=True, priority=9), link("late", last=True, priority=10), "a")
    request = take(first)["a"]
    assert take(second) == {}
    finish(first, request)
    assert pages(second.pop(9)) == ["late", "extra"]


def test_what_is_kept_for_the_end_waits_for_who_still_sends_seeds(crew: Crew) -> None:
    queue, starter = crew.join(), crew.queue()
    starter.join()
    push(queue, link("extra", last=True))
    assert take(queue) == {}
    tell(starter, started=True)
    assert list(take(queue)) == ["extra"]


def test_what_is_kept_for_the_end_is_left_out_where_its_record_has_come(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a", link("of r", last=True, unless="r"), link("of s", last=True, unless="s"))
    tell(queue, acks=[take(queue)["a"]], records=["r"])
    in_hand = take(queue)
    assert list(in_hand) == ["of s"]
    told = tell(queue, acks=list(in_hand.values()))
    assert (told.progress, crew.control("done"), told.left) == ("complete", "3", 0)


def test_nothing_stays_behind_of_what_was_left_out(crew: Crew) -> None:
    queue = crew.join()
    push(queue, link("of r", last=True, unless="r"))
    tell(queue, returned=[(take(queue)["of r"], True)], records=["r"])
    assert (queue.pop(9).progress, crew.server.exists(crew.keys.deliveries)) == ("complete", 0)


def test_however_many_are_kept_for_the_end_and_needless_none_is_handed_out(crew: Crew) -> None:
    queue = crew.join()
    tell(queue, records=["r"], links=[link(str(number), last=True, unless="r") for number in range(2500)])
    while (popped := queue.pop(9)).progress == "working":
        assert popped.requests == []
    assert (popped.progress, crew.control("done")) == ("complete", "2500")


def test_what_was_kept_for_the_end_and_is_given_back_is_kept_again(crew: Crew) -> None:
    queue = crew.join()
    push(queue, link("extra", last=True))
    tell(queue, returned=[(take(queue)["extra"], False)], links=[link("a")])
    in_hand = take(queue)
    assert list(in_hand) == ["a"]
    finish(queue, in_hand["a"])
    assert list(take(queue)) == ["extra"]


@pytest.mark.parametrize("kind", ["list", "set", "zset"])
def test_seeds_of_other_programs_are_handed_out_as_they_are(crew: Crew, kind: str) -> None:
    seeds = ["https://a.example", '{"url": "https://b.example/\u00e9"}']
    key = crew.keys.start_urls
    if kind == "zset":
        crew.server.zadd(key, dict.fromkeys(seeds, 1))
    else:
        _ = crew.server.rpush(key, *seeds) if kind == "list" else crew.server.sadd(key, *seeds)
    queue = crew.join()
    assert queue.pop(1).progress == "working"
    popped = queue.pop(9)
    assert (crew.server.exists(key), crew.left(), popped.next_in_ms) == (0, 2, None)
    told = finish(queue, *(f"{number:010x}" for number in (1, 2)))
    assert (told.stale_acks, told.progress) == (0, "complete")


def test_a_seed_of_another_program_that_is_given_back_comes_again(crew: Crew) -> None:
    queue = crew.join()
    crew.server.rpush(crew.keys.start_urls, b"https://site.example/\xff")
    popped = queue.pop(1)
    payload = popped.requests[0].payload
    assert b"\xff" in payload
    tell(queue, returned=[(ids(popped)[0], False)])
    assert [request.payload for request in queue.pop(1).requests] == [payload]


@pytest.mark.parametrize("limit", [1, 3, 5])
def test_no_more_is_handed_out_than_was_asked_for(crew: Crew, limit: int) -> None:
    queue = crew.join()
    push(queue, *"abcdef")
    crew.server.rpush(crew.keys.start_urls, "https://a.example", "https://b.example")
    assert len(queue.pop(limit).requests) == limit


def test_the_verbs_are_known_again_to_a_server_that_has_forgotten_them(crew: Crew) -> None:
    queue = crew.join()
    crew.server.script_flush()
    assert push(queue, "a").new_links == 1


def test_two_spiders_share_no_requests(crew: Crew, valkey: str) -> None:
    videos = crew.join()
    push(videos, "a")
    with crew_at(valkey, "users") as others:
        users = others.join()
        assert push(users, "a").new_links == 1
        assert (len(take(users)), others.left(), crew.left()) == (1, 1, 1)
        users.leave()
    assert list(take(videos)) == ["a"]


def test_where_a_crawl_stands_is_told_by_both_verbs(crew: Crew) -> None:
    queue = crew.join()

    def stands() -> tuple[Progress, Progress]:
        return tell(queue).progress, queue.pop(1).progress

    assert stands() == ("complete", "complete")
    push(queue, "a")
    assert stands() == ("working", "working")
    finish(queue, *crew.leased(queue))
    assert stands() == ("complete", "complete")


def test_feeds_are_noted_with_the_size_that_they_had_at_first(crew: Crew) -> None:
    queue = crew.join()
    assert [queue.begin_feed("machine:/a.jsonl", size) for size in (7, 99)] == [7, 7]
