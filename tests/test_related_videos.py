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
