"""From the addresses that people copy to the one of each thing on TikTok, TED and Twitch."""

from __future__ import annotations

import pytest

from crawler.errors import NotARecord
from crawler.pages import HOMES, PLATFORMS, page_class
from crawler.pages.base import Link

TIKTOK, TED, TWITCH = "https://www.tiktok.com", "https://www.ted.com", "https://www.twitch.tv"
VIDEO = "7000000000000000001"
CLIP = "FairWindyKite-abc_123"


def start(url: str, site: str) -> Link:
    """Return the one link where to begin."""
    (link,) = PLATFORMS[site].start(url)
    return link


@pytest.mark.parametrize(
    ("url", "address", "kind"),
    [
        (f"{TIKTOK}/@ada.kite/video/{VIDEO}?is_from_webapp=1", f"{TIKTOK}/@ada.kite/video/{VIDEO}", "video"),
        (f"{TIKTOK}/@/video/{VIDEO}", f"{TIKTOK}/@_/video/{VIDEO}", "video"),
        (f"https://m.tiktok.com/v/{VIDEO}.html?u=1", f"{TIKTOK}/@_/video/{VIDEO}", "video"),
        (f"{TIKTOK}/embed/v2/{VIDEO}", f"{TIKTOK}/@_/video/{VIDEO}", "video"),
        (f"{TIKTOK}/share/video/{VIDEO}", f"{TIKTOK}/@_/video/{VIDEO}", "video"),
        (f"{TIKTOK}/oembed?url={TIKTOK}/@ada/video/{VIDEO}", f"{TIKTOK}/@ada/video/{VIDEO}", "video"),
        ("https://vm.tiktok.com/ZMabc/", "https://vm.tiktok.com/ZMabc/", "video"),
        (f"{TIKTOK}/t/ZTabc/", f"{TIKTOK}/t/ZTabc/", "video"),
        (f"{TIKTOK}/@ada.kite?lang=de", f"{TIKTOK}/@ada.kite", "user"),
    ],
)
def test_an_address_of_tiktok_has_one_form(url: str, address: str, kind: str) -> None:
    link = start(url, "tiktok")
    assert (link.url, link.kind) == (address, kind)
    if VIDEO in url:
        assert link.key == ("video", "tiktok", VIDEO)


@pytest.mark.parametrize(
    ("url", "address", "kind"),
    [
        (f"{TED}/talks/ada_kite_why?utm_source=x", f"{TED}/talks/ada_kite_why", "video"),
        (f"{TED}/talks/ada_kite_why/transcript?language=pt-br", f"{TED}/talks/ada_kite_why?language=pt-br", "video"),
        (f"{TED}/talks/ada_kite_why?language=<b>", f"{TED}/talks/ada_kite_why", "video"),
        ("https://embed.ted.com/talks/ada_kite_why", f"{TED}/talks/ada_kite_why", "video"),
        (f"{TED}/talks/lang/de/ada_kite_why.html", f"{TED}/talks/ada_kite_why", "video"),
        (f"{TED}/services/v1/oembed.json?url={TED}/talks/ada_kite_why", f"{TED}/talks/ada_kite_why", "video"),
        (f"{TED}/speakers/ada_kite", f"{TED}/speakers/ada_kite", "user"),
        (f"{TED}/playlists/171/kites", f"{TED}/playlists/171/kites", "listing"),
        (f"{TED}/series/kites", f"{TED}/series/kites", "listing"),
    ],
)
def test_an_address_of_ted_has_one_form(url: str, address: str, kind: str) -> None:
    link = start(url, "ted")
    assert (link.url, link.kind) == (address, kind)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (f"{TWITCH}/videos/123456789?t=1h", f"{TWITCH}/videos/123456789"),
        ("https://m.twitch.tv/kites/v/123456789", f"{TWITCH}/videos/123456789"),
        ("https://player.twitch.tv/?video=v123456789&parent=x", f"{TWITCH}/videos/123456789"),
        (f"{TWITCH}/kites/clip/{CLIP}", f"https://clips.twitch.tv/{CLIP}"),
        (f"https://clips.twitch.tv/{CLIP}", f"https://clips.twitch.tv/{CLIP}"),
        (f"https://clips.twitch.tv/kites/{CLIP}", f"https://clips.twitch.tv/{CLIP}"),
        (f"https://clips.twitch.tv/embed?clip={CLIP}", f"https://clips.twitch.tv/{CLIP}"),
    ],
)
def test_an_address_of_twitch_has_one_form(url: str, address: str) -> None:
    link = start(url, "twitch")
    assert (link.url, link.kind) == (address, "video")
    assert link.key == ("video", "twitch", address.rpartition("/")[2])


@pytest.mark.parametrize(
    ("site", "url", "reason"),
    [
        ("tiktok", TIKTOK, "unknown_path"),
        ("tiktok", f"{TIKTOK}/tag/kites", "unknown_path"),
        ("tiktok", f"{TIKTOK}/@ada.kite/live", "unknown_path"),
        ("tiktok", f"{TIKTOK}/oembed?url={TIKTOK}/oembed?url=x", "unknown_path"),
        ("ted", f"{TED}/talks", "unknown_path"),
        ("ted", f"{TED}/about", "unknown_path"),
        ("twitch", f"{TWITCH}/kites", "shell"),
        ("twitch", f"{TWITCH}/directory", "unknown_path"),
        ("twitch", "https://player.twitch.tv/?channel=kites", "unknown_path"),
    ],
)
def test_what_names_nothing_that_can_be_read_is_refused_before_it_is_asked(site: str, url: str, reason: str) -> None:
    with pytest.raises(NotARecord) as refusal:
        start(url, site)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"{TIKTOK}/@ada.kite/photo/{VIDEO}", "VideoPage"),
        (f"{TIKTOK}/@_/video/{VIDEO}", "VideoPage"),
        (f"{TIKTOK}/@ada.kite/", "Profile"),
        (f"{TWITCH}/kites", "Channel"),
        (f"{TWITCH}/directory", "StructuredPage"),
        (f"https://clips.twitch.tv/{CLIP}", "ShortClip"),
        (f"{TWITCH}/videos/123456789", "Recording"),
    ],
)
def test_a_page_is_read_by_the_class_of_its_kind(url: str, name: str) -> None:
    host = url.split("/")[2]
    assert page_class(url, HOMES[host]).__name__ == name
    assert page_class(url).__name__ == name
