"""Vimeo: addresses, listings, and what its pages tell when they are old, odd, or hostile."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.errors import NotARecord
from crawler.items import ADAPTERS, Record, Video
from crawler.pages import page_for
from crawler.pages.base import Link, Response
from crawler.pages.vimeo import VIMEO
from crawler.pages.vimeo.common import description, home_time, licence, picture
from tests.golden import FIXTURES, response_of

VIDEO = "https://vimeo.com/123456789"
PLAYER = "https://player.vimeo.com/video/123456789"
OEMBED = "https://vimeo.com/api/oembed.json?url=x"
NOW = "2026-01-01T00:00:00Z"
DEEP = 100_000


def start(url: str) -> Link:
    """Return the one link where to begin."""
    (link,) = VIMEO.start(url)
    return link


def read(url: str, body: str | bytes, **more: Any) -> list[Record]:
    """Return the valid records of an answer; none where it is refused."""
    page = page_for(Response(url, body.encode() if isinstance(body, str) else body, fetched_at=NOW, **more))
    list(page.links())
    try:
        found = list(page.records())
    except NotARecord:
        return []
    assert all(set(page.sources(record).values()) for record in found)
    return [ADAPTERS[type(record)].validate_python(asdict(record)) for record in found]


def scripted(clip: Any, name: str = "window.vimeo.clip_page_config") -> str:
    """Return a page with a clip in its scripts."""
    return f"<html><head><title>x</title></head><script>{name} = {json.dumps(clip)};</script></html>"


@pytest.mark.parametrize(
    "url",
    [
        VIDEO,
        "http://www.vimeo.com/123456789/?share=copy#t=3",
        "https://player.vimeo.com/video/123456789?autoplay=1",
        "https://vimeo.com/moogaloop.swf?clip_id=123456789",
    ],
)
def test_every_address_of_a_video_is_one(url: str) -> None:
    assert start(url).url == VIDEO
    assert start(url).key == ("video", "vimeo", "123456789")


@pytest.mark.parametrize(
    ("url", "begins_at"),
    [
        ("https://vimeo.com/123456789/0123456789?share=copy", f"{VIDEO}/0123456789"),
        (f"{PLAYER}?h=0123456789", f"{VIDEO}/0123456789"),
        ("https://vimeo.com/channels/staffpicks/123456789", "https://vimeo.com/channels/staffpicks/123456789"),
        ("https://vimeo.com/groups/kites/videos/123456789", "https://vimeo.com/groups/kites/videos/123456789"),
        ("https://vimeo.com/kiteclub/", "https://vimeo.com/kiteclub"),
        ("https://vimeo.com/kiteclub/videos", "https://vimeo.com/kiteclub/videos"),
    ],
)
def test_what_opens_only_at_its_own_address_is_read_there(url: str, begins_at: str) -> None:
    assert start(url).url == begins_at


def test_a_user_without_a_name_of_their_own_is_known_by_the_number() -> None:
    assert start("https://vimeo.com/user4567890").key == ("user", "vimeo", "4567890")
    assert start("https://vimeo.com/kiteclub").key is None


@pytest.mark.parametrize(
    "path", ["/", "/upload", "/watch", "/ondemand/kites", "/event/12", "/search?q=x", "/kites/a/b/c"]
)
def test_an_address_that_names_nothing_is_refused_with_the_remedy(path: str) -> None:
    with pytest.raises(NotARecord, match="pass one like"):
        start(f"https://vimeo.com{path}")


def test_a_user_keeps_the_id_that_the_video_told() -> None:
    (record,) = read(
        "https://vimeo.com/kiteclub",
        '<meta property="og:url" content="https://vimeo.com/kiteclub"><meta property="og:title" content="Kite Club">'
        '<script type="application/ld+json">{"@type": "ProfilePage", "mainEntity": {"@type": "Person",'
        ' "name": "Kite Club"}}</script>',
        carry={"id": "4567890"},
    )
    assert record.id == "4567890"


@pytest.mark.parametrize("kind", ["user", "api-user"])
def test_the_list_of_a_user_is_told_their_id(kind: str) -> None:
    fixture = FIXTURES / "vimeo" / kind
    page = page_for(response_of(fixture, json.loads((fixture / "meta.json").read_text())))
    assert [link.carry for link in page.links() if link.kind == "listing"] == [{"id": "4567890"}]


@pytest.mark.parametrize(
    ("name", "carry", "listed"),
    [("kiteclub", {"id": "4567890"}, "4567890"), ("user4567890", {}, "4567890"), ("kiteclub", {}, "kiteclub")],
)
def test_the_list_of_a_users_videos_goes_by_their_id(name: str, carry: dict[str, str], listed: str) -> None:
    url = f"https://vimeo.com/{name}/videos"
    body = f'<li id="clip_123456789"></li><a rel="next" href="/{name}/videos/page:2">Next</a>'
    page = page_for(Response(url, body.encode(), carry=carry))
    assert page.listing() == (f"videos of {listed}", "video", False, "")
    assert [link.carry for link in page.links() if link.kind == "listing"] == [carry]


@pytest.mark.parametrize(
    ("printed", "read_as"),
    [
        ("2017-09-25 10:36:56", "2017-09-25T10:36:56-04:00"),
        ("2019-01-17 00:29:24", "2019-01-17T00:29:24-05:00"),
        ("2019-11-03 01:30:00", None),
        ("2019-03-10 02:30:00", None),
        ("2019-01-17", None),
        ("0000-00-00 00:00:00", None),
        (1_500_000_000, None),
    ],
)
def test_a_time_without_a_zone_is_new_yorks_unless_the_clock_showed_it_twice(printed: Any, read_as: str | None) -> None:
    assert home_time(printed) == read_as


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("https://creativecommons.org/licenses/by-nc-nd/3.0/", "by-nc-nd"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "cc0"),
        ("by-sa", "by-sa"),
        (None, None),
    ],
)
def test_a_licence_has_one_name_wherever_it_stands(told: str | None, words: str | None) -> None:
    assert licence(told) == words


def test_a_picture_is_without_the_play_button() -> None:
    overlay = "https://i.vimeocdn.com/filter/overlay?src0=https%3A%2F%2Fi.vimeocdn.com%2Fvideo%2F1.jpg&src1=x"
    assert picture(overlay) == "https://i.vimeocdn.com/video/1.jpg"
    assert picture("https://i.vimeocdn.com/filter/overlay?src1=x") is None


@pytest.mark.parametrize(
    "address",
    [
        "https://i.vimeocdn.com/video/default_1280x720?r=pad",
        "https://i.vimeocdn.com/filter/overlay?src0=https%3A%2F%2Fi.vimeocdn.com%2Fvideo%2Fdefault_640.jpg&src1=x",
    ],
)
def test_the_picture_of_videos_that_have_none_is_none(address: str) -> None:
    assert picture(address) is None


def test_a_description_that_the_site_made_up_is_none() -> None:
    assert description('This is "Kites" by Club on Vimeo, the home for high quality videos and so on.') is None
    assert description("This is my home for kites.") == "This is my home for kites."


def test_a_cut_description_gives_way_to_the_whole_one() -> None:
    clip = {"clip": {"id": 123456789, "title": "x", "description": f"<p>{'word ' * 60}end</p>"}}
    block = {"@type": "VideoObject", "url": VIDEO, "name": "x", "description": "word " * 40 + "wor…"}
    body = scripted(clip) + f'<script type="application/ld+json">{json.dumps(block)}</script>'
    (record,) = read(VIDEO, body)
    assert (record.description or "").endswith("word end")


@pytest.mark.parametrize("title", ["Private Video on Vimeo", "Private Video", "Vimeo", "Video unavailable"])
def test_a_title_that_says_that_there_is_no_video_is_none(title: str) -> None:
    metas = f'<meta property="og:type" content="video.other"><meta property="og:title" content="{title}">'
    assert read(VIDEO, f"<html><head>{metas}</head></html>") == []


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://vimeo.com/channels/staffpicks/123456789", VIDEO),
        ("https://vimeo.com/123456789/0123abcdef", f"{VIDEO}/0123abcdef"),
        ("https://vimeo.com/kiteclub/kites", VIDEO),
        ("https://vimeo.com/987654321/0123abcdef", VIDEO),
    ],
)
def test_a_video_has_one_address_whatever_the_api_links_to(link: str, url: str) -> None:
    body = {"uri": "/videos/123456789", "name": "Kites", "link": link}
    assert [record.url for record in read("https://api.vimeo.com/videos/123456789", json.dumps(body))] == [url]


@pytest.mark.parametrize(
    ("status", "told"),
    [(None, "not_live"), ("unavailable", None), ("ready", None), ("streaming", "is_live"), ("done", "was_live")],
)
def test_a_stream_that_does_not_run_is_not_called_no_stream(status: str | None, told: str | None) -> None:
    badges = {"live": {"streaming": False, "archived": False}}
    live = {"status": status} if status else None
    body = {"uri": "/videos/123456789", "name": "Kites", "live": live, "embed": {"badges": badges}}
    (record,) = read("https://api.vimeo.com/videos/123456789", json.dumps(body))
    assert isinstance(record, Video)
    assert record.live_status == told


@pytest.mark.parametrize("path", ["videos", "me/videos", "users/1/videos", "channels/staffpicks/videos?page=2"])
def test_a_list_of_the_api_tells_its_videos(path: str) -> None:
    rows = [{"uri": f"/videos/{number}", "name": "Kites"} for number in (1, 2)]
    found = read(f"https://api.vimeo.com/{path}", json.dumps({"data": [*rows, {"uri": "/videos/3"}, 4]}))
    assert [record.id for record in found] == ["1", "2"]
    assert read(f"https://api.vimeo.com/{path}", json.dumps({"error": "Unauthorized"}), status=401) == []


def test_a_video_of_another_address_is_not_taken_for_this_one() -> None:
    block = [{"@type": "VideoObject", "url": "https://vimeo.com/99", "name": "Other"}]
    assert read(VIDEO, f'<script type="application/ld+json">{json.dumps(block)}</script>') == []


HOSTILE = {
    "deep scripts": (VIDEO, "<script>window.vimeo.clip_page_config = " + '{"a":' * DEEP + "</script>"),
    "deep tracking": (VIDEO, "<script>window._gtm = " + "[" * DEEP + "]" * DEEP + "</script>"),
    "deep answer": (OEMBED, '{"a":' * DEEP + "1" + "}" * DEEP),
    "deep error": ("https://api.vimeo.com/videos/1", '{"error":' + "[" * 900 + "]" * 900 + "}"),
    "many scripts": (VIDEO, "<script>config = {" * 20_000),
    "many forms": (VIDEO, "<form " * 500_000),
    "many names": ("https://vimeo.com/kiteclub", '"app_config":{' * 100_000),
    "many bylines": (VIDEO, scripted({"clip": {"id": 123456789, "title": "x", "description": '" by ' * 30_000}})),
    "no bytes": (PLAYER, ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_are_read_or_refused(name: str) -> None:
    assert len(read(*HOSTILE[name])) <= 1


def test_a_page_of_twenty_megabytes_is_read() -> None:
    (record,) = read(VIDEO, scripted({"clip": {"id": 123456789, "title": "x"}}) + "<p>kites</p>" * 1_700_000)
    assert record.id == "123456789"


NAMES = st.sampled_from([
    *("clip", "owner", "id", "title", "description", "uploaded_on", "privacy", "type", "duration", "raw", "url"),
    *("is_live", "unlisted_hash", "display_name", "data_layer", "video_categories", "creator_id", "player", "poster"),
    *("cc_license", "video", "view", "thumbs", "640", "live_event", "status", "width", "uri", "link", "user", "tags"),
    *("metadata", "connections", "likes", "total", "pictures", "sizes", "video_id", "upload_date", "author_url"),
    *("name", "error", "thumbnail_url", "content_rating", "websites", "live", "embed", "badges", "categories", "bio"),
])  # fmt: skip
WORDS = st.sampled_from(
    ["anybody", "/kiteclub", VIDEO, "/videos/123456789:0123456789", "/users/1", "by", "PT5M", "2019-01-17 00:29:24"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    JSON,
    st.sampled_from([
        *("https://api.vimeo.com/videos/123456789", "https://api.vimeo.com/users/1", OEMBED, f"{PLAYER}/config"),
        *(VIDEO, PLAYER, "https://vimeo.com/kiteclub"),
    ]),
)  # fmt: skip
def test_whatever_json_an_answer_holds_its_record_is_valid(value: Any, url: str) -> None:
    whole = {"uri": "/videos/123456789", "name": "x", "title": "x", "video_id": 123456789, "view": 1}
    told = whole | value if isinstance(value, dict) else value
    read(url, json.dumps(told))
    read(url, scripted({"clip": {"id": 123456789, "title": "x"}} | (value if isinstance(value, dict) else {})))
    read(url, scripted({"video": told}, "window.playerConfig"))
    read(url, f'<script>x = {{"app_config":{json.dumps({"user": value})}}}</script>')
