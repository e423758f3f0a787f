from __future__ import annotations

from collections.abc import Iterator

import pytest

from crawler.frontier.queue import Queue, Revisit
from crawler.frontier.survey import MINUTE_MS, MOST_HOSTS, TEN_MINUTES_MS, survey
from crawler.frontier.vitals import Asked
from tests.couriers import dump
from tests.queues import SITE, Crew, crew_at, finish, link, push, take, tell, vote
from tests.surveys import look, say

OTHER = "other.example"
SECOND_MS = 1_000
HOUR_MS = 3_600_000


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def note(crew: Crew, ago_ms: int, done: int, records: int = 0) -> None:
    """Write into the history how far the crawl was."""
    seconds, micros = crew.server.time()
    at_ms = seconds * 1000 + micros // 1000 - ago_ms
    crew.server.hset(crew.keys.history, str(at_ms), f"{at_ms} {done} {records}")


def test_where_there_is_no_crawl_there_is_nothing_to_see(crew: Crew) -> None:
    assert survey(crew.server, crew.keys) is None


def test_an_onlooker_changes_nothing(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *"abc")
    take(queue, 1)
    say(queue)
    before = dump(crew.server)
    look(crew)
    assert dump(crew.server) == before


def test_requests_are_counted_by_where_they_are(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    push(one, *"abcdef", link("late", last=True))
    first, second = take(one, 2), take(two, 1)
    finish(one, first["a"])
    tell(two, dead=[(second["c"], "x")])
    crew.server.zadd(crew.keys.suspects, {"0000000063": 0})
    crew.server.rpush(crew.keys.start_urls, "https://s.example")
    found = look(crew)
    assert (found.pending, found.leased, found.number("done"), found.number("dead")) == (4, 1, 1, 1)
    assert (found.for_the_end, found.suspects, found.seeds_waiting) == (1, 1, 1)
    assert {worker.name: worker.leases for worker in found.workers} == {one.worker: 1, two.worker: 0}
    assert all(0 < worker.lease_ms <= one.options.lease_ttl_ms for worker in found.workers)


# --- where it stands ---


def test_a_crawl_goes_from_running_to_its_end(crew: Crew) -> None:
    queue = crew.queue()
    queue.join()
    push(queue, "a", "b")
    queue.leave()
    assert look(crew).state == "not_started"
    queue.join()
    assert look(crew).state == "running"
    finish(queue, take(queue, 1)["a"])
    crew.server.hset(crew.keys.control, "paused_ms", 1)
    assert look(crew).state == "paused"
    crew.server.hdel(crew.keys.control, "paused_ms")
    queue.leave()
    assert look(crew).state == "interrupted"
    queue.join()
    tell(queue, started=True)
    finish(queue, *take(queue).values())
    assert look(crew).state == "ending"
    vote(queue)
    queue.leave()
    assert (look(crew).state, look(crew).eta_s) == ("finished", 0.0)


def test_seeds_that_nobody_reads_to_their_end_are_told(crew: Crew) -> None:
    queue = crew.queue()
    queue.join("url=https://s.example")
    queue.leave()
    assert look(crew).state == "seeds_unread"


@pytest.mark.parametrize("lost", ["done", "sequence", "dead"])
def test_a_crawl_of_which_a_count_is_gone_is_lost(crew: Crew, lost: str) -> None:
    push(crew.join(), "a")
    crew.server.hdel(crew.keys.control, lost)
    assert look(crew).state == "lost"


def test_requests_that_are_gone_make_a_crawl_a_lost_one(crew: Crew) -> None:
    push(crew.join(), "a")
    crew.server.delete(crew.keys.requests)
    assert look(crew).state == "lost"


# --- rates ---


def with_done(crew: Crew, done: int, records: int = 0) -> Queue:
    """A crawl of which so much is done, and 40 requests are left."""
    queue = crew.join()
    push(queue, *map(str, range(40)))
    crew.server.hincrby(crew.keys.control, "sequence", done)
    crew.server.hincrby(crew.keys.control, "done", done)
    for number in range(records):
        crew.server.sadd(crew.keys.recorded, number)
    return queue


def test_rates_are_told_from_notes_of_that_long_ago(crew: Crew) -> None:
    with_done(crew, 1_000, records=60)
    for ago_ms, done, records in (
        (11 * MINUTE_MS, 0, 0),
        (10 * MINUTE_MS, 400, 30),
        (MINUTE_MS, 880, 54),
        (5000, 990, 60),
    ):
        note(crew, ago_ms, done, records)
    found = look(crew)
    one, ten = found.rates(MINUTE_MS), found.rates(TEN_MINUTES_MS)
    assert one == pytest.approx((120 / 60, 6 / 60), rel=0.2)
    assert ten == pytest.approx((600 / 600, 30 / 600), rel=0.2)
    assert found.eta_s == pytest.approx(40 / (600 / 600), rel=0.2)


def test_a_crawl_that_has_just_begun_has_the_rates_of_what_there_is(crew: Crew) -> None:
    with_done(crew, 100)
    note(crew, 20 * SECOND_MS, 0)
    found = look(crew)
    assert found.rates(MINUTE_MS).requests == pytest.approx(5, rel=0.5)
    assert found.rates(TEN_MINUTES_MS).requests == found.rates(MINUTE_MS).requests


def test_where_nobody_took_note_there_are_no_rates(crew: Crew) -> None:
    with_done(crew, 100)
    assert look(crew).rates(MINUTE_MS) == (None, None)
    note(crew, 60 * MINUTE_MS, 50)
    assert look(crew).rates(TEN_MINUTES_MS) == (None, None)
    assert look(crew).eta_s is None


def test_notes_of_a_clock_that_was_set_back_do_not_count(crew: Crew) -> None:
    with_done(crew, 100)
    note(crew, -MINUTE_MS, 50)
    assert look(crew).history == []


def test_what_is_left_takes_as_long_as_the_slowest_host(crew: Crew) -> None:
    queue = with_done(crew, 1_000)
    say(queue, delay_ms=60 * SECOND_MS)
    note(crew, 20 * SECOND_MS, 0)
    assert look(crew).eta_s == pytest.approx(40 * 60)


def test_a_crawl_can_stall_for_longer_than_its_history_goes_back(crew: Crew) -> None:
    queue = with_done(crew, 7)
    say(queue)
    noted = f"7 {look(crew).at_ms - 3_600 * SECOND_MS:.0f}"
    crew.server.hset(crew.keys.control, "done_noted", noted)
    say(queue)
    assert crew.control("done_noted") == noted
    assert look(crew).stalled_s == pytest.approx(3_600, abs=60)
    crew.server.hincrby(crew.keys.control, "done", 1)
    assert look(crew).stalled_s == 0
    say(queue)
    assert str(crew.control("done_noted")).startswith("8 ")


def test_a_crawl_stalls_since_the_last_request_that_was_done(crew: Crew) -> None:
    with_done(crew, 100)
    for ago_ms, done in ((300 * SECOND_MS, 90), (200 * SECOND_MS, 100), (100 * SECOND_MS, 100)):
        note(crew, ago_ms, done)
    assert look(crew).stalled_s == pytest.approx(200, abs=60)
    crew.server.hincrby(crew.keys.control, "done", 1)
    assert look(crew).stalled_s == 0


# --- pages that are visited again ---


def put_off(queue: Queue, *request_ids: str, due_in_ms: int = 6 * HOUR_MS) -> None:
    """Acknowledge requests whose pages are to be visited again."""
    revisits = [Revisit(one, number, due_in_ms, link("a").payload, {}) for number, one in enumerate(request_ids)]
    tell(queue, revisits=revisits)


def test_a_crawl_of_which_all_waits_for_its_time_is_waiting(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *"abc")
    taken = take(queue)
    put_off(queue, taken["a"], taken["b"])
    found = look(crew)
    assert (found.state, found.revisits, found.pending, found.leased) == ("running", 2, 0, 1)
    put_off(queue, taken["c"], due_in_ms=HOUR_MS)
    found = look(crew)
    assert (found.state, found.revisits, found.pending, found.eta_s) == ("waiting", 2, 0, 0)
    assert found.next_revisit_ms is not None
    assert 0 < found.next_revisit_ms <= 6 * HOUR_MS


def test_what_has_come_due_is_pending(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *"ab")
    taken = take(queue)
    put_off(queue, taken["a"], taken["b"])
    crew.server.zincrby(crew.keys.due, -7 * HOUR_MS, taken["a"])
    found = look(crew)
    assert (found.state, found.revisits, found.pending) == ("running", 1, 1)


def test_of_a_crawl_that_nobody_is_at_no_page_waits_for_its_time_only(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    put_off(queue, *take(queue).values())
    queue.leave()
    assert look(crew).state == "interrupted"
    crew.join()
    crew.server.hset(crew.keys.control, "paused_ms", 1)
    assert look(crew).state == "paused"


def test_visits_are_requests_that_were_done(crew: Crew) -> None:
    queue = crew.join()
    push(queue, *"abc")
    note(crew, 10 * SECOND_MS, 0)
    put_off(queue, *take(queue).values())
    found = look(crew)
    assert (found.number("done"), found.done) == (0, 3)
    assert found.rates(MINUTE_MS).requests == pytest.approx(0.3, rel=0.5)
    say(queue)
    assert look(crew).history[-1][1:] == (3, 0, 0)


def test_a_crawl_that_has_waited_does_not_stall(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    put_off(queue, *take(queue).values())
    for ago_ms in (500 * SECOND_MS, 100 * SECOND_MS, 20 * SECOND_MS):
        at_ms = round(look(crew).at_ms) - ago_ms
        crew.server.hset(crew.keys.history, str(at_ms), f"{at_ms} 1 0 0")
    assert look(crew).stalled_s == 0


def test_what_has_just_come_due_is_done_at_the_rate_of_now(crew: Crew) -> None:
    queue = with_done(crew, 1_000)
    crew.server.hset(crew.keys.control, "visits", 1)
    note(crew, 600 * SECOND_MS, 900)
    note(crew, 60 * SECOND_MS, 901)
    found = look(crew)
    assert queue.worker in {one.name for one in found.workers}
    assert found.eta_s == pytest.approx(40 / (100 / 60), rel=0.2)


# --- hosts ---


def test_hosts_are_told_with_what_waits_for_them_and_when_they_may_be_asked(crew: Crew) -> None:
    queue = crew.join(delay_ms=MINUTE_MS)
    push(queue, link("a"), link("b"), link("c"), link("d", OTHER), link("e", OTHER))
    take(queue, 2)
    say(queue, delay_ms=250, own_delays_ms={OTHER: 9_000}, hosts={SITE: Asked(requests=8, errors=2)})
    first, second = look(crew).hosts
    assert (first.slot, first.pending, first.in_flight, first.delay_ms) == (SITE, 2, 1, 250)
    assert 0 < first.next_ms <= MINUTE_MS
    assert first.error_rate == 0.25
    assert (second.slot, second.pending, second.in_flight, second.delay_ms) == (OTHER, 1, 1, 9_000)
    assert second.error_rate is None


def test_what_robots_txt_and_back_off_ask_for_is_told(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    crew.server.hset(crew.keys.host(SITE), "robots_ms", 7_000)
    queue.call(*queue.hold_words(SITE, 2 * MINUTE_MS, slower=True))
    (host,) = look(crew).hosts
    assert host.delay_ms == 7_000
    assert MINUTE_MS < host.paused_ms <= 2 * MINUTE_MS
    assert MINUTE_MS < host.next_ms <= 2 * MINUTE_MS


def test_answers_are_added_up_over_the_instances(crew: Crew) -> None:
    for errors in (1, 2):
        say(crew.join(), hosts={SITE: Asked(requests=10, errors=errors)})
    (host,) = look(crew).hosts
    assert (host.pending, host.asked) == (0, Asked(requests=20, errors=3))


def test_of_very_many_hosts_some_are_looked_at_and_all_are_counted(crew: Crew) -> None:
    push(crew.join(), *(link(f"{number}", f"{number}.example") for number in range(MOST_HOSTS + 5)))
    found = look(crew)
    assert (len(found.hosts), found.hosts_pending) == (MOST_HOSTS, MOST_HOSTS + 5)
