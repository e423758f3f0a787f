from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crawler.frontier.queue import Progress, Queue, Revisit, Told
from tests.queues import Crew, crew_at, finish, link, pages, push, scores, take, tell, vote

HOUR_MS = 3_600_000


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def put_off(queue: Queue, request_id: str, page: str = "a", due_in_ms: int = HOUR_MS, **readings: bytes) -> Told:
    """Acknowledge a request whose page is to be visited again."""
    payload = link(page).payload
    return tell(queue, revisits=[Revisit(request_id, ord(page[0]), due_in_ms, payload, readings)])


def let_come_due(crew: Crew, passed_ms: float = HOUR_MS) -> None:
    due = scores(crew.server, crew.keys.due)
    crew.server.zadd(crew.keys.due, {one: due_ms - passed_ms for one, due_ms in due.items()})


def where(queue: Queue) -> Progress:
    return tell(queue, records=["any"]).progress


def test_a_page_is_handed_out_again_when_its_time_has_come_and_not_before(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    put_off(queue, take(queue)["a"])
    assert take(queue) == {}
    let_come_due(crew, HOUR_MS - 1000)
    assert take(queue) == {}
    let_come_due(crew, 1000)
    assert list(take(queue)) == ["a"]
    assert take(queue) == {}


def test_a_crawl_is_not_complete_while_pages_wait_for_their_time(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    put_off(queue, take(queue)["a"])
    assert vote(queue) == ["working"]
    let_come_due(crew)
    finish(queue, take(queue)["a"])
    assert vote(queue) == ["finished"]


def test_what_was_put_off_outlives_its_worker(crew: Crew) -> None:
    queue, other = crew.join(), crew.join()
    push(queue, "a")
    put_off(queue, take(queue)["a"])
    crew.let_lapse(queue)
    other.beat()
    queue.leave()
    assert take(other) == {}
    let_come_due(crew)
    assert list(take(other)) == ["a"]


def test_a_step_that_is_repeated_puts_off_once(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    request_id = take(queue)["a"]
    put_off(queue, request_id)
    due = scores(crew.server, crew.keys.due)
    queue.steps -= 1
    put_off(queue, request_id, due_in_ms=2 * HOUR_MS)
    assert scores(crew.server, crew.keys.due) == due


def test_who_has_lost_the_lease_puts_nothing_off(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    request_id = take(queue)["a"]
    tell(queue, returned=[(request_id, False)])
    assert put_off(queue, request_id, reading=b"{}").stale_acks == 1
    assert crew.server.hlen(crew.keys.readings) == 0
    assert list(take(queue)) == ["a"]


def test_two_requests_of_one_page_become_one(crew: Crew) -> None:
    queue = crew.join()
    push(queue, link("a", filtered=False), link("a", filtered=False))
    popped = queue.pop(10)
    assert pages(popped) == ["a", "a"]
    for request in popped.requests:
        put_off(queue, request.id)
    assert crew.server.zcard(crew.keys.due) == crew.left() == 1
    assert where(queue) == "working"


def test_readings_are_kept_with_the_acknowledgement_of_their_page(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    put_off(queue, take(queue)["a"], one=b"1", two=b"2")
    readings: Any = crew.server.hgetall(crew.keys.readings)
    assert readings == {b"one": b"1", b"two": b"2"}


def test_checks_that_come_last_do_not_wait_for_what_waits_for_its_time(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a", link("check", priority=0, last=True))
    put_off(queue, take(queue)["a"])
    assert list(take(queue)) == ["check"]


def test_what_waits_for_its_time_and_cannot_be_read_is_a_dead_letter(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    request_id = take(queue)["a"]
    put_off(queue, request_id)
    crew.server.hset(crew.keys.requests, request_id, b"?")
    let_come_due(crew)
    assert take(queue) == {}
    assert crew.control("dead") == "1"
    assert where(queue) == "complete"


def test_a_lost_key_of_due_times_is_noticed(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    put_off(queue, take(queue)["a"])
    crew.server.delete(crew.keys.due)
    assert where(queue) == "lost"


def test_revisits_can_be_forgone_and_the_crawl_ends(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a", "b", "c")
    taken = take(queue)
    put_off(queue, taken["a"], "a")
    put_off(queue, taken["b"], "b")
    queue.forego_revisits()
    assert crew.left() == 1
    assert where(queue) == "working"
    finish(queue, taken["c"])
    assert vote(queue) == ["finished"]


def test_a_new_crawl_knows_nothing_of_the_rounds_before(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    put_off(queue, take(queue)["a"], one=b"1")
    queue.leave()
    crew.queue().join(anew=True)
    assert [name for name in crew.names("*") if name.rpartition(":")[2] in {"due", "revisits", "readings"}] == []
