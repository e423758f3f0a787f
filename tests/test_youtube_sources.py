"""Which part of a page of YouTube tells what, in pages with scripts, without them, and before there were any."""

from __future__ import annotations

import json

import pytest

from crawler.items import Video
from crawler.pages.base import Response
from crawler.pages.youtube.markup import Markup
from crawler.pages.youtube.video import Watch
from tests.test_fixtures import page_of


def test_a_field_is_said_to_be_from_where_it_is() -> None:
    page = page_of("youtube/watch")
    (record,) = page.records()
    told = page.sources(record)
    assert (told["title"], told["like_count"], told["comment_count"], told["channel_follower_count"]) == (
        *("ytInitialPlayerResponse", "ytInitialPlayerResponse"),
        *("ytInitialData", "ytInitialData"),
    )


def test_likes_are_read_as_pages_of_2013_print_them() -> None:
    printed = '<span class="likes-count">1,204</span> <span class="dislikes-count">31</span>'
    body = f'<span class="video-extras-likes-dislikes">{printed}</span>'.encode()
    markup = Markup(Response("https://www.youtube.com/watch?v=watchwatch1", body))
    assert (markup.old_button("like"), markup.old_button("dislike")) == (1204, 31)


def test_the_stream_that_a_channel_shows_is_said_to_be_read_as_its_own_page() -> None:
    page = page_of("youtube/channel-live-now")
    (found,) = page.records()
    assert page.sources(found)["title"] == "ytInitialPlayerResponse"


def test_a_channel_s_list_of_videos_is_said_to_tell_the_channel_as_its_home_page_does() -> None:
    page = page_of("youtube/channel-videos")
    (found,) = page.records()
    assert set(page.sources(found).values()) == {"ytInitialData"}


def test_a_channel_without_scripts_is_said_to_be_read_from_its_microdata() -> None:
    page = page_of("youtube/channel-of-2016")
    (found,) = page.records()
    assert set(page.sources(found).values()) == {"microdata"}


def test_what_the_player_of_an_old_page_is_not_told_is_said_to_be_from_its_microdata() -> None:
    page = page_of("youtube/watch-of-2017")
    (record,) = page.records()
    told = page.sources(record)
    assert {told[name] for name in ("published_at", "categories", "embed_url", "availability")} == {"microdata"}
    assert {told[name] for name in ("title", "view_count", "uploader_id", "tags")} == {"ytInitialPlayerResponse"}


def test_a_page_without_scripts_is_said_to_be_read_from_its_microdata() -> None:
    page = page_of("youtube/watch-without-scripts")
    (record,) = page.records()
    assert set(page.sources(record).values()) == {"microdata"}


@pytest.mark.parametrize(("shown", "comments"), [("watchwatch1", 30), ("otherother1", None)])
def test_what_the_page_tells_of_another_video_than_its_player_is_not_taken(shown: str, comments: int | None) -> None:
    player = {
        "videoDetails": {
            "videoId": "watchwatch1",
            "title": "Kites",
            "lengthSeconds": "61",
            "author": "Ann",
            "viewCount": "5",
        },
        "playabilityStatus": {"status": "OK"},
    }
    header = {"engagementPanelTitleHeaderRenderer": {"contextualInfo": {"runs": [{"text": "30"}]}}}
    data = {
        "currentVideoEndpoint": {"watchEndpoint": {"videoId": shown}},
        "engagementPanels": [
            {
                "engagementPanelSectionListRenderer": {
                    "panelIdentifier": "engagement-panel-comments-section",
                    "header": header,
                }
            }
        ],
    }
    scripts = f"var ytInitialPlayerResponse = {json.dumps(player)};var ytInitialData = {json.dumps(data)};"
    body = f'<html lang="en"><script>{scripts}</script>'.encode()
    (record,) = Watch(Response("https://www.youtube.com/watch?v=watchwatch1", body)).records()
    assert isinstance(record, Video)
    assert record.comment_count == comments
