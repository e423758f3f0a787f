from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from crawler.frontier.queue import LOOKAHEAD_MS
from tests.queues import SITE, Crew, crash, crew_at, finish, ids, link, pages, push, take, tell

MINUTE_MS = 60_000
BLOCKED_MS = 50
"""After so long a host whose cap is reached is looked at again."""
YEAR_MS = 365 * 86_400_000


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def test_what_a_dead_worker_had_in_hand_is_handed_out_again(crew: Crew) -> None:
    dead, living = crew.join(), crew.join()
    push(dead, "a", "b", "c")
    take(dead, 2)
    assert list(take(living)) == ["c"]
    crash(crew, dead, living)
    assert list(take(living)) == ["a", "b"]
    assert tell(living).redelivered == 2
    assert living.workers() == [living.worker]


def test_a_worker_whose_lease_has_ended_is_fenced(crew: Crew) -> None:
    slow, other = crew.join(), crew.join()
    push(slow, "a")
    in_hand = take(slow)
    crash(crew, slow, other)
    again = take(other)
    told = tell(slow, acks=list(in_hand.values()), links=[link("b")], records=["r"])
    assert (told.state, slow.pop(9).state, slow.beat()) == ("fenced", "fenced", "fenced")
    assert (crew.left(), crew.control("done"), crew.server.exists(crew.keys.recorded)) == (1, "0", 0)
    assert finish(other, *again.values()).progress == "complete"


def test_a_fenced_worker_that_joins_again_works_on(crew: Crew) -> None:
    slow, other = crew.join(), crew.join()
    push(slow, "a")
    take(slow)
    crash(crew, slow, other)
    slow.leave()
    assert slow.join() == ("joined", 1)
    assert list(take(slow)) == ["a"]


def test_who_is_late_but_was_not_missed_goes_on(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    in_hand = take(queue)
    crew.let_lapse(queue)
    assert finish(queue, *in_hand.values()).progress == "complete"


@pytest.mark.parametrize("verb", ["step", "pop", "beat"])
def test_every_sign_of_life_renews_the_lease(crew: Crew, verb: str) -> None:
    one, other = crew.join(lease_ttl_ms=10_000), crew.join(lease_ttl_ms=10_000)
    push(one, "a")
    in_hand = take(one)
    for _ in range(5):
        crew.pass_ms(4_000)
        _ = {"step": lambda: tell(one), "pop": lambda: one.pop(1), "beat": one.beat}[verb]()
    assert other.beat() == "fenced"
    assert finish(one, *in_hand.values()).stale_acks == 0


@pytest.mark.parametrize("passed_ms", [MINUTE_MS, 1000 * YEAR_MS, -1, -MINUTE_MS, -10 * YEAR_MS])
@pytest.mark.parametrize("verb", ["step", "pop", "beat", "join"])
def test_where_redis_was_away_or_its_clock_was_set_nobody_has_died(crew: Crew, verb: str, passed_ms: int) -> None:
    first, second = crew.join(), crew.join()
    push(first, "a", "b", "c")
    in_hand = {first: take(first, 1), second: take(second, 1)}
    crew.pass_ms(passed_ms)
    call: dict[str, Callable[[], object]] = {
        "step": lambda: tell(first),
        "pop": lambda: first.pop(1),
        "beat": first.beat,
        "join": crew.join,
    }
    call[verb]()
    for queue, requests in in_hand.items():
        assert finish(queue, *requests.values())[:1] == ("ok",)
    assert (crew.left(), crew.control("done"), crew.control("redelivered")) == (1, "2", "0")


@pytest.mark.parametrize("passed_ms", [MINUTE_MS, -MINUTE_MS])
def test_whom_redis_absence_spared_dies_a_lease_later_all_the_same(crew: Crew, passed_ms: int) -> None:
    dead, living = crew.join(lease_ttl_ms=10_000), crew.join(lease_ttl_ms=10_000)
    push(dead, "a")
    take(dead)
    crew.pass_ms(passed_ms)
    for _ in range(3):
        living.beat()
        crew.pass_ms(4_000)
    living.beat()
    assert list(take(living)) == ["a"]


def test_a_dead_worker_is_not_kept_alive_by_a_jump_of_the_clock_that_it_saw(crew: Crew) -> None:
    dead, living = crew.join(lease_ttl_ms=10_000), crew.join(lease_ttl_ms=10_000)
    push(dead, "a")
    take(dead)
    crew.pass_ms(60 * MINUTE_MS)
    dead.beat()
    for _ in range(3):
        living.beat()
        crew.pass_ms(4_000)
    living.beat()
    assert list(take(living)) == ["a"]


def test_a_request_that_kills_its_workers_becomes_a_dead_letter(crew: Crew) -> None:
    witness = crew.join()
    push(witness, "killer")
    for crashes in range(1, 6):
        victim = crew.join(max_deliveries=5)
        assert list(take(victim)) == ["killer"], crashes
        crash(crew, victim, witness)
    letter = crew.letters()["killer"]
    assert (letter["reason"], letter["deliveries"]) == ("was in hand at 5 crashes of its worker", 5)
    assert (crew.left(), crew.control("dead"), tell(witness).progress) == (0, "1", "complete")
    assert crew.server.hlen(crew.keys.deliveries) == 0


def test_the_first_crash_can_be_one_too_many(crew: Crew) -> None:
    witness, victim = crew.join(max_deliveries=1), crew.join(max_deliveries=1)
    push(victim, "a", "b")
    take(victim)
    crash(crew, victim, witness)
    assert sorted(crew.letters()) == ["a", "b"]


def test_who_was_in_hand_at_two_crashes_is_handed_out_alone_and_behind_all_others(crew: Crew) -> None:
    witness = crew.join()
    push(witness, "killer", "bystander")
    for _ in range(2):
        victim = crew.join()
        take(victim)
        crash(crew, victim, witness)
    push(witness, "new")
    queue = crew.join()
    others = queue.pop(9)
    assert (pages(others), others.alone, pages(queue.pop(9))) == (["new"], False, [])
    finish(queue, *ids(others))
    first = queue.pop(9)
    assert (pages(first), first.alone) == (["killer"], True)
    assert pages(queue.pop(9)) == []
    second = witness.pop(9)
    assert (pages(second), second.alone) == (["bystander"], True)


def test_only_who_had_the_killer_alone_is_hit_by_its_further_crashes(crew: Crew) -> None:
    witness = crew.join()
    push(witness, "killer", *(f"page {number}" for number in range(9)))
    for _ in range(9):
        victim = crew.join()
        if "killer" not in (in_hand := take(victim, 4)):
            finish(victim, *in_hand.values())
        crash(crew, victim, witness)
    while in_hand := take(witness):
        finish(witness, *in_hand.values())
    assert (list(crew.letters()), crew.control("done"), crew.left()) == (["killer"], "9", 0)


def test_a_suspect_whose_host_is_not_to_be_asked_is_in_nobody_elses_way(crew: Crew) -> None:
    queue = crew.join()
    push(queue, link("first", "held.example", priority=1), link("second", "free.example"))
    for _ in range(2):
        in_hand = [request for _ in range(2) for request in take(queue, 1).values()]
        tell(queue, returned=[(request, True) for request in in_hand])
    queue.call(*queue.hold_words("held.example", MINUTE_MS, slower=False))
    popped = queue.pop(9)
    assert (pages(popped), popped.alone) == (["second"], True)
    finish(queue, *ids(popped))
    assert (pages(queue.pop(9)), crew.letters()) == ([], {})
    crew.pass_ms(MINUTE_MS)
    assert list(take(queue)) == ["first"]


def test_an_acknowledged_request_is_no_suspect_any_more(crew: Crew) -> None:
    dead, living = crew.join(), crew.join()
    push(dead, "a")
    take(dead)
    crash(crew, dead, living)
    assert crew.server.hlen(crew.keys.deliveries) == 1
    finish(living, *take(living).values())
    assert crew.server.hlen(crew.keys.deliveries) == 0


def test_who_leaves_gives_back_without_a_crash(crew: Crew) -> None:
    first, second = crew.join(), crew.join()
    push(first, "a", link("b", last=True))
    take(first)
    assert first.leave() == 2
    assert (crew.server.hlen(crew.keys.deliveries), second.workers()) == (0, [second.worker])
    finish(second, *take(second).values())
    assert list(take(second)) == ["b"]
    assert first.leave() == 1


def test_the_host_of_a_dead_worker_is_free_for_others(crew: Crew) -> None:
    dead, living = crew.join(cap=1), crew.join(cap=1)
    push(dead, "a", "b")
    take(dead)
    assert take(living) == {}
    crash(crew, dead, living)
    crew.pass_ms(BLOCKED_MS + LOOKAHEAD_MS)
    assert list(take(living)) == ["a"]


@pytest.mark.parametrize("how", ["leaves", "dies"])
def test_what_is_given_back_before_the_clock_is_set_back_does_not_wait_for_that_time_again(
    crew: Crew, how: str
) -> None:
    leaver, queue = crew.join(), crew.join()
    push(leaver, "a")
    take(leaver)
    crew.pass_ms(60 * MINUTE_MS)
    if how == "leaves":
        leaver.leave()
    else:
        queue.call("bereave", leaver.worker)
    crew.pass_ms(-59 * MINUTE_MS)
    assert list(take(queue)) == ["a"]


JOIN_AND_TAKE = """
import sys
from redis import Redis
from crawler.frontier.keys import Keys
from crawler.frontier.queue import Queue
queue = Queue(Redis.from_url(sys.argv[1]), Keys("videos"))
queue.join()
print(queue.worker, len(queue.pop(9).requests), flush=True)
sys.stdin.read()
"""


def test_a_killed_process_of_this_machine_is_missed_at_once(crew: Crew, valkey: str) -> None:
    queue = crew.join()
    push(queue, "a", "b")
    with subprocess.Popen(  # noqa: S603 - a worker of our own
        [sys.executable, "-c", JOIN_AND_TAKE, valkey], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        worker, taken = process.stdout.readline().split()
        assert (int(taken), sorted(queue.workers())) == (2, sorted([worker, queue.worker]))
        assert (queue.bereave(), take(queue)) == (0, {})
        process.kill()
    assert (queue.bereave(), queue.workers()) == (1, [queue.worker])
    assert list(take(queue)) == ["a", "b"]
    assert (queue.bereave(), crew.server.hlen(crew.keys.deliveries)) == (0, 2)


def test_who_joins_does_not_wait_for_the_lease_of_a_killed_process(crew: Crew) -> None:
    ghost = crew.queue()
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    ghost.worker = ghost.worker.replace(f":{ghost.worker.split(':')[1]}:", f":{ended.pid}:")
    ghost.call("join", ghost.worker, 15_000, "epoch", 5, "", 0)
    ghost.epoch = "epoch"
    push(ghost, "a")
    take(ghost)
    queue = crew.queue()
    assert queue.join() == ("resumed", 1)
    assert list(take(queue)) == ["a"]


def test_workers_that_cannot_be_looked_at_are_left_to_their_leases(crew: Crew) -> None:
    queue = crew.join()
    for name in ("elsewhere-00000000:1:abcd", "strange", ""):
        queue.call("join", name, 15_000, "epoch", 5, "", 0)
    assert (queue.bereave(), len(queue.workers())) == (0, 4)


def test_flights_that_nobody_lands_do_not_keep_a_host_when_the_clock_was_set_back(crew: Crew) -> None:
    queue = crew.join(cap=1)
    push(queue, "a")
    queue.call(*queue.grant_words(SITE, "robots.txt"))
    assert take(queue) == {}
    crew.pass_ms(-60 * MINUTE_MS)
    assert list(take(queue)) == ["a"]
