from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.queues import Crew, crash, crew_at, tell


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def test_a_record_is_written_by_who_asks_first(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert one.claim(["r", "s"]) == [True, True]
    assert two.claim(["r", "s", "t"]) == [False, False, True]


def test_who_asks_again_is_told_the_same(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    assert [one.claim(["r"]) for _ in range(3)] == [[True]] * 3
    assert [two.claim(["r"]) for _ in range(3)] == [[False]] * 3


def test_what_is_in_a_feed_is_written_by_nobody_again(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    one.claim(["r"])
    tell(one, records=["r"])
    assert (one.claim(["r"]), two.claim(["r"])) == ([False], [False])
    assert crew.server.hlen(crew.keys.claims) == 0


@pytest.mark.parametrize("how", ["dies", "leaves"])
def test_what_was_not_written_by_who_asked_first_can_be_written_by_others(crew: Crew, how: str) -> None:
    one, two = crew.join(), crew.join()
    one.claim(["written", "not written"])
    tell(one, records=["written"])
    if how == "dies":
        crash(crew, one, two)
    else:
        one.leave()
    assert two.claim(["written", "not written"]) == [False, True]
    one.join()
    assert one.claim(["not written"]) == [False]


def test_who_comes_back_under_another_name_asks_anew(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    one.claim(["r"])
    crash(crew, one, two)
    one.join()
    assert one.claim(["r"]) == [True]


def test_who_does_not_write_a_record_after_all_leaves_it_to_others(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    one.claim(["r"])
    assert two.call("unclaim", two.worker, "r") == 0, "it is not theirs to give up"
    assert two.claim(["r"]) == [False]
    assert one.call("unclaim", one.worker, "r") == 1
    assert two.claim(["r"]) == [True]


def test_who_may_not_write_a_record_is_told_why(crew: Crew) -> None:
    one, two = crew.join(), crew.join()
    one.claim(["written", "not yet"])
    tell(one, records=["written"])
    assert two.call("claim", two.worker, "written", "not yet", "free") == [b"recorded", b"others", b"ours"]


def test_the_two_spiders_write_their_own_records(crew: Crew, valkey: str) -> None:
    assert crew.join().claim(["r"]) == [True]
    with crew_at(valkey, "users") as others:
        assert others.join().claim(["r"]) == [True]


def test_a_new_crawl_writes_all_records_again(crew: Crew) -> None:
    one = crew.join()
    one.claim(["r", "s"])
    tell(one, records=["r"], ready=True)
    one.leave()
    two = crew.join()
    assert two.claim(["r", "s"]) == [True, True]
