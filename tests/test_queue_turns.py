from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from crawler.frontier.queue import NewLink, Queue, Revisit
from crawler.frontier.whereabouts import Candidate, Searcher
from tests.queues import SITE, Crew, crash, crew_at, link, pages, push, scores, take, tell

OTHER = "other.example"
HOUR_MS = 3_600_000


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def visited(crew: Crew, queue: Queue, *names: str | NewLink) -> None:
    """Let pages have been visited, and be due again by now, one after the other."""
    links = [link(name) if isinstance(name, str) else name for name in names]
    push(queue, *links)
    taken = take(queue)
    due = {}
    for number, one in enumerate(links):
        request_id = taken[json.loads(one.payload)["u"]]
        tell(queue, revisits=[Revisit(request_id, number, HOUR_MS, one.payload, {})])
        due[request_id] = 1_000_000 + 1_000 * number
    crew.server.zadd(crew.keys.due, due)


def one_by_one(queue: Queue, number: int) -> str:
    return "".join(page for _ in range(number) for page in pages(queue.pop(1)))


def test_first_visits_and_later_ones_take_turns(crew: Crew) -> None:
    queue = crew.join()
    visited(crew, queue, *"ABC")
    push(queue, *"abcde")
    assert "".join(pages(queue.pop(20))) == "AaBbCcde"


def test_they_take_turns_over_all_calls_of_all_workers(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    visited(crew, one, *"ABC")
    push(one, *"abcde")
    assert "".join(one_by_one(queue, 1) for queue in (one, two, two, one, two, one)) == "AaBbCc"


def test_visits_come_in_the_order_in_which_they_were_due_whatever_their_priority(crew: Crew) -> None:
    queue = crew.join()
    visited(crew, queue, link("C"), link("B", priority=-9), link("A", priority=9))
    assert one_by_one(queue, 3) == "CBA"


def test_first_visits_keep_the_order_of_their_priorities(crew: Crew) -> None:
    queue = crew.join()
    visited(crew, queue, *"AB")
    push(queue, link("a"), link("b", priority=5))
    assert one_by_one(queue, 4) == "AbBa"


def test_an_endless_stream_of_either_kind_starves_no_other(crew: Crew) -> None:
    queue = crew.join()
    visited(crew, queue, "A")
    push(queue, "0")
    served = ""
    for number in range(1, 20):
        (request,) = queue.pop(1).requests
        name = json.loads(request.payload)["u"]
        served += name if name == "A" else "."
        if name == "A":
            tell(queue, revisits=[Revisit(request.id, 0, 0, link("A").payload, {})])
        else:
            tell(queue, links=[link(str(number), priority=9)], acks=[request.id])
    assert served.count("A") in {9, 10}
    assert served.count(".") in {9, 10}


def test_hosts_take_turns_each_by_itself(crew: Crew) -> None:
    queue = crew.join()
    visited(crew, queue, *"AB", *(link(name, OTHER) for name in "XY"))
    push(queue, *"ab", *(link(name, OTHER) for name in "xy"))
    served = pages(queue.pop(20))
    assert [name for name in served if name in "AaBb"] == list("AaBb")
    assert [name for name in served if name in "XxYy"] == list("XxYy")


def test_a_host_keeps_its_delay_whichever_turn_it_is(crew: Crew) -> None:
    queue = crew.join(delay_ms=HOUR_MS)
    push(queue, "A")
    request_id = take(queue)["A"]
    tell(queue, revisits=[Revisit(request_id, 1, 0, link("A").payload, {})])
    push(queue, "a")
    assert take(queue) == {}
    crew.pass_ms(HOUR_MS)
    assert list(take(queue)) == ["A"]
    crew.pass_ms(HOUR_MS)
    assert list(take(queue)) == ["a"]


def test_a_visit_that_was_given_back_keeps_its_place(crew: Crew) -> None:
    queue = crew.join()
    visited(crew, queue, *"AB")
    push(queue, "a")
    taken = take(queue)
    tell(queue, returned=[(taken["B"], False), (taken["A"], False), (taken["a"], False)])
    assert one_by_one(queue, 3) == "AaB"


def test_a_visit_in_hand_at_a_crash_comes_again_and_after_two_alone(crew: Crew) -> None:
    witness = crew.join()
    visited(crew, witness, "A")
    for _ in range(2):
        queue = crew.join()
        assert list(take(queue)) == ["A"]
        crash(crew, queue, witness)
    popped = witness.pop(9)
    assert (pages(popped), popped.alone) == (["A"], True)
    assert crew.server.hlen(crew.keys.visits) == 0


def test_a_visit_that_is_tried_again_is_no_first_visit(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *"ab")
    tell(queue, links=[link("A", priority=-9)._replace(again=True)])
    assert one_by_one(queue, 2) == "Aa"


def test_checks_at_the_end_do_not_wait_for_visits_that_are_always_due(crew: Crew) -> None:
    queue, other = crew.join(), crew.join()
    visited(crew, queue, *"AB")
    push(queue, "a", link("check", last=True))
    assert one_by_one(queue, 2) == "Aa"
    assert one_by_one(other, 1) == "B"  # the first visit is not over
    taken = crew.leased(queue)
    payload = link("a").payload
    tell(queue, revisits=[Revisit(one, number, 0, payload, {}) for number, one in enumerate(taken)])
    assert pages(other.pop(9)).count("check") == 1


def test_visits_that_have_come_due_can_be_forgone_too(crew: Crew) -> None:
    queue = crew.join()
    visited(crew, queue, *"ABC", link("X", OTHER))
    push(queue, "a")
    assert one_by_one(queue, 1) in "AX"
    queue.forego_revisits()
    assert crew.left() == 2  # the one in hand, and the first visit
    assert list(scores(crew.server, crew.keys.hosts)) == [SITE]
    assert list(take(queue)) == ["a"]


def test_a_finished_crawl_leaves_nothing_of_turns_and_visits(crew: Crew) -> None:
    queue = crew.join()
    visited(crew, queue, *"AB")
    push(queue, *"ab")
    one_by_one(queue, 1)
    assert crew.server.smembers(crew.keys.turns) == {SITE.encode()}
    queue.leave()
    crew.queue().join(anew=True)
    kinds = {name.removeprefix(crew.keys.prefix).partition(":")[0] for name in crew.names("*")}
    assert kinds.isdisjoint({"turns", "visits", "again", "queue"})


def test_explain_counts_the_turns_of_both_kinds(crew: Crew) -> None:
    queue = crew.join()
    names = [f"https://{SITE}/{number}" for number in range(6)]
    visited(crew, queue, *names[:2])
    push(queue, *names[2:])
    queue.pop(1)  # which lets them come due, and takes the first of those
    for name, number in ((names[1], 0), (names[2], 0), (names[4], 3)):
        found = Searcher(crew.server, crew.keys).find([Candidate(name, 0)])
        assert found.text.startswith(f"waits: {number} other requests of its host come first"), found
