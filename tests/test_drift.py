from __future__ import annotations

import json
from typing import Any

import pytest

from crawler.drift.counts import PAGE, RECORD, Counts, Group, filled_in, watched
from crawler.drift.tally import Tally
from crawler.drift.verdict import CONFIRMED, Drift, Fall, State, drift_of, is_comparable, learnt
from crawler.drift.words import drift_json, sentences
from crawler.items import User, Video

VIDEOS = Group("video", "peertube")
LEAST = 20
URL = "https://site.example/v/1"


def video(**fields: Any) -> Video:
    fixed: dict[str, Any] = {"site": "peertube", "id": "1", "url": URL, "fetched_at": "t", "fetched_from": URL}
    return Video(**({"title": "T"} | fixed | fields))


def counts(n: int, **filled: int) -> Counts:
    return Counts(n, {name: float(number) for name, number in filled.items()}, URL)


def fallen(now: Counts, before: Counts, group: Group = VIDEOS) -> list[str]:
    drift = drift_of(group, now, before, LEAST)
    return [fall.name for fall in drift.falls] if drift else []


# --- what is counted ---


def test_nothing_that_a_site_says_is_empty() -> None:
    one = video(view_count=0, is_family_friendly=False, description="", tags=[], categories=["Art"], license=None)
    assert filled_in(one) == ["title", "view_count", "categories", "is_family_friendly"]


def test_what_no_page_fills_is_not_watched() -> None:
    for kind in ("user", "video"):
        assert not {"kind", "site", "id", "url", "fetched_at", "seed_meta", "changed"} & set(watched(kind))
    assert "description" in watched("user")
    assert watched("playlist") == ()


def test_a_platform_is_one_site_and_of_any_site_each_host_is_one() -> None:
    there = "https://One.example/v/1"
    assert Group.of("video", "peertube", there) == Group.of("video", "peertube", URL) == VIDEOS
    assert Group.of("video", "schema.org", there) == Group("video", "schema.org", "one.example")
    assert Group.unpack(VIDEOS.pack()) == VIDEOS


def test_a_refused_page_counts_among_what_was_read() -> None:
    tally = Tally()
    tally.read(video())
    tally.refuse("peertube", f"{URL}/refused")
    batch = tally.take()
    assert batch is not None
    assert batch.counts[VIDEOS] == Counts(1, {"title": 1}, URL)
    assert batch.counts[Group(PAGE, "peertube")] == Counts(2, {RECORD: 1}, f"{URL}/refused")


def test_what_was_counted_is_told_once_and_again_until_it_is_known_to_be() -> None:
    tally = Tally()
    assert tally.take() is None
    tally.read(video())
    first = tally.take()
    assert first is not None
    tally.read(video())
    assert tally.take() == first
    tally.told(first)
    second = tally.take()
    assert second is not None
    assert second.number == first.number + 1
    tally.told(first)
    assert tally.take() == second
    tally.told(second)
    assert tally.take() is None


def test_a_user_is_told_apart_from_a_video() -> None:
    tally = Tally()
    tally.read(User(site="peertube", id="a", url=URL, fetched_at="t", fetched_from=URL, name="A"))
    batch = tally.take()
    assert batch is not None
    assert batch.counts[Group("user", "peertube")].filled == {"name": 1}


# --- what is drift ---


@pytest.mark.parametrize(
    ("now", "before", "names"),
    [
        (counts(100, tags=0), counts(100, tags=90), ["tags"]),
        (counts(100, tags=44), counts(100, tags=90), ["tags"]),
        (counts(100, tags=45), counts(100, tags=90), []),
        (counts(100, tags=0), counts(100, tags=49), []),
        (counts(100, tags=0, duration=1), counts(100, tags=80, duration=50), ["duration", "tags"]),
        (counts(19), counts(100, tags=90), []),
        (counts(99), counts(1000, tags=900), []),
        (counts(100), counts(1000, tags=900), ["tags"]),
        (counts(5000), counts(19, tags=19), []),
        (counts(100), Counts(), []),
        (counts(100), counts(100, gone_from_the_record=90), []),
    ],
    ids=lambda value: f"{value.n:.0f} {value.filled}" if isinstance(value, Counts) else str(value),
)
def test_a_field_has_fallen_where_it_was_usual_and_has_lost_half_of_its_share(
    now: Counts, before: Counts, names: list[str]
) -> None:
    assert fallen(now, before) == names


def test_pages_that_are_refused_of_a_sudden_are_drift() -> None:
    assert fallen(counts(100, record=20), counts(100, record=97), Group(PAGE, "peertube")) == [RECORD]


def test_too_few_readings_are_not_compared() -> None:
    assert not is_comparable(counts(LEAST - 1), counts(100), LEAST)
    assert not is_comparable(counts(100), counts(LEAST - 1), LEAST)
    assert is_comparable(counts(LEAST), counts(100), LEAST)


# --- what is learnt ---


def test_the_older_a_crawl_is_the_less_it_weighs() -> None:
    state = State(counts(100, tags=100))
    for _ in range(2):
        state = learnt(VIDEOS, counts(200, tags=120), state, LEAST)
    assert state.usual == Counts(175, {"tags": 115}, URL)


def test_a_crawl_that_drifts_leaves_what_is_usual_until_it_is_confirmed() -> None:
    usual, poor = counts(100, tags=90), counts(90, tags=1)
    state = State(usual)
    for unlike in range(1, CONFIRMED):
        state = learnt(VIDEOS, poor, state, LEAST)
        assert (state.usual, state.unlike) == (usual, unlike)
        assert state.drift is not None
    state = learnt(VIDEOS, poor, state, LEAST)
    assert (state.usual, state.unlike) == (poor, 0)
    assert state.drift is not None
    assert learnt(VIDEOS, poor, state, LEAST).drift is None


def test_a_site_that_is_mended_in_time_is_as_it_was() -> None:
    usual = counts(100, tags=90)
    drifted = learnt(VIDEOS, counts(100), State(usual), LEAST)
    assert learnt(VIDEOS, usual, drifted, LEAST) == State(usual)


def test_a_crawl_that_is_much_smaller_leaves_what_is_usual_alone() -> None:
    usual = counts(1000, tags=900)
    state = learnt(VIDEOS, counts(30, tags=0), State(usual), LEAST)
    assert (state.usual, state.drift) == (usual, None)


# --- how it is said ---


def test_a_site_is_one_sentence_that_names_fields_shares_and_the_remedy() -> None:
    drifts = [
        Drift(group=VIDEOS, n=1200, falls=[Fall("tags", 0.011, 0.9), Fall("duration", 0.2, 1.0)], url=URL),
        Drift(group=Group(PAGE, "peertube"), n=1500, falls=[Fall(RECORD, 0.1, 0.97)], url=f"{URL}?a=1&b=2"),
    ]
    (sentence,) = sentences(drifts)
    assert sentence == (
        "The pages of peertube seem to have changed (of 1,500 readings 10 % are records, formerly 97 %; of 1,200 "
        "videos: tags is filled in 1 %, formerly in 90 %, duration is filled in 20 %, formerly in 100 %): look at one "
        "(scrapy explain 'https://site.example/v/1?a=1&b=2'), and mend crawler/pages/peertube."
    )


def test_sites_of_any_kind_are_named_by_their_hosts() -> None:
    falls = [Fall(name, 0.0, 1.0) for name in watched("video")[:11]]
    drifts = [Drift(group=Group("video", "schema.org", host), n=20, falls=falls) for host in ("b.example", "a.example")]
    first, second = sentences(drifts)
    assert first.startswith("The pages of a.example ")
    assert second.startswith("The pages of b.example ")
    assert "3 more fields have fallen" in first
    assert "crawler/pages/structured" in first


def test_programs_get_a_row_a_field() -> None:
    drift = Drift(group=VIDEOS, n=1200, falls=[Fall("tags", 0.01, 0.9)], url=URL)
    assert json.loads(json.dumps(drift_json(drift))) == [
        {
            "kind": "video",
            "site": "peertube",
            "host": None,
            "field": "tags",
            "share": 0.01,
            "former_share": 0.9,
            "readings": 1200,
            "url": URL,
        }
    ]
