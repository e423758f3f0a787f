"""Pages of TikTok, TED and Twitch: what fixtures alone do not show."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import NotARecord
from crawler.items import ADAPTERS, Video
from crawler.pages import page_for
from crawler.pages.base import Response
from crawler.pages.embedded import script
from crawler.pages.tiktok.numbers import counted

ID = "7000000000000000001"
VIDEO = f"https://www.tiktok.com/@ada/video/{ID}"
RECORDINGS = Path(__file__).resolve().parent.parent.parent / "shared" / "pages"
KNOWN: dict[str, tuple[str, dict[str, Any]]] = {
    "tiktok/watch_a3noticias_6806030056956251397_2021.html": (
        "https://www.tiktok.com/@a3noticias/video/6806030056956251397",
        {
            "id": "6806030056956251397",
            "published_at": "2020-03-19T21:12:41Z",
            "duration": 29,
            "view_count": 260_000,
            "comment_count": 343,
            "approximate": ["view_count", "like_count", "channel_follower_count"],
            "uploader_id": "6746247246012892166",
            "width": 480,
            "height": 848,
        },
    ),
    "tiktok/oembed_a3noticias.json": (
        "https://www.tiktok.com/oembed?...",
        {"id": "6806030056956251397", "uploader_url": "https://www.tiktok.com/@a3noticias", "width": None},
    ),
    "ted/talk_george_monbiot.html": (
        "https://www.ted.com/talks/george_monbiot_for_more_wonder_rewild_the_world",
        {
            "id": "1816",
            "published_at": "2013-09-09T15:14:58Z",
            "duration": 896,
            "view_count": 1_270_832,
            "uploader": "George Monbiot",
            "uploader_id": "george_monbiot",
            "language": "en",
        },
    ),
    "ted/oembed_george_monbiot.json": (
        "https://www.ted.com/services/v1/oembed.json?...",
        {"title": "For more wonder, rewild the world", "uploader": "George Monbiot", "duration": None},
    ),
}


def universal(detail: object) -> bytes:
    """Return a page of TikTok with an answer in it."""
    state = json.dumps({"__DEFAULT_SCOPE__": {"webapp.video-detail": detail}})
    return f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{state}</script>'.encode()


@pytest.mark.parametrize(
    ("stats", "exact", "expected"),
    [
        (12_000, None, (12_000, True)),
        (12_000, "12345", (12_345, False)),
        (427_700, "427700", (427_700, True)),
        (1_200_000, None, (1_200_000, True)),
        (1_230_000, None, (1_230_000, False)),
        (9_900, None, (9_900, False)),
        (0, None, (0, False)),
        (-1_794_967_296, "2500000000", (2_500_000_000, True)),
        (1_505_032_704, "5800000000", (5_800_000_000, True)),
        (1_505_032_704, None, None),
        (1_505_032_705, None, (1_505_032_705, False)),
        (5_800_000_000, None, (5_800_000_000, True)),
        (-1, None, None),
        (None, None, None),
        ("many", True, None),
    ],
)
def test_a_count_is_exact_where_the_page_tells_it_so(stats: Any, exact: Any, expected: tuple[int, bool] | None) -> None:
    holder = {"stats": {"playCount": stats}, "statsV2": {"playCount": exact}}
    assert counted(holder, "stats", "playCount") == expected


@pytest.mark.parametrize(
    ("code", "reason"),
    [(10204, "unavailable"), (10216, "private"), (10222, "private"), (10221, "not_found"), (99_999, "unavailable")],
)
def test_a_status_of_tiktok_is_a_reason(code: int, reason: str) -> None:
    page = page_for(Response(VIDEO, universal({"statusCode": code})))
    with pytest.raises(NotARecord) as refusal:
        list(page.records())
    assert refusal.value.reason == reason
    assert str(code) in str(refusal.value)


def test_a_hashtag_is_one_however_it_is_written() -> None:
    told = {"challenges": [{"title": "kites"}], "textExtra": [{"hashtagName": "wind"}, {"hashtagName": "Kites"}]}
    item = {"id": ID, "desc": "Kites", "video": {"duration": 5}, **told}
    (found,) = page_for(Response(VIDEO, universal({"itemInfo": {"itemStruct": item}}))).records()
    assert isinstance(found, Video)
    assert found.tags == ["kites", "wind"]


def test_a_video_of_2019_of_whose_hashtags_nothing_is_told_is_not_said_to_have_none() -> None:
    video = {"itemInfos": {"id": ID, "text": "Kites", "video": {"videoMeta": {"duration": 5}}}}
    state = json.dumps({"props": {"pageProps": {"videoData": video}}})
    page = page_for(Response(VIDEO, f'<script id="__NEXT_DATA__" type="application/json">{state}</script>'.encode()))
    (found,) = page.records()
    assert isinstance(found, Video)
    assert found.tags is None


def test_a_video_with_another_status_is_read_all_the_same() -> None:
    item = {"id": ID, "desc": "Kites", "video": {"duration": 5}}
    (record,) = page_for(Response(VIDEO, universal({"statusCode": 10204, "itemInfo": {"itemStruct": item}}))).records()
    assert record.id == ID


@pytest.mark.parametrize(
    ("status", "told", "availability"),
    [(0, {}, "public"), (0, {"takeDown": 0}, "public"), (0, {"takeDown": 1}, None), (10204, {}, None)],
)
def test_a_video_is_public_where_nothing_speaks_against_it(
    status: int, told: dict[str, int], availability: str | None
) -> None:
    item = {"id": ID, "desc": "Kites", "video": {"duration": 5}, "privateItem": False, **told}
    page = page_for(Response(VIDEO, universal({"statusCode": status, "itemInfo": {"itemStruct": item}})))
    (found,) = page.records()
    assert isinstance(found, Video)
    assert found.availability == availability


def test_a_script_is_found_by_its_id_alone() -> None:
    others = '<p>"STATE"</p><link id="STATE"><script>x = "STATE" > {"a": 0}</script>'
    source = f'{others}<script type=x id=STATE> {{"a": 1}}</script>'
    assert script(source, "STATE") == {"a": 1}
    assert script(source, "OTHER") == {}
    assert script('<script id="STATE">{"a": </script><script id="STATE">{"a": 2}</script>', "STATE") == {"a": 2}


def test_a_talk_whose_state_lacks_its_number_is_told_by_json_ld() -> None:
    subject = json.dumps({"@type": "VideoObject", "name": "Why kites fly", "duration": "PT14M"})
    state = json.dumps({"props": {"pageProps": {"videoData": {"title": "Why kites fly"}}}})
    scripts = f'<script type="application/ld+json">{subject}</script><script id="__NEXT_DATA__">{state}</script>'
    page = page_for(
        Response("https://www.ted.com/talks/ada_kite_why", f"<title>Why kites fly</title>{scripts}".encode())
    )
    (record,) = page.records()
    assert (record.id, page.sources(record)["duration"]) == ("ada_kite_why", "JSON-LD")


@pytest.mark.skipif(not RECORDINGS.exists(), reason="no recordings beside the project")
@pytest.mark.parametrize("name", KNOWN)
def test_a_recording_is_read_as_it_says(name: str) -> None:
    url, fields = KNOWN[name]
    kind = "application/json" if name.endswith(".json") else "text/html"
    body = (RECORDINGS / name).read_bytes()
    (record,) = page_for(
        Response(url, body, headers={"content-type": kind}, fetched_at="2026-01-01T00:00:00Z")
    ).records()
    found = asdict(ADAPTERS[type(record)].validate_python(asdict(record)))
    assert {key: found[key] for key in fields} == fields
