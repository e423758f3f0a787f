from __future__ import annotations

import json
from collections.abc import Iterator
from typing import cast

import pytest

from crawler.frontier.queue import Popped, Queue, Told
from tests.queues import SITE, Crew, crash, crew_at, finish, ids, link, push, take, tell

STORED = [
    *("requests", "hosts", "last", "suspects", "workers", "deliveries", "batches", "starting", "ready", "dead"),
    *("control", "claims", "recorded", f"queue:{SITE}", "queue:other.example", "leased", "seen:0"),
]
HARMLESS = {"ready", "deliveries", "claims", "recorded", "seen:0"}
"""Without them pages are fetched once more, or the end takes one more vote; no request is lost."""
BEGIN_AGAIN = {"workers", "batches"}
ROUNDS = 60


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def busy(crew: Crew) -> tuple[Queue, Queue, Queue]:
    """A crawl that has something in each of its keys: two workers, and one that still sends its seeds."""
    one, two, starter = crew.join(), crew.join(), crew.queue()
    starter.join()
    push(one, "done", "dead", "killer", "late killer")
    one.claim(["r", "s"])
    in_hand = take(one)
    killers = [in_hand["killer"], in_hand["late killer"]]
    tell(
        one,
        acks=[in_hand["done"]],
        dead=[(in_hand["dead"], "no")],
        returned=[(killer, True) for killer in killers],
        records=["r"],
    )
    tell(one, returned=[(killer, True) for killer in take(one).values()])
    push(two, "in hand")
    assert list(take(two)) == ["in hand"]
    push(one, "a", link("b", "other.example"), link("c", last=True), link("d", last=True, unless="r"))
    crew.server.sadd(crew.keys.ready, "nobody")
    return one, two, starter


def name_of(crew: Crew, key: str, holder: Queue) -> str:
    return f"{crew.keys.prefix}{f'leased:{holder.worker}' if key == 'leased' else key}"


def work_on(workers: list[Queue], *, started: bool = True) -> set[str]:
    """Work until something is wrong or the crawl is finished; return how it ended, in all words that came."""
    words: set[str] = set()
    mine: dict[str, list[str]] = {queue.worker: [] for queue in workers}
    for _ in range(ROUNDS):
        for queue in workers:
            answers: list[Popped | Told] = [popped := queue.pop(2)]
            answers.append(tell(queue, acks=[*mine[queue.worker], *ids(popped)], started=started, ready=True))
            mine[queue.worker] = []
            words |= {answer.state for answer in answers} | {answer.progress for answer in answers}
            if words & {"lost", "fenced", "regressed", "finished"}:
                return words
    return words


@pytest.mark.parametrize("key", STORED)
def test_a_crawl_that_lost_a_key_is_never_finished(crew: Crew, key: str) -> None:
    one, two, starter = busy(crew)
    assert crew.server.delete(name_of(crew, key, two)) == 1
    finish(two, *crew.leased(two))
    words = work_on([one, two, starter])
    if key in HARMLESS:
        assert "finished" in words
    elif key in BEGIN_AGAIN:
        assert words & {"fenced", "regressed"}
    else:
        assert "lost" in words
        assert not words & {"finished", "complete"}


def test_a_crawl_that_lost_nothing_is_finished(crew: Crew) -> None:
    one, two, starter = busy(crew)
    finish(two, *crew.leased(two))
    assert "finished" in work_on([one, two, starter])
    assert (crew.control("done"), crew.control("dead"), crew.left()) == ("8", "1", 0)


@pytest.mark.parametrize("key", ["requests", "hosts", "last", "suspects", f"queue:{SITE}", "dead"])
def test_what_was_lost_while_nobody_was_there_is_missed_by_the_next_one(crew: Crew, key: str) -> None:
    workers = busy(crew)
    for queue in workers:
        queue.leave()
    assert crew.server.delete(f"{crew.keys.prefix}{key}") == 1
    late = crew.queue()
    assert late.join()[0] == "resumed"
    words = work_on([late])
    assert "lost" in words
    assert not words & {"finished", "complete"}


def test_a_loss_is_seen_at_once_where_the_count_of_requests_shows_it(crew: Crew) -> None:
    one, two, _ = busy(crew)
    crew.server.delete(crew.keys.requests)
    assert (one.pop(1).progress, tell(two).progress, push(one, "new").progress) == ("lost", "lost", "lost")


def test_all_keys_lost_is_a_lost_crawl_for_who_was_at_it(crew: Crew) -> None:
    one, two, starter = busy(crew)
    crew.server.flushdb()
    assert [tell(one).state, two.pop(1).state, starter.beat()] == ["lost"] * 3
    assert crew.names("{crawler}:*") == []


def test_whose_crawl_was_replaced_has_lost_it(crew: Crew) -> None:
    one, *_ = busy(crew)
    crew.server.flushdb()
    assert crew.queue().join() == ("anew", 0)
    assert [tell(one).state, one.pop(1).state, one.beat()] == ["lost"] * 3


def test_what_is_left_of_a_crawl_whose_state_was_lost_hides_no_link_of_the_next(crew: Crew) -> None:
    """Fingerprints that stay behind must not make the next crawl take its links for known ones."""
    pages = [f"page {number}" for number in range(2_000)]
    one = crew.join()
    push(one, *pages)
    assert len(crew.names(f"{crew.keys.prefix}seen:*")) > 5
    crew.server.delete(crew.keys.control)
    two = crew.join()
    assert sum(push(two, page).new_links for page in pages) == 2_000
    assert len(take(two, 5_000)) == 2_000


@pytest.mark.parametrize(
    "payload", [b"", b"\x80\x02}q", b"[]", b"{}", b'{"s":1}', b'{"s":null}', b"[" * 5_000, b"\xff"]
)
def test_what_cannot_be_read_is_handed_out_and_becomes_a_dead_letter(crew: Crew, payload: bytes) -> None:
    queue, witness = crew.join(), crew.join()
    push(queue, "a", "b")
    crew.server.hset(crew.keys.requests, "0000000001", payload)
    popped = queue.pop(9)
    assert [request.payload for request in popped.requests] == [payload, link("b").payload]
    crash(crew, queue, witness)
    letters = cast("dict[bytes, bytes]", crew.server.hgetall(crew.keys.dead))
    assert list(letters) == [b"0000000001"]
    assert json.loads(letters[b"0000000001"].decode("utf-8", "replace"))["reason"] == "unreadable"
    tell(witness, acks=(requests := [*take(witness).values()]), landed=[(SITE, request) for request in requests])
    assert (tell(witness).progress, crew.left()) == ("complete", 0)
    assert crew.names("{crawler}:flights:*") == []


@pytest.mark.parametrize("kept", ["last", "suspects"])
def test_what_cannot_be_read_keeps_nobody_from_the_end(crew: Crew, kept: str) -> None:
    queue = crew.join()
    push(queue, link("a", last=kept == "last"), link("b", last=kept == "last"))
    if kept == "suspects":
        for _ in range(2):
            both = [request for _ in range(2) for request in take(queue, 1).values()]
            tell(queue, returned=[(request, True) for request in both])
    crew.server.hset(crew.keys.requests, "0000000001", "not JSON")
    in_hand = take(queue)
    assert list(in_hand) == ["b"]
    finish(queue, *in_hand.values())
    assert (tell(queue).progress, crew.server.hlen(crew.keys.dead)) == ("complete", 1)
    assert crew.server.exists(crew.keys.last, crew.keys.suspects) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"p": "nan"},
        {"p": float("nan")},
        {"p": float("inf")},
        {"p": None},
        {"p": [1]},
        {"x": None},
        {"x": {}},
        {"l": None},
    ],
    ids=str,
)
def test_odd_fields_of_a_payload_stop_no_verb_half_way(crew: Crew, fields: dict[str, object]) -> None:
    queue, witness = crew.join(), crew.join()
    push(queue, link("a", last=True), "b")
    payload = json.dumps({"v": 1, "u": "a", "s": SITE, "l": 1} | fields)
    crew.server.hset(crew.keys.requests, "0000000001", payload)
    finish(queue, *take(queue).values())
    for _ in range(2):
        assert list(take(queue)) == ["a"]
        crash(crew, queue, witness)
        queue = crew.join()
    assert list(take(witness)) == ["a"]
