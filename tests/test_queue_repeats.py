from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn, cast

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from crawler.frontier.queue import Queue, Report, told_of
from tests.queues import Crew, crash, crew_at, finish, ids, link, pages, push, take, tell, vote


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def unanswered(queue: Queue, report: Report) -> None:
    """Send a STEP whose reply does not arrive."""
    queue.step(report)
    queue.steps -= 1


def pop_unanswered(queue: Queue, limit: int) -> None:
    """Send a POP whose reply does not arrive."""
    queue.pop(limit)
    queue.pops -= 1


def test_a_step_that_is_repeated_changes_nothing(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a", "b", "c", "d")
    in_hand = take(queue)
    report = Report(
        links=[link("e", filtered=False)],
        acks=[in_hand["a"]],
        dead=[(in_hand["b"], "no")],
        returned=[(in_hand["c"], True)],
        records=["r"],
    )
    unanswered(queue, report)
    told = queue.step(report)
    assert (told.state, told.left, told.new_links, told.stale_acks, told.redelivered) == ("ok", 3, 1, 0, 1)
    assert (crew.control("done"), crew.control("dead"), crew.control("sequence")) == ("1", "1", "5")
    assert push(queue, "f").left == 4


def test_a_pop_that_is_repeated_gives_the_same_requests_again(crew: Crew) -> None:
    queue, other = crew.join(), crew.join()
    push(queue, *"abcdef")
    pop_unanswered(queue, 3)
    assert pages(other.pop(1)) == ["d"]
    assert (pages(queue.pop(3)), pages(queue.pop(3))) == (["a", "b", "c"], ["e", "f"])


def test_a_pop_that_gave_nothing_gives_nothing_when_it_is_repeated(crew: Crew) -> None:
    queue = crew.join()
    pop_unanswered(queue, 3)
    push(crew.join(), "a")
    assert (pages(queue.pop(3)), pages(queue.pop(3))) == ([], ["a"])


def test_a_suspect_is_still_alone_when_its_reply_was_lost(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "killer")
    for _ in range(2):
        tell(queue, returned=[(take(queue)["killer"], True)])
    pop_unanswered(queue, 3)
    popped = queue.pop(3)
    assert (pages(popped), popped.alone) == (["killer"], True)


def test_seeds_of_other_programs_are_given_again_too(crew: Crew) -> None:
    queue = crew.join()
    crew.server.rpush(crew.keys.start_urls, "https://a.example")
    pop_unanswered(queue, 3)
    popped = queue.pop(3)
    assert len(popped.requests) == 1
    assert finish(queue, *ids(popped)).progress == "complete"


def test_steps_that_were_sent_together_can_be_repeated_together(crew: Crew) -> None:
    """The links of a page, where they are too many for one STEP, go out as several in one round trip."""
    queue = crew.join()
    reports = [Report(links=[link(page)]) for page in "abc"]

    def send() -> list[tuple[str, int]]:
        with crew.server.pipeline(transaction=False) as pipe:
            for number, report in enumerate(reports, queue.steps + 1):
                words = queue.command(*queue.step_words(number, report))
                pipe.execute_command(*words)  # type: ignore[no-untyped-call]
            return [(told.state, told.left) for told in map(told_of, pipe.execute())]

    assert send() == [("ok", 1), ("ok", 2), ("ok", 3)]
    assert send() == [("ok", 3)] * 3


def test_who_was_told_more_than_redis_knows_begins_again(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "a")
    in_hand = take(queue)
    queue.steps += 1
    assert finish(queue, in_hand["a"]).state == "regressed"
    assert (crew.left(), crew.control("done")) == (1, "0")
    queue.steps, queue.pops = queue.steps - 2, queue.pops + 1
    assert queue.pop(9) == ("regressed", "", None, False, [])


def test_a_redis_that_lost_what_it_was_told_last_loses_no_request(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "listing")
    in_hand = take(queue)
    saved = {key: crew.server.dump(key) or b"" for key in crew.names("{crawler}:*")}
    tell(queue, links=[link("a")], acks=list(in_hand.values()))
    finish(queue, *take(queue).values())
    crew.server.flushdb()
    for key, value in saved.items():
        crew.server.restore(key, 0, value)
    assert (queue.beat(), tell(queue).state, queue.pop(9).state) == ("ok", "regressed", "regressed")
    queue.leave()
    assert queue.join() == ("resumed", 1)
    assert list(take(queue)) == ["listing"]
    assert push(queue, "a").new_links == 1


def test_a_worker_that_comes_back_is_another_one(crew: Crew) -> None:
    queue = crew.queue()
    names = set()
    for _ in range(5):
        queue.join()
        names.add(queue.worker)
        assert (queue.steps, queue.pops) == (0, 0)
        push(queue, "a")
        queue.leave()
    assert len(names) == 5


def test_who_joins_with_a_lost_reply_is_told_the_same_and_counted_once(crew: Crew) -> None:
    """What a former crawl left in a file is dropped by who began anew: that must not get lost with a reply."""
    queue = crew.queue()
    answer, queue.call = queue.call, lambda *words: lost_reply(answer(*words))  # type: ignore[method-assign]
    with pytest.raises(RedisConnectionError):
        queue.join("url=https://site.example")
    queue.call = answer  # type: ignore[method-assign]
    assert queue.join("url=https://site.example") == ("anew", 0)
    assert queue.workers() == [queue.worker]
    tell(queue, started=True, reads_seeds=True)
    assert vote(queue) == ["finished"]


def test_a_join_that_is_sent_twice_is_one(crew: Crew) -> None:
    queue = crew.queue()
    words = queue.command("join", queue.worker, 15_000, "epoch", 5, "", 0)
    queue.call("join", "another", 15_000, "first", 5, "", 0)
    assert [execute(crew, words) for _ in range(2)] == [[b"joined", b"first", 0]] * 2
    assert crew.server.scard(crew.keys.starting) == 2


def test_whose_lease_ended_before_the_join_was_repeated_joins_like_any_other(crew: Crew) -> None:
    witness, queue = crew.join(), crew.queue()
    words = queue.command("join", queue.worker, 15_000, "epoch", 5, "", 0)
    execute(crew, words)
    crash(crew, queue, witness)
    assert execute(crew, words)[0] == b"joined"
    assert queue.worker in queue.workers()


def execute(crew: Crew, words: tuple[Any, ...]) -> list[Any]:
    return cast("list[Any]", crew.server.execute_command(*words))  # type: ignore[no-untyped-call]


def lost_reply(_: Any) -> NoReturn:
    raise RedisConnectionError("the reply is lost")
