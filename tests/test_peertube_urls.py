from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.peertube.urls import (
    FLICKR_BASE58,
    OVERLAP,
    PAGE_SIZE,
    channel_link,
    instance_links,
    listing_url,
    long_uuid,
    next_url,
    start_links,
    video_link,
    videos_url,
)

BASE = "https://pt.example"
API = f"{BASE}/api/v1"
UUID = "9c9de5e8-0a1e-484a-b099-e80766180a6d"


def short(number: int) -> str:
    """Write a UUID's number as the site does: 22 characters of base 58, the first for 0."""
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = FLICKR_BASE58[digit] + digits
    return digits.rjust(22, FLICKR_BASE58[0])


def start(path: str) -> Link:
    (link,) = start_links(BASE + path)
    return link


@pytest.mark.parametrize("name", [UUID, UUID.upper(), UUID.replace("-", ""), short(uuid.UUID(UUID).int)])
@pytest.mark.parametrize(
    "form",
    ["/w/{}", "/w/{}/", "/videos/watch/{}", "/videos/embed/{}?autoplay=1", "/api/v1/videos/{}", "/w/{}?start=1m#x"],
)
def test_a_video_is_one_whatever_its_address(form: str, name: str) -> None:
    assert start(form.format(name)) == Link(f"{API}/videos/{UUID}", "video", key=RecordKey("video", "peertube", UUID))


def test_an_id_that_is_no_uuid_is_asked_for_as_it_is() -> None:
    assert start("/w/my-old-video") == Link(f"{API}/videos/my-old-video", "video")
    assert video_link(BASE, "42", last=True) == Link(f"{API}/videos/42", "video", last=True)


@given(st.uuids(version=4))
def test_a_short_uuid_is_the_uuid_that_it_was_made_of(whole: uuid.UUID) -> None:
    assert long_uuid(short(whole.int)) == str(whole)
    assert long_uuid(str(whole)) == str(whole)


@given(st.text(max_size=40) | st.text(FLICKR_BASE58, min_size=18, max_size=26))
def test_any_text_is_a_uuid_or_none(text: str) -> None:
    found = long_uuid(text)
    assert found is None or str(uuid.UUID(found)) == found


@pytest.mark.parametrize("text", ["", "1", "w" * 20, "Z" * 22, "0" * 22, "l" * 22, UUID + "0", UUID[:-1], "ü" * 22])
def test_what_is_no_uuid_is_none(text: str) -> None:
    assert long_uuid(text) is None


@pytest.mark.parametrize(
    ("handle", "in_api", "key"),
    [
        ("kim", "kim", "kim@pt.example"),
        ("kim@pt.example", "kim", "kim@pt.example"),
        ("kim%40pt.example", "kim", "kim@pt.example"),
        ("@kim", "kim", "kim@pt.example"),
        ("kim@far.example", "kim@far.example", "kim@far.example"),
        ("kim%40far.example", "kim@far.example", "kim@far.example"),
        ("kim.lee_7", "kim.lee_7", "kim.lee_7@pt.example"),
        ("käfer", "k%C3%A4fer", "käfer@pt.example"),
        ("k%C3%A4fer", "k%C3%A4fer", "käfer@pt.example"),
        ("a%3Fb", "a%3Fb", "a?b@pt.example"),
    ],
)
@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("/a/{}", "accounts"),
        ("/a/{}/video-channels", "accounts"),
        ("/accounts/{}/videos?s=1", "accounts"),
        ("/api/v1/accounts/{}", "accounts"),
        ("/c/{}/videos", "video-channels"),
        ("/video-channels/{}", "video-channels"),
        ("/api/v1/video-channels/{}/videos", "video-channels"),
    ],
)
def test_a_user_is_one_whatever_their_address(form: str, path: str, handle: str, in_api: str, key: str) -> None:
    expected = Link(f"{API}/{path}/{in_api}", "user", key=RecordKey("user", "peertube", key))
    assert start(form.format(handle)) == expected


@pytest.mark.parametrize("handle", ["kim", "kim@pt.example", "kim%40pt.example/videos"])
def test_a_handle_may_be_of_an_account_or_of_a_channel(handle: str) -> None:
    assert start(f"/@{handle}") == Link(
        f"{API}/accounts/kim",
        "user",
        key=RecordKey("user", "peertube", "kim@pt.example"),
        otherwise=f"{API}/video-channels/kim",
    )


def test_the_host_is_written_in_lower_case_and_keeps_its_port() -> None:
    (link,) = start_links("http://PT.Example:9000/a/kim@pt.example:9000")
    assert link.url == "http://pt.example:9000/api/v1/accounts/kim"
    assert link.key == RecordKey("user", "peertube", "kim@pt.example:9000")


def test_a_channel_to_check_at_the_end_is_a_link_for_the_end() -> None:
    assert channel_link(BASE, "chan", last=True).last
    assert not channel_link(BASE, "chan").last


@pytest.mark.parametrize("path", ["", "/", "/home", "/about/instance", "/videos/local", "/videos/trending?a=b"])
def test_the_pages_of_all_name_the_whole_instance(path: str) -> None:
    assert start_links(BASE + path) == instance_links(BASE)


@pytest.mark.parametrize("path", ["/search", "/search?search=kites", "/search/x", "/my-library/videos"])
def test_a_search_is_not_all_of_an_instance(path: str) -> None:
    with pytest.raises(NotARecord, match=f"to crawl all of it pass {BASE}"):
        start_links(BASE + path)


def test_an_instance_is_read_from_its_lists_and_checked_last() -> None:
    links = instance_links(BASE)
    assert all(link.kind == "listing" and link.url.startswith(f"{BASE}/") for link in links)
    assert [link.url.partition("?")[0].removeprefix(BASE) for link in links if link.last] == [
        "/sitemap.xml",
        "/api/v1/videos",
    ]
    assert [link.url for link in links if link.outward] == [f"{API}/server/following?start=0&count={PAGE_SIZE}"]


@pytest.mark.parametrize("path", ["/w/42", "/videos/watch/42", "/api/v1/videos/42"])
def test_a_video_has_a_number_too(path: str) -> None:
    assert [link.url for link in start_links(BASE + path)] == [f"{API}/videos/42"]


def test_a_comment_of_a_video_names_the_video() -> None:
    (link,) = start_links(f"{BASE}/w/{UUID};threadId=4")
    assert link.url == f"{API}/videos/{UUID}"


def test_the_own_host_in_a_handle_is_left_out_in_any_case() -> None:
    (link,) = start_links(f"{BASE}/a/kim@{BASE.partition('//')[2].upper()}")
    assert link.url == f"{API}/accounts/kim"
    assert link.key == ("user", "peertube", f"kim@{BASE.partition('//')[2]}")


@pytest.mark.parametrize("path", ["/w/p/" + UUID, "/videos/watch/playlist/" + UUID])
def test_a_playlist_is_refused_with_what_to_pass(path: str) -> None:
    with pytest.raises(NotARecord, match=f"is a playlist: pass a video, a user, a channel, or {BASE}") as refusal:
        start_links(BASE + path)
    assert refusal.value.reason == "playlist"


@pytest.mark.parametrize(
    "path",
    ["/w/", "/videos/42", "/videos/upload", "/login", "/my-account", "/a/", "/@", "/w/a b c d e f", "/client/x.js"],
)
def test_a_path_that_names_nothing_is_refused_with_what_to_pass(path: str) -> None:
    with pytest.raises(NotARecord, match=f"to crawl all of it pass {BASE}") as refusal:
        start_links(BASE + path)
    assert refusal.value.reason == "unknown_path"


def test_a_list_is_asked_for_in_whole_pages_with_what_is_sensitive() -> None:
    assert listing_url(BASE, "accounts", 200) == f"{API}/accounts?start=200&count={PAGE_SIZE}"
    assert videos_url(BASE, "videos", "createdAt", isLocal="true").partition("?")[2].split("&") == [
        "start=0", f"count={PAGE_SIZE}", "sort=createdAt", "nsfw=both", "isLocal=true",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "rows", "total", "following"),
    [
        ("start=0&count=100&sort=name", 100, None, "start=90&count=100&sort=name"),
        ("start=90&count=100", 100, 190, "start=180&count=100"),
        ("start=0&count=100", 99, None, None),
        ("start=0&count=100", 99, 99, None),
        ("start=0&count=100", 60, 99, "start=50&count=100"),
        ("start=0&count=100", 3, 99, "start=1&count=100"),
        ("start=0&count=100", 0, 99, None),
        ("", 15, None, "start=5"),
    ],
)
def test_the_next_page_overlaps_with_this_one(query: str, rows: int, total: int | None, following: str | None) -> None:
    url = next_url(f"{API}/accounts?{query}", rows, total)
    assert url == (following and f"{API}/accounts?{following}")


@given(total=st.integers(0, 1500), lost=st.integers(0, OVERLAP))
def test_a_walk_ends_and_misses_no_row_though_some_vanish_during_it(total: int, lost: int) -> None:
    rows = list(range(total))
    url: str | None = listing_url(BASE, "accounts")
    seen: set[int] = set()
    while url is not None:
        begin = int(url.partition("start=")[2].partition("&")[0])
        page = rows[begin : begin + PAGE_SIZE]
        seen.update(page)
        url = next_url(url, len(page))
        rows, lost = rows[lost:], 0
    assert seen == set(range(total))
