"""From the addresses that people copy to the one of each thing on YouTube."""

from __future__ import annotations

import pytest

from crawler.errors import NotARecord
from crawler.pages import page_class
from crawler.pages.base import Link
from crawler.pages.youtube import YOUTUBE
from crawler.pages.youtube.channel import Channel
from crawler.pages.youtube.urls import API, BASE, api_videos

PAGES, DATA = YOUTUBE, YOUTUBE.configured({"YOUTUBE_API_KEY": "x"})
CHANNEL = "UCabcdefghijklmnopqrstuv"
VIDEO = f"{BASE}/watch?v=abcdefghi-_"


def start(url: str, *, uses_api: bool = False) -> Link:
    """Return the one link where to begin."""
    (link,) = (DATA if uses_api else PAGES).start(url)
    return link


@pytest.mark.parametrize(
    "url",
    [
        VIDEO,
        f"{VIDEO}&list=PLabcdefghijklmnop&index=2&t=10s",
        "https://m.youtube.com/watch?app=desktop&v=abcdefghi-_",
        "https://music.youtube.com/watch?v=abcdefghi-_&feature=share",
        "http://youtube.com/watch/?v=abcdefghi-_",
        "https://youtu.be/abcdefghi-_?si=x",
        "https://www.youtube.com/shorts/abcdefghi-_",
        "https://www.youtube.com/live/abcdefghi-_?feature=share",
        "https://www.youtube.com/embed/abcdefghi-_?start=3",
        "https://www.youtube-nocookie.com/embed/abcdefghi-_",
        "https://www.youtube.com/v/abcdefghi-_",
    ],
)
def test_every_address_of_a_video_is_one(url: str) -> None:
    link = start(url)
    assert (link.url, link.kind) == (VIDEO, "video")
    assert link.key == ("video", "youtube", "abcdefghi-_")
    assert start(url, uses_api=True) == api_videos(["abcdefghi-_"])


@pytest.mark.parametrize(
    ("path", "page", "kind", "data"),
    [
        ("/@Kites", "/@Kites", "user", "channels?{}&forHandle=@Kites"),
        ("/@%C3%A9t%C3%A9/featured", "/@%C3%A9t%C3%A9", "user", "channels?{}&forHandle=@%C3%A9t%C3%A9"),
        ("/@Kites/videos", "/@Kites/videos", "listing", "channels?{}&forHandle=@Kites"),
        (f"/channel/{CHANNEL}/about", f"/channel/{CHANNEL}", "user", f"channels?{{}}&id={CHANNEL}"),
        ("/user/kites", "/user/kites", "user", "channels?{}&forUsername=kites"),
    ],
)
def test_a_channel_has_a_page_and_a_form_in_the_data_api(path: str, page: str, kind: str, data: str) -> None:
    link = start(f"{BASE}{path}")
    assert (link.url, link.kind) == (f"{BASE}{page}", kind)
    assert start(f"{BASE}{path}", uses_api=True).url == f"{API}/" + data.format(
        "part=brandingSettings,contentDetails,snippet,statistics"
    )


def test_an_old_custom_name_is_read_as_a_page_as_the_data_api_does_not_know_it() -> None:
    assert start(f"{BASE}/c/kites", uses_api=True).url == f"{BASE}/c/kites"


@pytest.mark.parametrize("url", [f"{BASE}/KitesDaily", "https://m.youtube.com/KitesDaily/"])
def test_an_old_custom_name_may_stand_alone(url: str) -> None:
    for uses_api in (False, True):
        link = start(url, uses_api=uses_api)
        assert (link.url, link.kind) == (f"{BASE}/KitesDaily", "user")
    assert page_class(url, "youtube") is Channel


@pytest.mark.parametrize("url", [f"{BASE}/playlist?list=PLabcdefghijk", f"{BASE}/watch?list=PLabcdefghijk"])
def test_a_playlist_is_a_listing(url: str) -> None:
    assert (start(url).url, start(url).kind) == (f"{BASE}/playlist?list=PLabcdefghijk", "listing")
    assert start(url, uses_api=True).url.startswith(f"{API}/playlistItems?part=contentDetails,status&playlistId=PLabc")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "/",
            "/results?search_query=x",
            "/feeds/videos.xml?channel_id=x",
            "/youtubei/v1/browse",
            "/watch?v=short",
        ),
        *("/premium", "/Results/", "/kites.xml", "/kites-daily", "/kites/videos/x"),
        *("/hashtag/x", "/channel/UCshort", "/playlist?list=RDabcdefghijk", "/playlist?list=WL", "/embed/videoseries"),
    ],
)
def test_what_names_nothing_is_refused(path: str) -> None:
    for uses_api in (False, True):
        with pytest.raises(NotARecord) as refusal:
            start(f"{BASE}{path}", uses_api=uses_api)
        assert refusal.value.reason == "unknown_path"


def test_the_consent_screen_is_no_seed() -> None:
    with pytest.raises(NotARecord) as refusal:
        start("https://consent.youtube.com/m?continue=x")
    assert refusal.value.reason == "consent"


def test_a_batch_is_the_same_request_in_whatever_order() -> None:
    assert api_videos(["b" * 11, "a" * 11, "b" * 11]).url == api_videos(["a" * 11, "b" * 11]).url


@pytest.mark.parametrize("path", ["/watch?v=abcdefghi-_", "/@Kites", "/@Kites/videos", "/playlist?list=PLabcdefghijk"])
def test_where_to_begin_is_read_by_a_class_of_youtube(path: str) -> None:
    for uses_api in (False, True):
        assert page_class(start(f"{BASE}{path}", uses_api=uses_api).url).site == "youtube"
