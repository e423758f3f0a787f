from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawler.fleet.sizing import SETTLE_S, SHRINK_S, Situation, Sizer, Verdict

BUSY = Situation(at_s=0, running=1, pending=10_000, ready=3, cpu_share=0.5, spare_cores=3.0, cores=4)
WAITING = replace(BUSY, ready=0, cpu_share=0.05)


def verdicts(sizer: Sizer, now: Situation, seconds: float) -> Iterator[Verdict]:
    """Yield what is decided while things stay as they are, a second at a time; what is decided is done."""
    running, start = now.running, sizer.seen[-1].at_s if sizer.seen else 0
    for second in range(1, int(seconds) + 1):
        verdict = sizer.decide(replace(now, at_s=start + second, running=running))
        if verdict is not None:
            running = verdict.size
            yield verdict


def sizes(sizer: Sizer, now: Situation, seconds: float) -> list[int]:
    return [verdict.size for verdict in verdicts(sizer, now, seconds)]


def test_nothing_is_decided_before_it_was_looked_at_for_some_time() -> None:
    assert sizes(Sizer(), BUSY, SETTLE_S) == []


def test_where_hosts_wait_for_an_instance_there_are_more_of_them_until_no_core_is_left() -> None:
    grown = sizes(Sizer(), BUSY, 60)
    assert grown[0] == 2
    assert max(grown) > 4
    assert max(sizes(Sizer(), replace(BUSY, spare_cores=0.4), 60)) == 1


def test_the_reason_names_the_numbers() -> None:
    first = next(verdicts(Sizer(), BUSY, 60))
    assert first.why == "3 hosts could be asked and wait; one uses 0.50 of a core, 3.0 of 4 are free"
    sizer = Sizer()
    list(verdicts(sizer, BUSY, SETTLE_S))
    assert next(verdicts(sizer, replace(BUSY, ready=0), 1)).why.startswith("3 hosts could be asked")
    no_core = next(verdicts(Sizer(), replace(BUSY, ready=1, spare_cores=0.1), 60))
    assert no_core.why.startswith("1 host could be asked and waits, but there is no core for one more")


def test_where_only_the_hosts_pace_is_waited_for_more_do_not_help() -> None:
    found = list(verdicts(Sizer(), WAITING, 60))
    assert {(verdict.size, verdict.kind) for verdict in found} == {(1, "pace")}
    assert found[0].why == "what is pending waits for the pace of its hosts"


def test_a_host_that_waits_now_and_then_is_no_reason() -> None:
    sizer = Sizer()
    for second in range(60):
        verdict = sizer.decide(replace(BUSY, at_s=second, ready=second % 2))
        assert verdict is None or verdict.size == 1


def test_few_pending_requests_are_not_worth_another_start() -> None:
    found = list(verdicts(Sizer(), replace(BUSY, pending=40), 60))
    assert {verdict.size for verdict in found} == {1}
    assert found[0].why == "only 40 requests pending"


def test_where_fewer_suffice_one_after_the_other_is_taken_away() -> None:
    found = sizes(Sizer(), replace(WAITING, running=3), 3 * SHRINK_S)
    assert found[-1] == 1
    assert set(found) == {3, 2, 1}


def test_what_the_rest_could_not_do_is_not_laid_upon_them() -> None:
    found = list(verdicts(Sizer(), replace(WAITING, running=2, cpu_share=0.6), 3 * SHRINK_S))
    assert {verdict.size for verdict in found} == {2}
    assert found[-1].why.endswith("and one less would use 1.20 of a core")


def test_one_that_was_taken_away_and_missed_is_not_taken_away_again_so_soon() -> None:
    sizer = Sizer()
    assert sizes(sizer, replace(WAITING, running=2), SHRINK_S + SETTLE_S)[-1] == 1
    assert sizes(sizer, BUSY, 3 * SETTLE_S)[-1] > 1
    assert sizer.shrink_after_s == pytest.approx(2 * SHRINK_S)
    assert set(sizes(sizer, replace(WAITING, running=2), SHRINK_S)) == {2}


def test_a_paused_crawl_changes_nothing_nor_does_its_first_time_after_that() -> None:
    sizer = Sizer()
    found = list(verdicts(sizer, replace(BUSY, paused=True), 60))
    assert {(verdict.size, verdict.why) for verdict in found} == {(1, "the crawl is paused")}
    assert sizes(sizer, BUSY, SETTLE_S - 1) == []
    assert max(sizes(sizer, BUSY, 60)) > 1


def test_what_was_not_measured_yet_decides_nothing() -> None:
    assert sizes(Sizer(), replace(BUSY, cpu_share=None), 60) == []
    assert sizes(Sizer(), replace(BUSY, running=0), 60) == []
