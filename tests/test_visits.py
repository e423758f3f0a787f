from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.freshness.policy import AUTO, Bounds, History
from crawler.freshness.readings import Reading, age_s_of, counts_of, digests_of
from crawler.freshness.visits import PageState, Visit
from crawler.frontier.prefetch import Leased
from crawler.frontier.queue import Revisit
from crawler.frontier.revisits import MOST_BYTES, shown_in, validators, visit_again
from crawler.items import Video

HOUR_S = 3600.0
VIDEO = Video(
    site="site", id="1", url="https://s/1", fetched_at="2026-01-02T00:00:00Z", fetched_from="https://s/1", title="One"
)
STATE = PageState(
    visits=3,
    whole=2,
    failed=True,
    at_s=1000,
    planned_s=60,
    history=History(changes=1.5, watched_s=90, guess=0.75),
    age_s=50,
    links="12ab",
    validators={"etag": '"e"'},
)


def payload(**fields: Any) -> bytes:
    return json.dumps({"v": 1, "u": "https://s/1", "s": "s", **fields}).encode()


def leased() -> Leased:
    return Leased("1", payload(), 0.0, 0)


@pytest.mark.parametrize("state", [STATE, PageState()])
def test_what_visits_have_shown_comes_back_from_the_payload(state: PageState) -> None:
    assert PageState.unpack(shown_in(visit_again(payload(), state.pack(), {}))) == state


def test_the_next_visit_is_a_page_like_others_that_was_never_tried() -> None:
    before = payload(
        l=1,
        x="key",
        p=2,
        h=[["Accept", "a"], ["If-None-Match", "old"]],
        t={"crawl": {"kind": "user"}, "retry_times": 3},
    )
    fields = json.loads(visit_again(before, {}, {"etag": "new", "last-modified": "then"}))
    assert fields["h"] == [["Accept", "a"], ["If-None-Match", "new"], ["If-Modified-Since", "then"]]
    assert fields["t"] == {"crawl": {"kind": "user"}, "visit": {}, "handle_httpstatus_list": [304]}
    assert fields["p"] == 2
    assert not {"l", "x"} & fields.keys()


def test_an_answer_without_validators_is_asked_for_whole() -> None:
    assert "h" not in json.loads(visit_again(payload(h=[["If-None-Match", "old"]]), {}, {}))
    assert validators({"etag": "e" * (MOST_BYTES + 1), "last-modified": ""}) == {}


def test_a_visit_of_a_page_that_fails_keeps_what_was_known_and_comes_later_and_later() -> None:
    visit = Visit(1, replace(STATE, planned_s=2 * HOUR_S, failed=False), AUTO, Bounds())
    visit.failed = True
    after = visit.after(now_s=5000)
    assert (after.failed, after.whole, after.history) == (True, STATE.whole, STATE.history)
    assert after.planned_s == 4 * HOUR_S
    assert after.validators == STATE.validators


def test_a_visit_counts_for_the_time_that_has_passed_or_was_planned() -> None:
    late = Visit(1, replace(STATE, history=History()), AUTO, Bounds())
    assert late.after(now_s=STATE.at_s + 500).history.watched_s == 500
    assert late.after(now_s=STATE.at_s - 500).history.watched_s == STATE.planned_s


def test_a_fixed_interval_is_kept_whatever_a_visit_shows() -> None:
    visit = Visit(1, STATE, 60.0, Bounds())
    visit.changed = visit.read = True
    told = visit.told(leased())
    assert isinstance(told, Revisit)
    assert told.due_in_ms == 60_000
    visit.is_last = True
    assert visit.told(leased()) is None


def test_a_reading_names_the_fields_that_are_other_than_they_were() -> None:
    video = replace(VIDEO, view_count=1, tags=["a"])
    reading = Reading.unpack(Reading("7", 1, digests_of(video)).pack())
    assert reading.changed(digests_of(replace(video, fetched_at="2027-01-01T00:00:00Z", fetched_from="x"))) == []
    later = replace(video, view_count=None, tags=["a", "b"], like_count=0)
    assert reading.changed(digests_of(later)) == ["like_count", "tags", "view_count"]


def test_the_counts_of_a_record_are_those_that_it_has() -> None:
    assert counts_of(replace(VIDEO, view_count=0, like_count=3)) == {"view_count": 0, "like_count": 3}


@pytest.mark.parametrize(
    ("published", "age_s"),
    [("2026-01-01T00:00:00Z", 86_400.0), ("2026-02-01T00:00:00Z", 0.0), (None, None), ("no date", None)],
)
def test_the_age_of_a_record_is_that_of_what_it_tells_of(published: str | None, age_s: float | None) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert age_s_of(replace(VIDEO, published_at=published), now) == age_s
