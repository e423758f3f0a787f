"""Crawls of a small Dailymotion, by its API, and a small Vimeo, by its pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.crawls import crawl
from tests.golden import FIXTURES, body_of
from tests.tube import UNVERIFIED, Asked, Tube, running_tube

API_HOST, VIMEO = "api.dailymotion.com", "vimeo.com"
UPLOADS = [f"x7{number:05d}" for number in range(142)]
PAGES = {
    "/kiteclub": "vimeo/user",
    "/kiteclub/videos": "vimeo/videos-of-a-user",
    "/123456789": "vimeo/video",
    "/123456790": "vimeo/video-password",
}


class Sites(Tube):
    """Both sites behind one proxy."""

    def served(self, asked: Asked) -> tuple[int, str, bytes]:
        """Return status, content type and body."""
        path = urlsplit(asked.path).path
        if asked.host == VIMEO:
            case = PAGES.get(path)
            return (200, "text/html", text(case)) if case else (404, "text/html", text("vimeo/video-not-found"))
        return 200, "application/json", listed(asked.query) if path.endswith("/videos") else thing(path)


def text(case: str) -> bytes:
    """Return the page of a fixture."""
    return body_of(FIXTURES / case).read_bytes()


def thing(path: str) -> bytes:
    """Answer as the API for one video or user."""
    if path.startswith("/user/"):
        return text("dailymotion/api-user")
    video_id = path.rpartition("/")[2]
    known = json.loads(text("dailymotion/api-video")) | {"id": video_id}
    return json.dumps(known).encode() if video_id in UPLOADS else text("dailymotion/api-video-not-found")


def listed(query: dict[str, str]) -> bytes:
    """Answer as the API for the videos of a user."""
    page, size = int(query["page"]), int(query["limit"])
    ids = UPLOADS[(page - 1) * size : page * size]
    row = json.loads(text("dailymotion/api-video"))
    body = {"page": page, "limit": size, "total": len(UPLOADS), "has_more": page * size < len(UPLOADS)}
    return json.dumps(body | {"list": [row | {"id": one} for one in ids]}).encode()


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tube]:
    with running_tube(tmp_path, monkeypatch, Sites()) as running:
        yield running


def test_all_videos_of_a_dailymotion_user_come_a_hundred_a_request(tmp_path: Path, sites: Tube) -> None:
    url = "url=https://www.dailymotion.com/kiteclub"
    ended = crawl("videos", tmp_path, url, "records=user,video", "scope=host", UNVERIFIED)
    assert ended.exit_code == 0, ended.log
    assert set(ended.by_id("video")) == set(UPLOADS)
    assert set(ended.by_id("user")) == {"x1abcd"}
    assert {asked.host for asked in sites.asked} == {API_HOST}
    assert sum(asked.path.partition("?")[0].endswith("/videos") for asked in sites.asked) == 2
    assert len(sites.asked) <= 4


def test_a_dailymotion_video_that_is_gone_is_refused_with_what_the_site_says(tmp_path: Path, sites: Tube) -> None:
    ended = crawl("videos", tmp_path, "url=https://dai.ly/x7abcde", UNVERIFIED)
    assert (ended.records, ended.reasons()) == ([], ["not_found"])
    assert len(sites.asked) == 1


def test_a_vimeo_user_leads_to_the_videos_that_the_page_lists(tmp_path: Path, sites: Tube) -> None:
    ended = crawl("videos", tmp_path, "url=https://vimeo.com/kiteclub", "records=user,video", "scope=host", UNVERIFIED)
    assert set(ended.by_id("video")) == {"123456789"}, ended.log
    assert set(ended.by_id("user")) == {"4567890"}
    assert ended.reasons() == ["password"]
    assert {asked.host for asked in sites.asked} == {VIMEO}


def test_a_player_s_address_is_read_as_the_page_of_its_video(tmp_path: Path, sites: Tube) -> None:
    ended = crawl("videos", tmp_path, "url=https://player.vimeo.com/video/123456789?autoplay=1", UNVERIFIED)
    assert [record["url"] for record in ended.records] == ["https://vimeo.com/123456789"], ended.log
    assert [(asked.host, asked.path) for asked in sites.asked] == [(VIMEO, "/123456789")]
