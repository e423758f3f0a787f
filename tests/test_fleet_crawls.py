"""Which crawl the instances of a fleet are at, as Redis has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from crawler.errors import CrawlOver
from crawler.fleet.beginning import Beginning, look, to_begin
from crawler.fleet.orders import Order
from crawler.fleet.readings import Readings
from crawler.frontier.queue import Revisit
from crawler.frontier.standing import is_over
from tests.queues import Crew, crew_at, finish, link, push, take, tell, vote

URL = "url=https://site.example"
SEEDS = "url=https://site.example/"
OURS = Order("videos", 2, (URL,))


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def complete(crew: Crew, crawl: str = "ours") -> None:
    queue = crew.queue()
    queue.join(SEEDS, crawl=crawl)
    push(queue, "a")
    finish(queue, *take(queue).values())
    tell(queue, started=True, reads_seeds=True)
    assert vote(queue) == ["finished"]
    queue.leave()


def interrupt(crew: Crew, crawl: str = "ours") -> None:
    queue = crew.queue()
    queue.join(SEEDS, crawl=crawl)
    push(queue, "a", "b")
    queue.leave()


def found(crew: Crew, order: Order = OURS) -> Beginning:
    return look(crew.server, crew.keys, order)


def test_who_comes_when_the_named_crawl_is_finished_does_not_begin_it_again(crew: Crew) -> None:
    complete(crew)
    with pytest.raises(CrawlOver, match="was finished by the others"):
        crew.queue().join(SEEDS, crawl="ours")
    assert crew.control("epoch") == "ours"
    assert crew.control("finished")


def test_another_name_begins_a_new_crawl_where_one_is_finished(crew: Crew) -> None:
    complete(crew)
    assert crew.queue().join(SEEDS, crawl="next") == ("anew", 0)
    assert crew.control("epoch") == "next"


def test_while_others_leave_the_finished_crawl_it_is_over_already(crew: Crew) -> None:
    queue = crew.join()
    assert vote(queue) == ["finished"]
    with pytest.raises(CrawlOver):
        crew.queue().join(SEEDS, crawl=queue.epoch)


def test_a_named_crawl_is_dropped_once_only(crew: Crew) -> None:
    interrupt(crew, "former")
    one, two = crew.queue(), crew.queue()
    assert one.join(SEEDS, anew=True, crawl="ours") == ("anew", 0)
    push(one, "a", "b")
    assert two.join(SEEDS, anew=True, crawl="ours") == ("joined", 2)
    one.leave()
    two.leave()
    assert crew.queue().join(SEEDS, anew=True, crawl="ours") == ("resumed", 2)


def test_a_name_is_no_hindrance_where_another_crawl_is_at_work(crew: Crew) -> None:
    interrupt(crew, "theirs")
    assert crew.queue().join(SEEDS, crawl="ours") == ("resumed", 2)
    assert crew.control("epoch") == "theirs"


def test_whether_a_crawl_is_over_is_told_by_its_name(crew: Crew) -> None:
    assert not is_over(crew.server, crew.keys, "ours")
    complete(crew)
    assert is_over(crew.server, crew.keys, "ours")
    assert not is_over(crew.server, crew.keys, "theirs")


def test_a_fleet_names_a_new_crawl_and_goes_on_with_one_that_is_there(crew: Crew) -> None:
    first = found(crew)
    assert (first.goes_on, first.is_done, len(first.crawl)) == (False, False, 16)
    interrupt(crew, "theirs")
    again = found(crew)
    assert (again.crawl, again.goes_on, again.pending) == ("theirs", True, 2)
    anew = found(crew, Order("videos", 1, (URL, "anew=1")))
    assert (anew.crawl != "theirs", anew.goes_on) == (True, False)


def test_a_finished_crawl_is_known_by_its_seeds(crew: Crew) -> None:
    complete(crew)
    assert found(crew).is_done
    assert found(crew, Order("videos")).is_done
    assert not found(crew, Order("videos", 1, ("url=https://other.example",))).is_done
    assert not found(crew, Order("videos", 1, (URL, "anew=1"))).is_done


def test_what_is_finished_is_left_alone_beside_what_goes_on(crew: Crew) -> None:
    done = Beginning(OURS, crew.keys, "a", "d", goes_on=False, is_done=True, pending=0)
    going_on = Beginning(OURS, crew.keys, "b", "b", goes_on=True, is_done=False, pending=1)
    new = Beginning(OURS, crew.keys, "", "c", goes_on=False, is_done=False, pending=0)
    assert to_begin([done, going_on, new]) == [going_on, new]
    assert to_begin([done, new]) == [done, new]
    assert to_begin([done]) == [done]
    assert found(crew).order is OURS


def test_a_reading_tells_where_the_crawl_is_and_which_hosts_wait_for_an_instance(crew: Crew) -> None:
    readings = Readings(crew.server, {"videos": crew.keys})
    readings.read()
    assert (readings.latest["videos"].records, readings.latest["videos"].epoch) == (0, "")
    queue = crew.join(delay_ms=60_000.0)
    push(queue, link("a", "a.example"), link("b", "b.example"), link("c", "b.example"))
    crew.pass_ms(1000)
    readings.read()
    assert readings.latest["videos"].ready == 2
    in_hand = take(queue)
    readings.read()
    assert readings.latest["videos"].ready == 0
    tell(queue, acks=[in_hand["a"]], records=["x"])
    readings.read()
    latest = readings.latest["videos"]
    assert (latest.records, latest.pending, latest.done, latest.finished) == (1, 2, 1, False)
    assert latest.pages_per_s > 0


def test_pages_that_wait_for_their_next_visit_are_not_pending_and_their_visits_are_pages_that_were_done(
    crew: Crew,
) -> None:
    readings = Readings(crew.server, {"videos": crew.keys})
    queue = crew.join()
    push(queue, "a", "b")
    in_hand = take(queue)
    tell(queue, revisits=[Revisit(in_hand["a"], 1, 3_600_000, link("a").payload, {})])
    readings.read()
    latest = readings.latest["videos"]
    assert (latest.pending, latest.revisits, latest.done) == (1, 1, 1)
    tell(queue, revisits=[Revisit(in_hand["b"], 2, 3_600_000, link("b").payload, {})])
    queue.leave()
    found = look(crew.server, crew.keys, OURS)
    assert (found.goes_on, found.pending, found.revisits) == (True, 0, 2)


def test_a_silent_redis_is_told_and_the_last_reading_kept(crew: Crew) -> None:
    readings = Readings(crew.server, {"videos": crew.keys})
    readings.read()
    readings.server = Redis(unix_socket_path="/nowhere")
    readings.read()
    assert readings.silent
    assert readings.latest["videos"].pending == 0
