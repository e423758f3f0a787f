"""Dailymotion: addresses, listings, and what its answers tell when they are odd, or hostile."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.errors import NotARecord
from crawler.items import ADAPTERS, Record, User
from crawler.pages import page_for
from crawler.pages.base import Link, Listing, Page, Response
from crawler.pages.dailymotion import DAILYMOTION, urls
from crawler.pages.paths import split

API = "https://api.dailymotion.com"
VIDEO = "https://www.dailymotion.com/video/x7abcde"
OEMBED = "https://www.dailymotion.com/services/oembed?url=x"
NOW = "2026-01-01T00:00:00Z"
DEEP = 100_000


def start(url: str) -> Link:
    """Return the one link where to begin."""
    (link,) = DAILYMOTION.start(url)
    return link


def answer(url: str, body: Any, content_type: str = "") -> Page:
    """Return the page that reads an answer."""
    source = body if isinstance(body, str | bytes) else json.dumps(body)
    headers = {"content-type": content_type} if content_type else {}
    return page_for(Response(url, source.encode() if isinstance(source, str) else source, 200, headers, NOW))


def read(url: str, body: Any, content_type: str = "") -> list[Record]:
    """Return the valid records of an answer; none where it is refused."""
    page = answer(url, body, content_type)
    try:
        list(page.links())
        found = list(page.records())
    except NotARecord:
        return []
    assert all(set(page.sources(record).values()) for record in found)
    return [ADAPTERS[type(record)].validate_python(asdict(record)) for record in found]


@pytest.mark.parametrize(
    "url",
    [
        VIDEO,
        "http://dailymotion.com/video/x7abcde_kites-and-wind_sport?playlist=x1",
        "https://touch.dailymotion.com/video/x7abcde",
        "https://dai.ly/x7abcde",
        "https://www.dailymotion.com/embed/video/x7abcde?autoplay=1",
        "https://geo.dailymotion.com/player.html?video=x7abcde&mute=true",
        "https://geo.dailymotion.com/player/x86gw.html?video=x7abcde",
        f"{API}/video/x7abcde?fields=id",
    ],
)
def test_every_address_of_a_video_is_one(url: str) -> None:
    assert start(url).url.startswith(f"{API}/video/x7abcde?fields=id,title,")
    assert start(url).key == ("video", "dailymotion", "x7abcde")


def test_a_private_address_does_not_tell_the_id() -> None:
    assert start("https://www.dailymotion.com/video/kAbCdEfGhIjKlMnOpQr").key is None


@pytest.mark.parametrize(
    ("url", "begins_at", "kind"),
    [
        ("https://www.dailymotion.com/kiteclub", f"{API}/user/kiteclub?", "user"),
        ("https://www.dailymotion.com/user/kiteclub/1", f"{API}/user/kiteclub?", "user"),
        ("https://www.dailymotion.com/kiteclub/videos", f"{API}/user/kiteclub/videos?", "listing"),
        ("https://www.dailymotion.com/playlist/x2abcd_kites", f"{API}/playlist/x2abcd/videos?", "listing"),
    ],
)
def test_users_and_playlists_are_read_in_the_api(url: str, begins_at: str, kind: str) -> None:
    assert start(url).url.startswith(begins_at)
    assert start(url).kind == kind


@pytest.mark.parametrize(
    "url",
    [
        *("https://www.dailymotion.com/", "https://www.dailymotion.com/search/kites/videos", "https://dai.ly/"),
        *("https://www.dailymotion.com/library", "https://www.dailymotion.com/us/feed/more", "https://dai.ly/about"),
    ],
)
def test_an_address_that_names_nothing_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(NotARecord, match="pass one like"):
        start(url)


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return rows of a list, newest first."""
    return [
        {
            "id": f"x7{number:05}",
            "title": f"Kites {number}",
            "created_time": 1_700_000_000 - number,
            "owner.id": "x1abcd",
        }
        for number in range(first, first + count)
    ]


def following(page: Page) -> list[str]:
    """Return the addresses of the listings that a page leads to."""
    return [link.url for link in page.links() if link.kind == "listing"]


def test_a_list_of_more_than_a_thousand_videos_is_read_to_its_end() -> None:
    found, waiting, asked = set(), [urls.list_link("user", "x1abcd").url], 0
    everything = rows(2_345)
    while waiting and asked < 100:
        asked += 1
        query = split(waiting[0])[2]
        before = int(query.get("created_before", 2_000_000_000))
        begin = (int(query["page"]) - 1) * 100
        shown = [row for row in everything if row["created_time"] < before][:1000]
        body = {"list": shown[begin : begin + 100], "has_more": begin + 100 < len(shown) or len(shown) == 1000}
        page = answer(waiting[0], body)
        found |= {key.id for key in page.members()}
        waiting = following(page)
    assert found == {row["id"] for row in everything}
    assert waiting == []


def test_a_list_whose_filter_does_not_work_ends() -> None:
    url = urls.list_link("user", "x1abcd", 10, created_before=1_600_000_000).url
    assert following(answer(url, {"list": rows(100), "has_more": True})) == []


def test_a_playlist_ends_where_the_api_does() -> None:
    url = urls.list_link("playlist", "x2abcd", 10).url
    assert following(answer(url, {"list": rows(100), "has_more": True})) == []


def test_a_user_s_list_goes_by_the_id_also_where_it_was_asked_for_by_name() -> None:
    url = urls.list_link("user", "kiteclub").url
    assert answer(url, {"list": rows(2)}).listing() == Listing("videos of x1abcd", "video")
    assert answer(url, {"list": []}).listing() == Listing("videos of kiteclub", "video")


def test_a_user_s_name_that_looks_like_an_id_is_none() -> None:
    assert start("https://www.dailymotion.com/xavier").key is None


@pytest.mark.parametrize(("declared", "total"), [(142, 142), (1000, None), (None, None), ("many", None)])
def test_a_total_counts_only_where_the_api_does_not_cut_it(declared: Any, total: int | None) -> None:
    page = answer(urls.list_link("user", "x1abcd").url, {"list": rows(2), "total": declared})
    assert page.total() == total
    assert page.totals() == {("videos of x1abcd", "video", False, ""): total}


def test_the_videos_of_a_user_are_one_list_by_name_and_by_id() -> None:
    for name in ("kiteclub", "x1abcd"):
        page = answer(urls.list_link("user", name).url, {"list": rows(2), "has_more": True})
        assert page.listing() == ("videos of x1abcd", "video", False, "")
    empty = answer(urls.list_link("user", "kiteclub").url, {"list": []})
    assert empty.listing() == ("videos of kiteclub", "video", False, "")


def test_the_pictures_of_users_who_have_none_are_none() -> None:
    blank = "http://static1.dmcdn.net/images/avatar/female/720x720.jpg.v69eb35393aa934cb9"
    told = {"id": "x1abcd", "username": "kiteclub", "avatar_720_url": blank}
    (record,) = read("https://api.dailymotion.com/user/x1abcd", told)
    assert isinstance(record, User)
    assert record.avatar_url is None


def test_an_error_that_calls_itself_a_success_is_refused_with_its_reason() -> None:
    for code, reason in ((404, "not_found"), (410, "deleted"), (403, "forbidden"), (True, "unavailable")):
        page = answer(f"{API}/video/x7abcde", {"error": {"code": code, "message": "No."}})
        with pytest.raises(NotARecord, match=r"No\.") as refusal:
            list(page.records())
        assert refusal.value.reason == reason


def test_the_player_s_metadata_is_said_to_be_no_answer_of_the_api() -> None:
    for url, source in (
        (f"{API}/video/x7abcde", "REST API"),
        (f"{urls.BASE}/player/metadata/video/x7abcde", "player metadata"),
    ):
        page = answer(url, {"id": "x7abcde", "title": "Kites"})
        assert [set(page.sources(record).values()) for record in page.records()] == [{source}]


def html_of(**told: str) -> str:
    """Return a page with OpenGraph data."""
    metas = "".join(f'<meta property="og:{name}" content="{value}">' for name, value in told.items())
    return f"<html><head>{metas}</head></html>"


def test_a_title_that_says_that_there_is_no_video_is_none() -> None:
    url = f"{urls.BASE}/video/x7abcde"
    body = html_of(type="video", title="Video unavailable - Dailymotion", url=url)
    assert read(url, body, "text/html") == []


@pytest.mark.parametrize("kind", ["website", "article"])
def test_a_page_at_a_video_s_address_that_calls_itself_something_else_is_none(kind: str) -> None:
    assert read(VIDEO, html_of(type=kind, title="Your choices"), "text/html") == []
    assert len(read(VIDEO, html_of(type="video.other", title="Your choices"), "text/html")) == 1


@pytest.mark.parametrize("path", ["kiteclub", "kiteclub/videos", "user/kiteclub/1"])
def test_a_user_has_one_name_whichever_of_their_pages_is_the_canonical_one(path: str) -> None:
    url = f"{urls.BASE}/kiteclub"
    body = html_of(type="profile", title="Kite Club\u2019s videos - Dailymotion", url=f"{urls.BASE}/{path}")
    (found,) = read(url, body, "text/html")
    assert isinstance(found, User)
    assert (found.id, found.url, found.name) == ("kiteclub", url, "Kite Club")


@pytest.mark.parametrize("path", ["videos?fields=id,title", "channel/news/videos"])
def test_a_list_of_no_user_s_videos_tells_them(path: str) -> None:
    page = answer(f"{urls.API}/{path}", {"list": [{"id": "x7abcde", "title": "Kites"}], "has_more": True, "total": 7})
    assert [record.id for record in page.records()] == ["x7abcde"]
    assert (list(page.links()), page.listing(), dict(page.totals())) == ([], None, {})


def test_a_title_keeps_what_only_looks_like_the_sites_suffix() -> None:
    head = f'<meta property="og:type" content="video"><meta property="og:url" content="{VIDEO}">'
    for printed, title in {
        "Talk - the story of Dailymotion - Vidéo Dailymotion": "Talk - the story of Dailymotion",
        "Kites - Dailymotion Video": "Kites",
        "Kites - Dailymotion": "Kites",
        "Kites and Dailymotion": "Kites and Dailymotion",
    }.items():
        (record,) = read(VIDEO, f'{head}<meta property="og:title" content="{printed}">', "text/html")
        assert asdict(record)["title"] == title


HOSTILE = {
    "deep answer": (f"{API}/video/x7abcde", '{"id":' * DEEP + "1" + "}" * DEEP),
    "deep error": (f"{API}/video/x7abcde", '{"error":' + "[" * 900 + "]" * 900 + "}"),
    "deep player": (VIDEO, "<script>buildPlayer(" + '{"metadata":' * DEEP + "</script>"),
    "no object": (f"{API}/user/x1abcd", "[1, 2]"),
    "no json": (f"{API}/user/x1abcd/videos", "<html>"),
    "many suffixes": (VIDEO, f'<meta property="og:url" content="{VIDEO}"><title>' + " - a" * 200_000 + "</title>"),
    "no bytes": (VIDEO, ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_are_read_or_refused(name: str) -> None:
    assert len(read(*HOSTILE[name])) <= 1


NAMES = st.sampled_from([
    *("id", "title", "description", "created_time", "updated_time", "duration", "views_total", "tags", "language"),
    *("explicit", "private", "mode", "onair", "channel", "channel.name", "thumbnail_720_url", "thumbnail_url", "owner"),
    *("owner.id", "owner.url", "owner.username", "owner.screenname", "owner.followers_total", "list", "error"),
    *("posters", "720", "country", "username", "screenname", "url", "website_url", "html", "author_url", "width"),
])  # fmt: skip
WORDS = st.sampled_from(["x7abcde", "x1abcd", "live", "vod", VIDEO, "en_US", "fr", "<br />a", "FR", "/video/x7abcde"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, st.sampled_from([f"{API}/video/x7abcde", f"{API}/user/x1abcd", f"{API}/user/x1abcd/videos", OEMBED]))
def test_whatever_json_an_answer_holds_its_record_is_valid(value: Any, url: str) -> None:
    whole = {"id": "x7abcde", "title": "x", "html": "/video/x7abcde"}
    read(url, {**whole, **value} if isinstance(value, dict) else value)
    read(url, {"list": [{**whole, **value} if isinstance(value, dict) else value], "has_more": True})
    head = f'<meta property="og:type" content="video"><meta property="og:url" content="{VIDEO}"><title>Kites</title>'
    read(VIDEO, f"{head}<script>buildPlayer({json.dumps({'metadata': value})})</script>", "text/html")
