from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import product

import pytest

from crawler.errors import OtherCrawl
from crawler.frontier import queue as queues
from crawler.frontier.keys import LEDGER, Keys
from crawler.frontier.queue import Queue
from crawler.frontier.standing import begins_anew, other_crawl
from crawler.frontier.worker import machine
from tests.listening import acting_on_log
from tests.queues import Crew, crew_at, finish, link, push, take, tell, vote

OURS, THEIRS = "url=https://ours.example", "url=https://theirs.example"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def in_the_way(crew: Crew, seeds: str = OURS, *, anew: bool = False) -> str | None:
    return other_crawl(crew.server, crew.keys, seeds, anew=anew)


def interrupt(crew: Crew, seeds: str = THEIRS, *, pending: int = 1) -> None:
    """Begin a crawl, and leave it with requests pending."""
    queue = crew.queue()
    queue.join(seeds)
    push(queue, "done", *map(str, range(pending)))
    finish(queue, take(queue)["done"])
    tell(queue, started=True, reads_seeds=True)
    queue.leave()


def complete(crew: Crew, seeds: str = THEIRS) -> None:
    """Begin a crawl, and finish it."""
    queue = crew.queue()
    queue.join(seeds)
    push(queue, "a")
    finish(queue, *take(queue).values())
    tell(queue, started=True, reads_seeds=True)
    assert vote(queue) == ["finished"]
    queue.leave()


def at_work(crew: Crew, seeds: str = THEIRS) -> Queue:
    """Return a worker that has begun a crawl, and gave its last sign of life some time ago."""
    queue = crew.queue(lease_ttl_ms=60_000)
    queue.join(seeds)
    push(queue, "a")
    crew.pass_ms(20_000)
    return queue


# --- what is in the way of a crawl ---


def test_nothing_is_in_the_way_where_there_is_no_crawl(crew: Crew) -> None:
    assert in_the_way(crew) is None


def test_another_crawl_that_runs_is_in_the_way_of_any_other(crew: Crew) -> None:
    crew.queue().join(THEIRS)
    for anew in (False, True):
        assert in_the_way(crew, anew=anew) == (
            f"Another crawl of videos is running here, with {THEIRS}: join it by the same arguments or none, wait for "
            "its end, or keep yours apart from it with -s CRAWL_ID=2."
        )


def test_a_crawl_that_was_interrupted_is_in_the_way_unless_it_is_to_be_dropped(crew: Crew) -> None:
    interrupt(crew, pending=1234)
    assert in_the_way(crew) == (
        f"Another crawl of videos was interrupted here, with {THEIRS} and 1,234 requests pending: go on with it by the "
        "same arguments or none, drop it with -a anew=1, or keep yours apart from it with -s CRAWL_ID=2."
    )
    assert in_the_way(crew, anew=True) is None


def test_a_crawl_that_was_interrupted_when_all_was_done_but_its_end_is_one_too(crew: Crew) -> None:
    interrupt(crew, pending=0)
    assert "was interrupted here" in (in_the_way(crew) or "")


@pytest.mark.parametrize("seeds", [THEIRS, ""])
def test_the_same_seeds_and_none_take_part_in_what_there_is(crew: Crew, seeds: str) -> None:
    interrupt(crew)
    assert in_the_way(crew, seeds) is None
    crew.queue().join(seeds)
    assert in_the_way(crew, seeds) is None
    assert in_the_way(crew) is not None


def test_a_crawl_that_began_with_no_seeds_of_its_own_is_joined_by_any(crew: Crew) -> None:
    crew.queue().join()
    assert in_the_way(crew) is None


def test_a_crawl_that_was_interrupted_before_its_first_request_is_no_crawl(crew: Crew) -> None:
    queue = crew.queue()
    queue.join(THEIRS)
    queue.leave()
    assert in_the_way(crew) is None


def test_a_finished_crawl_is_in_nobodys_way(crew: Crew) -> None:
    complete(crew)
    assert in_the_way(crew) is None


def test_a_crawl_of_the_other_spider_is_not_in_the_way(crew: Crew) -> None:
    crew.queue().join(THEIRS)
    assert other_crawl(crew.server, Keys("users"), OURS) is None


def test_a_crawl_whose_instances_have_given_no_sign_of_life_does_not_run(crew: Crew) -> None:
    queue = crew.queue()
    queue.join(THEIRS)
    push(queue, "a")
    crew.let_lapse(queue)
    assert "was interrupted here" in (in_the_way(crew) or "")


def test_a_crawl_whose_processes_were_killed_does_not_run(crew: Crew) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    queue = crew.queue()
    queue.worker = f"{machine()}:{ended.pid}:0a1b2c3d"
    queue.join(THEIRS)
    push(queue, "a")
    assert "was interrupted here" in (in_the_way(crew) or "")
    assert crew.queue().workers() == []


# --- how a crawl is entered ---


def test_who_comes_first_begins_and_the_others_join(crew: Crew) -> None:
    assert [crew.queue().join(OURS) for _ in range(3)] == [("anew", 0), ("joined", 0), ("joined", 0)]


STATES = ["none", "complete", "interrupted", "interrupted at once"]


@pytest.mark.parametrize(("state", "anew"), [("running", False), *product(STATES, (False, True))])
def test_who_would_begin_a_crawl_is_known_before(crew: Crew, state: str, anew: bool) -> None:  # noqa: FBT001
    if state == "complete":
        complete(crew)
    elif state == "interrupted":
        interrupt(crew)
    elif state != "none":
        other = crew.queue()
        other.join(THEIRS)
        if state == "interrupted at once":
            other.leave()
    foreseen = begins_anew(crew.server, crew.keys, anew=anew)
    assert foreseen == (crew.queue().join(anew=anew)[0] == "anew")


@pytest.mark.parametrize("kept_for_the_end", [False, True])
def test_work_that_nobody_is_at_is_resumed_with_all_that_was_found(crew: Crew, kept_for_the_end: bool) -> None:  # noqa: FBT001
    queue = crew.join()
    push(queue, link("a", last=kept_for_the_end))
    tell(queue, records=["r"])
    crew.server.hset(crew.keys.feeds, "machine:videos.jsonl", "7")
    queue.leave()
    assert [crew.queue().join() for _ in range(2)] == [("resumed", 1), ("joined", 1)]
    assert crew.server.smembers(crew.keys.recorded) == {b"r"}
    assert crew.server.hgetall(crew.keys.feeds) == {b"machine:videos.jsonl": b"7"}


def test_after_a_finished_crawl_nothing_that_it_found_is_known(crew: Crew) -> None:
    complete(crew)
    for name in LEDGER:
        crew.server.set(getattr(crew.keys, name), "old")
    crew.server.rpush(crew.keys.start_urls, "https://site.example")
    assert crew.queue().join(OURS) == ("anew", 0)
    assert [name for name in LEDGER if crew.server.exists(getattr(crew.keys, name))] == []
    assert crew.control("seeds") == OURS
    assert crew.server.lrange(crew.keys.start_urls, 0, -1) == [b"https://site.example"], "they are the new crawl's"


def test_an_interrupted_crawl_that_is_dropped_leaves_nothing(crew: Crew) -> None:
    interrupt(crew)
    crew.server.sadd(crew.keys.recorded, "r")
    assert crew.queue().join(OURS, anew=True) == ("anew", 0)
    assert (crew.left(), crew.server.exists(crew.keys.recorded)) == (0, 0)


def test_a_crawl_is_not_dropped_before_the_lease_of_who_may_be_dead_has_ended(crew: Crew) -> None:
    """A machine lost its power: nobody called since, so that the time in between was nobody's."""
    dead, queue = at_work(crew), crew.queue(lease_ttl_ms=60_000)
    crew.pass_ms(40_000)
    with acting_on_log(queues.logger, lambda: crew.let_lapse(dead)) as said:
        assert queue.join(OURS, anew=True) == ("anew", 0)
    assert (crew.control("seeds"), queue.workers()) == (OURS, [queue.worker])
    assert "".join(said) == (
        "Instances of videos were at the crawl that is to be dropped: waiting until they give a sign of life, or "
        "60 s, after which they count as dead"
    )


@pytest.mark.parametrize("seeds", [THEIRS, ""])
def test_a_crawl_that_is_to_be_dropped_is_joined_where_its_workers_live(crew: Crew, seeds: str) -> None:
    living, queue = at_work(crew), crew.queue(lease_ttl_ms=60_000)
    with acting_on_log(queues.logger, living.beat):
        assert queue.join(seeds, anew=True) == ("joined", 1)
    assert list(take(queue)) == ["a"]


def test_a_crawl_with_other_seeds_is_not_dropped_where_its_workers_live(crew: Crew) -> None:
    living, queue = at_work(crew), crew.queue(lease_ttl_ms=60_000)
    with (
        acting_on_log(queues.logger, living.beat),
        pytest.raises(OtherCrawl, match=f"is running here, with {THEIRS}: join it by"),
    ):
        queue.join(OURS, anew=True)
    assert (crew.control("seeds"), living.workers()) == (THEIRS, [living.worker])


def test_who_was_seen_to_live_and_has_left_meanwhile_does_not_keep_a_crawl_from_being_dropped(crew: Crew) -> None:
    interrupt(crew)
    assert crew.queue().enter("new", OURS, "beside") == [b"anew", b"new", 0]


def test_a_crawl_that_ends_is_waited_for_by_who_would_drop_it(crew: Crew) -> None:
    last, queue = crew.join(), crew.queue()
    assert vote(last) == ["finished"]
    assert queue.enter("new", OURS, "anew")[0] == b"ending"
    last.leave()
    assert queue.join(OURS, anew=True) == ("anew", 0)


@pytest.mark.parametrize("read", [False, True])
def test_who_comes_with_other_seeds_at_the_same_time_changes_nothing(crew: Crew, read: bool) -> None:  # noqa: FBT001
    """Both have looked before either has joined."""
    queue, other = crew.queue(), crew.queue()
    assert (in_the_way(crew, THEIRS), in_the_way(crew, OURS)) == (None, None)
    queue.join(THEIRS)
    tell(queue, started=read, reads_seeds=read)
    with pytest.raises(OtherCrawl, match=f"Another crawl of videos is running here, with {THEIRS}: "):
        other.join(OURS)
    assert (crew.control("seeds"), queue.workers()) == (THEIRS, [queue.worker])
    assert vote(queue) == (["finished"] if read else ["working"])


def test_who_comes_with_other_seeds_when_all_have_left_changes_nothing(crew: Crew) -> None:
    interrupt(crew, pending=2)
    with pytest.raises(OtherCrawl, match=f"was interrupted here, with {THEIRS} and 2 requests pending: go on"):
        crew.queue().join(OURS)
    assert (crew.control("seeds"), crew.queue().workers()) == (THEIRS, [])


def test_each_spider_has_a_crawl_of_its_own(crew: Crew, valkey: str) -> None:
    queue = crew.join()
    push(queue, "a")
    with crew_at(valkey, "users") as users:
        other = users.queue()
        assert other.join() == ("anew", 0)
        tell(other, started=True)
        assert vote(other) == ["finished"]
    assert vote(queue) == ["working"]
    assert crew.left() == 1


def test_a_finished_crawl_keeps_its_numbers_until_the_next_one_begins(crew: Crew) -> None:
    complete(crew)
    assert [crew.control(name) for name in ("sequence", "done", "dead", "finished")] == ["1", "1", "0", "1"]
