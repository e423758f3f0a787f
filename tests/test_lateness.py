from __future__ import annotations

import logging
from pathlib import Path
from time import time
from typing import Any

import pytest
from redis import Redis

from crawler.freshness.lateness import LATE_IN_A_ROW, Lateness, alarms_of_visits
from crawler.freshness.policy import AUTO
from crawler.freshness.visits import PageState
from crawler.frontier.keys import Keys
from crawler.frontier.survey import Host, survey
from tests.commands import answer
from tests.crawls import DEADLINE_S, lines, start
from tests.freshness import FEED, until
from tests.site import Catalogue, Quirks, running_site
from tests.test_alarms import crawl

HOUR_S = 3600.0


def state(late_s: float, every_s: float = HOUR_S) -> PageState:
    """A page whose visit is due since so long."""
    return PageState(visits=1, at_s=time() - every_s - late_s, planned_s=every_s)


def there_for_hours(every: float | str | None = HOUR_S) -> Lateness:
    lateness = Lateness(every, HOUR_S)
    lateness.began_s -= 10 * HOUR_S
    return lateness


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("every", [HOUR_S, AUTO])
def test_an_instance_says_once_that_visits_come_too_late(caplog: pytest.LogCaptureFixture, every: float | str) -> None:
    lateness = there_for_hours(every)
    for _ in range(LATE_IN_A_ROW - 1):
        lateness.note("s", state(0.6 * HOUR_S))
    assert warnings(caplog) == []
    for _ in range(3 * LATE_IN_A_ROW):
        lateness.note("s", state(0.6 * HOUR_S))
    (told,) = warnings(caplog)
    assert told.startswith("Pages are visited 0:36:00 after their time")
    assert ("REVISIT_LEAST_S" if every == AUTO else "pass a longer interval") in told


def test_single_visits_that_come_too_late_are_not_told(caplog: pytest.LogCaptureFixture) -> None:
    lateness = there_for_hours()
    for _ in range(3 * LATE_IN_A_ROW):
        lateness.note("s", state(HOUR_S))
        lateness.note("s", state(0))
        lateness.note("t", PageState())
    assert warnings(caplog) == []


def test_what_waited_while_nobody_was_there_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    lateness = Lateness(HOUR_S, HOUR_S)
    for _ in range(2 * LATE_IN_A_ROW):
        lateness.note("s", state(30 * HOUR_S))
    assert warnings(caplog) == []


@pytest.mark.parametrize(
    ("fields", "late_s", "is_told"),
    [
        pytest.param({"control": {"every": "30m"}}, 901, True, id="more than half of the interval"),
        pytest.param({"control": {"every": "30m"}}, 899, False, id="less than half of it"),
        pytest.param({"control": {"every": "auto"}}, 1801, True, id="more than half of the least interval"),
        pytest.param({"control": {"every": "auto"}}, 1799, False, id="less than half of that"),
        pytest.param({"control": {}}, 9_999, False, id="no interval was asked for"),
        pytest.param({"control": {"every": "30m"}, "workers": []}, 9_999, False, id="nobody is there"),
        pytest.param({"control": {"every": "3h"}}, 9_999, False, id="the instance is younger than that"),
    ],
)
def test_visits_that_come_too_late_are_an_alarm(fields: dict[str, Any], late_s: float, *, is_told: bool) -> None:
    found = crawl(hosts=[Host(slot="s", pending=9, visits=3, late_ms=1000 * late_s)], **fields)
    assert [alarm.kind for alarm in alarms_of_visits("videos", found, HOUR_S)] == ["late_visits"] * is_told


def test_with_an_interval_far_shorter_than_a_round_every_video_is_found(tmp_path: Path, valkey: str) -> None:
    with (
        running_site(Catalogue.generate(users=6, videos=12), Quirks(rate_limit=False)) as site,
        Redis.from_url(valkey) as server,
    ):
        keys = Keys("videos")
        given = (f"url={site.url}", "every=1s", f"REDIS_URL={valkey}", "DOWNLOAD_DELAY=0.15", "VITALS_INTERVAL_S=1")
        process = start("videos", tmp_path, *given, feed=FEED, option="-o")
        until(process, lambda: {one["id"] for one in lines(tmp_path / FEED)} >= set(site.truth.videos))
        until(process, lambda: (found := survey(server, keys)) is not None and found.late_s > 0.8)
        visits = int(server.hget(keys.control, "visits") or 0)
        until(process, lambda: int(server.hget(keys.control, "visits") or 0) > visits + 3 * LATE_IN_A_ROW)
        told = answer("status", "videos", "--quick", "-s", f"REDIS_URL={valkey}")
        process.terminate()
        _, log = process.communicate(timeout=DEADLINE_S)
    assert [alarm["kind"] for alarm in told["alarms"]] == ["late_visits"]
    assert told["crawls"][0]["visits_pending"] > 0
    assert log.count("after their time") == 1, log
