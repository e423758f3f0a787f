"""nicovideo, Bilibili, Chzzk and SOOP: their addresses, and answers of any shape."""

from __future__ import annotations

import contextlib
import html
import json
from typing import Any

import pytest

from crawler.errors import NotARecord
from crawler.items import Record, User, Video
from crawler.pages import page_for
from crawler.pages.base import Link, Platform, Response
from crawler.pages.bilibili import BILIBILI
from crawler.pages.bilibili.urls import bvid_of
from crawler.pages.nicovideo import NICOVIDEO
from crawler.pages.soop import SOOP

DEEP = "[" * 100_000 + "]" * 100_000
ODD: tuple[Any, ...] = (None, True, -1, 10**30, 0.5, "", "…", [], {}, [[]], [{}], {"a": 1}, "\ud800")
VIDEO_OF_NICOVIDEO = {
    "video": {"id": "sm1", "title": "x", "count": {}, "thumbnail": {}, "rating": {}, "registeredAt": "x"},
    "owner": {"id": 1},
    "channel": {"id": "ch1"},
    "genre": {},
    "tag": {"items": [{}]},
    "payment": {"video": {}},
}
VIDEO_OF_BILIBILI = {
    "bvid": "BV17x411w7KC",
    "aid": 1,
    "title": "x",
    "pubdate": 1,
    "duration": 1,
    "pic": "//x",
    "desc": "x",
    "stat": {"view": 1},
    "owner": {"mid": 1},
    "dimension": {"width": 1, "height": 1},
    "tname": "x",
}
ANSWERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("https://www.nicovideo.jp/watch/sm1", {"data": {"response": VIDEO_OF_NICOVIDEO}}),
    ("https://www.nicovideo.jp/watch/sm1", {"video": {"id": "sm1", "title": "x", "viewCount": 1}, "tags": [{}]}),
    ("https://www.nicovideo.jp/watch/sm1", {"videoDetail": {"id": "sm1", "title": "x"}, "uploaderInfo": {}}),
    ("https://nvapi.nicovideo.jp/v1/users/1", {"data": {"user": {"id": 1, "nickname": "x", "sns": [{}]}}}),
    ("https://nvapi.nicovideo.jp/v1/users/1/videos", {"data": {"items": [{"id": "sm1"}], "totalCount": 1}}),
    ("https://public.api.nicovideo.jp/v1/channels.json", {"data": [{"id": 1, "name": "x", "detail": {"tags": []}}]}),
    ("https://api.bilibili.com/x/web-interface/view", {"code": 0, "data": VIDEO_OF_BILIBILI}),
    ("https://api.bilibili.com/x/web-interface/card", {"code": 0, "data": {"card": {"mid": "1", "name": "x"}}}),
    ("https://api.m.sooplive.co.kr/station/video/a/view", {"data": {"title_no": 1, "title": "x", "write_tm": "x"}}),
    ("https://chapi.sooplive.co.kr/api/name/station", {"station": {"user_id": "name", "display": {}, "upd": {}}}),
)


def start(platform: Platform, url: str) -> Link:
    """Return the one link where to begin."""
    (link,) = platform.start(url)
    return link


def read(url: str, body: str) -> None:
    """Read all of a page, which may be refused and nothing else."""
    page = page_for(Response(url, body.encode("utf-8", errors="surrogatepass")))
    with contextlib.suppress(NotARecord):
        list(page.records())
    list(page.links())
    list(page.members()) if page.listing() else None
    page.totals()


def only(url: str, answer: dict[str, Any]) -> Record:
    """Return the one record of an answer."""
    (record,) = page_for(Response(url, json.dumps(answer).encode())).records()
    return record


def altered(value: Any, odd: Any) -> list[Any]:
    """Return every version of a value in which one part is `odd`."""
    versions = [odd]
    if isinstance(value, dict):
        versions += [{**value, name: one} for name, part in value.items() for one in altered(part, odd)]
    if isinstance(value, list):
        versions += [
            [*value[:at], one, *value[at + 1 :]] for at in range(len(value)) for one in altered(value[at], odd)
        ]
    return versions


@pytest.mark.parametrize(
    ("url", "begins_at"),
    [
        ("https://nico.ms/sm9", "https://www.nicovideo.jp/watch/sm9"),
        ("https://sp.nicovideo.jp/watch/sm9?ref=x", "https://www.nicovideo.jp/watch/sm9"),
        ("https://embed.nicovideo.jp/watch/sm9", "https://www.nicovideo.jp/watch/sm9"),
        ("https://www.nicovideo.jp/shorts/ss9", "https://www.nicovideo.jp/shorts/ss9"),
        ("https://www.nicovideo.jp/watch/1173108780", "https://www.nicovideo.jp/watch/1173108780"),
        ("https://www.nicovideo.jp/user/4?ref=x", "https://www.nicovideo.jp/user/4"),
    ],
)
def test_every_address_of_nicovideo_is_one(url: str, begins_at: str) -> None:
    assert start(NICOVIDEO, url).url == begins_at


def test_a_channel_of_nicovideo_is_read_in_its_api() -> None:
    assert "channelIds=12&" in start(NICOVIDEO, "https://ch.nicovideo.jp/ch12").url


@pytest.mark.parametrize(
    ("aid", "bvid"),
    [(2, "BV1xx411c7mD"), (170001, "BV17x411w7KC"), (455017605, "BV1Q541167Qg"), (882584971, "BV1mK4y1C7Bz")],
)
def test_both_ids_of_a_video_of_bilibili_are_one(aid: int, bvid: str) -> None:
    assert bvid_of(aid) == bvid
    links = [start(BILIBILI, f"https://www.bilibili.com/video/{one}/?p=1") for one in (f"av{aid}", bvid)]
    assert links[0] == links[1]
    assert links[0].url == f"https://www.bilibili.com/video/{bvid}"


def test_every_address_of_a_station_of_soop_is_one() -> None:
    urls = (
        "https://ch.sooplive.co.kr/name",
        "https://bj.afreecatv.com/name/vods",
        "https://www.sooplive.com/station/name",
    )
    assert {start(SOOP, url).url for url in urls} == {"https://chapi.sooplive.co.kr/api/name/station"}


@pytest.mark.parametrize(
    ("platform", "url"),
    [
        (NICOVIDEO, "https://www.nicovideo.jp/ranking"),
        (BILIBILI, "https://www.bilibili.com/bangumi/play/ep1"),
        (BILIBILI, f"https://www.bilibili.com/video/av{1 << 51}"),
        (SOOP, "https://vod.sooplive.com/player/1"),
    ],
)
def test_an_address_that_is_not_read_is_refused_with_what_is(platform: Platform, url: str) -> None:
    with pytest.raises(NotARecord, match="pass one like"):
        platform.start(url)


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (
            "https://nvapi.nicovideo.jp/v1/users/1/videos?pageSize=20&page=1",
            {"data": {"items": [{"id": "sm1"}], "totalCount": 21}},
        ),
        (
            f"https://api.chzzk.naver.com/service/v1/channels/{'0' * 32}/videos?size=5&page=1",
            {"code": 200, "content": {"data": [{"videoNo": 1}], "page": 1, "totalPages": 3}},
        ),
    ],
)
def test_the_next_page_of_a_list_has_as_many_rows_as_this_one(url: str, answer: dict[str, Any]) -> None:
    *_, following = page_for(Response(url, json.dumps(answer).encode())).links()
    assert following.url == url.replace("page=1", "page=2")


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(("url", "answer"), ANSWERS, ids=[f"{number}" for number in range(len(ANSWERS))])
def test_an_answer_of_any_shape_is_read_or_refused(url: str, answer: dict[str, Any], odd: Any) -> None:
    for version in altered(answer, odd):
        read(url, json.dumps(version))


@pytest.mark.parametrize(("url", "answer"), ANSWERS, ids=[f"{number}" for number in range(len(ANSWERS))])
def test_a_deep_answer_is_refused(url: str, answer: dict[str, Any]) -> None:
    read(url, DEEP)
    read(url, json.dumps(answer).replace('"x"', DEEP, 1))


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://www.nicovideo.jp/watch/sm1", '<meta name="server-response" content="{}">'),
        ("https://www.nicovideo.jp/watch/sm1", '<div id="js-initial-watch-data" data-api-data="{}"></div>'),
        ("https://www.nicovideo.jp/user/1", '<div id="js-initial-userpage-data" data-initial-data="{}"></div>'),
        (
            "https://www.bilibili.com/video/BV17x411w7KC",
            "<script>window.__INITIAL_STATE__={};(function(){{}}());</script>",
        ),
    ],
)
@pytest.mark.parametrize("state", [DEEP, '{"video":' + DEEP + "}", "{", '{"a":' * 1000, "null", "[]", '"x"'])
def test_a_page_with_a_broken_state_is_refused(url: str, page: str, state: str) -> None:
    read(url, page.format(html.escape(state)))
    read(url, page.format(state))


def test_a_video_of_nicovideo_for_which_one_has_to_log_in_is_not_public() -> None:
    told = {"isPrivate": False, "isAuthenticationRequired": True}
    video = {"id": "sm1", "title": "x", "registeredAt": "x", **told}
    answer = {**VIDEO_OF_NICOVIDEO, "video": video, "payment": {"video": {"isPpv": False}}}
    record = only("https://www.nicovideo.jp/watch/sm1", {"data": {"response": answer}})
    assert isinstance(record, Video)
    assert record.availability == "needs_auth"


@pytest.mark.parametrize(("kind", "told"), [("REPLAY", "was_live"), ("UPLOAD", "not_live"), ("ANOTHER", None)])
def test_the_replay_of_a_stream_was_live_also_where_its_beginning_is_not_told(kind: str, told: str | None) -> None:
    content = {"videoNo": 1, "videoTitle": "x", "videoType": kind, "liveOpenDate": None}
    record = only("https://api.chzzk.naver.com/service/v3/videos/1", {"code": 200, "content": content})
    assert isinstance(record, Video)
    assert record.live_status == told


def test_the_picture_of_users_of_nicovideo_who_have_none_is_none() -> None:
    blank = "https://secure-dcdn.cdn.nimg.jp/nicoaccount/usericon/defaults/blank.jpg"
    user = {"id": 1, "nickname": "x", "icons": {"small": blank, "large": blank}}
    record = only("https://nvapi.nicovideo.jp/v1/users/1", {"data": {"user": user}})
    assert isinstance(record, User)
    assert record.avatar_url is None


def test_the_pictures_of_users_of_bilibili_who_have_none_are_none() -> None:
    face = "https://i0.hdslb.com/bfs/face/member/noface.jpg"
    banner = "http://i1.hdslb.com/bfs/space/cb1c3ef50e22b6096fde67febe863494caefebad.png"
    user = {"mid": 1, "name": "x", "face": face, "top_photo": banner}
    record = only("https://api.bilibili.com/x/space/acc/info?mid=1", {"code": 0, "data": user})
    assert isinstance(record, User)
    assert (record.avatar_url, record.banner_url) == (None, None)


def test_thumbnail_information_that_is_no_xml_is_refused() -> None:
    for body in ("", "{}", "<", "<a>" * 10_000, "<nicovideo_thumb_response status='ok'/>"):
        read("https://ext.nicovideo.jp/api/getthumbinfo/sm1", body)
