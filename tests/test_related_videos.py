"""A page about one video that tells of others, too: nothing of theirs gets into its record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web_page import VIDEO, html, one

OTHER: dict[str, Any] = {
    "@type": "VideoObject",
    "name": "Rowing for two",
    "description": "How to row.",
    "thumbnailUrl": "/t/8.jpg",
    "embedUrl": "/embed/8",
    "duration": "PT9M",
    "uploadDate": "2020-01-01",
    "interactionCount": "999",
    "author": {"@type": "Person", "name": "Other"},
}
HEAD = (
    '<meta property="og:site_name" content="Site"><meta property="og:type" content="video.other">'
    '<meta property="og:title" content="Kites over the sea - Site"><meta property="og:video" content="/embed/7">'
    '<meta property="og:image" content="/t/7.jpg"><meta property="og:description" content="How to fly.">'
)


def test_another_video_of_the_same_name_is_not_taken_for_this_one() -> None:
    other = OTHER | {"name": VIDEO["name"], "url": "/watch/8"}
    record = one(html(VIDEO, other))
    assert (record.uploader, record.view_count, record.published_at, record.duration) == (None, None, None, 60)


def test_an_account_of_the_video_that_names_no_page_is_joined_to_the_one_that_does() -> None:
    assert one(html(VIDEO, OTHER | {"name": VIDEO["name"]})).uploader == "Other"


def test_a_lone_video_that_has_nothing_in_common_with_the_page_is_another_one() -> None:
    record = one(html(OTHER, head=HEAD))
    assert (record.title, record.description, record.duration) == ("Kites over the sea", "How to fly.", None)
    assert (record.uploader, record.view_count, record.published_at) == (None, None, None)


def test_the_sites_name_in_both_titles_is_nothing_in_common() -> None:
    assert one(html(OTHER | {"name": "Rowing for two - Site"}, head=HEAD)).uploader is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Kites"),
        ("name", "The kites of 2024"),
        ("thumbnailUrl", "https://site.example/t/7.jpg"),
        ("embedUrl", "/embed/7"),
        ("description", "How to fly. And how to land."),
    ],
)
def test_a_lone_video_that_shares_a_word_a_picture_a_player_or_the_summary_is_this_one(field: str, value: str) -> None:
    assert one(html(OTHER | {field: value}, head=HEAD)).uploader == "Other"


def item(name: str, url: str) -> str:
    """Return microdata of the page's video with an author."""
    return (
        '<div itemscope itemtype="https://schema.org/VideoObject"><meta itemprop="name" content="Kites">'
        '<link itemprop="url" href="/watch/7"><div itemprop="author" itemscope itemtype="https://schema.org/Person">'
        f'<meta itemprop="name" content="{name}"><link itemprop="url" href="{url}">'
        '<meta itemprop="interactionCount" content="UserFollows:55"></div></div>'
    )


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ({"name": "Ann"}, ("Ann", "https://site.example/@bob", 55)),
        ({"name": "Bob"}, ("Bob", "https://site.example/@bob", 55)),
        ({"name": "Zoe"}, ("Zoe", None, None)),
        ({"name": "Zoe", "url": "/@bob"}, ("Zoe", "https://site.example/@bob", 55)),
        ({"url": "/@zoe"}, (None, "https://site.example/@zoe", None)),
        ({"url": "/@bob-ann"}, (None, "https://site.example/@bob-ann", None)),
        ({"url": "/@bob"}, ("Ann Bob", "https://site.example/@bob", 55)),
    ],
)
def test_the_address_and_followers_of_one_author_do_not_stand_beside_the_name_of_another(
    author: dict[str, str], expected: tuple[str | None, str | None, int | None]
) -> None:
    record = one(html(VIDEO | {"author": author}, body=item("Ann Bob", "/@bob")))
    assert (record.uploader, record.uploader_url, record.channel_follower_count) == expected


@pytest.mark.parametrize(
    ("told", "size"), [({}, (1280, 720)), ({"width": 1280}, (1280, 720)), ({"width": 1920}, (1920, None))]
)
def test_width_and_height_are_of_one_file(told: dict[str, int], size: tuple[int, int | None]) -> None:
    head = HEAD.replace("/embed/7", "/7.mp4") + '<meta property="og:video:width" content="1280">'
    record = one(html(VIDEO | told, head=head + '<meta property="og:video:height" content="720">'))
    assert (record.width, record.height) == size
