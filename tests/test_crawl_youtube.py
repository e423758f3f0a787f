"""Crawls of a small YouTube: its pages, and its Data API with a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawls import Ended, crawl
from tests.tube import API_HOST, CHANNEL, GONE, KEY, UNVERIFIED, UPLOADS, WWW, Tube, running_tube

SEED = "url=https://www.youtube.com/@KitesDaily/featured"


@pytest.fixture
def tube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tube]:
    with running_tube(tmp_path, monkeypatch) as running:
        yield running


@pytest.fixture
def key(tube: Tube, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - which begins without one
    monkeypatch.setenv("YOUTUBE_API_KEY", KEY)


def told(ended: Ended, folder: Path) -> bytes:
    """All that a crawl has written anywhere: its log, its feeds, what is left of its store."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return ended.log.encode() + b"".join(path.read_bytes() for path in files)


@pytest.mark.usefixtures("key")
def test_with_a_key_a_channel_s_videos_come_in_batches_of_fifty(tmp_path: Path, tube: Tube) -> None:
    ended = crawl("videos", tmp_path, SEED, "records=user,video", "scope=host", UNVERIFIED)
    assert set(ended.by_id("video")) == set(UPLOADS) - GONE, ended.log
    assert ended.reasons() == ["not_found"]
    assert set(ended.by_id("user")) == {CHANNEL}
    paths = [asked.path.partition("?")[0].rpartition("/")[2] for asked in tube.asked]
    assert {asked.host for asked in tube.asked} == {API_HOST}
    assert (paths.count("playlistItems"), paths.count("videos")) == (2, 2)
    assert paths.count("channels") <= 2


@pytest.mark.usefixtures("key")
def test_the_key_is_sent_as_a_header_and_stands_nowhere_else(tmp_path: Path, tube: Tube) -> None:
    ended = crawl("videos", tmp_path, SEED, "records=user,video", "LOG_LEVEL=DEBUG", UNVERIFIED)
    assert {asked.headers.get("x-goog-api-key") for asked in tube.asked} == {KEY}
    assert [asked.path for asked in tube.asked if "key" in asked.path.lower()] == []
    assert KEY.encode() not in told(ended, tmp_path)


@pytest.mark.usefixtures("key")
def test_the_key_does_not_follow_a_redirect_to_another_host(tmp_path: Path, tube: Tube) -> None:
    tube.elsewhere = "https://elsewhere.example/youtube/v3/channels"
    ended = crawl("users", tmp_path, SEED, UNVERIFIED)
    keys = {asked.host: asked.headers.get("x-goog-api-key") for asked in tube.asked}
    assert keys == {API_HOST: KEY, "elsewhere.example": None}
    assert KEY.encode() not in told(ended, tmp_path)


@pytest.mark.usefixtures("key")
def test_a_spent_quota_is_explained_and_the_same_line_goes_on_later(tmp_path: Path, tube: Tube) -> None:
    tube.quota = 3
    ended = crawl("videos", tmp_path, SEED, UNVERIFIED)
    assert ended.exit_code == 1
    assert "has used up its quota" in ended.log
    assert "midnight in California" in ended.log
    assert KEY.encode() not in told(ended, tmp_path)
    assert len(ended.records) < len(UPLOADS)
    before, tube.quota = len(tube.asked), None
    ended = crawl("videos", tmp_path, SEED, UNVERIFIED, option="-o")
    assert {record["id"] for record in ended.records} == set(UPLOADS) - GONE, ended.log
    assert len(tube.asked) - before <= 4, "it went on, and did not begin anew"


def test_without_a_key_a_channel_leads_to_the_first_page_of_its_videos(tmp_path: Path, tube: Tube) -> None:
    ended = crawl("videos", tmp_path, SEED, "records=user,video", UNVERIFIED)
    assert ended.exit_code == 0, ended.log
    assert set(ended.by_id("video")) == {"listedvide1", "listedvide2"}
    assert set(ended.by_id("user")) == {CHANNEL}
    assert {asked.host for asked in tube.asked} == {WWW}
    assert [asked.path for asked in tube.asked if asked.path.startswith(("/youtubei", "/results", "/feeds"))] == []


def test_a_short_address_of_a_video_is_one_page(tmp_path: Path, tube: Tube) -> None:
    ended = crawl("videos", tmp_path, "url=https://youtu.be/listedvide1?si=x", UNVERIFIED)
    assert ended.exit_code == 0, ended.log
    assert [record["id"] for record in ended.records] == ["listedvide1"]
    assert [(asked.host, asked.path) for asked in tube.asked] == [(WWW, "/watch?v=listedvide1")]


def test_an_address_that_is_no_video_channel_or_playlist_is_refused_unasked(tmp_path: Path, tube: Tube) -> None:
    ended = crawl("videos", tmp_path, "url=https://www.youtube.com/results?search_query=kites", UNVERIFIED)
    assert ended.reasons() == ["unknown_path"]
    assert tube.asked == []


@pytest.mark.usefixtures("key")
def test_seeds_of_a_file_are_asked_for_fifty_at_once(tmp_path: Path, tube: Tube) -> None:
    seeds = tmp_path / "seeds.jsonl"
    lines = [
        json.dumps({"url": f"https://youtu.be/{one}", "tag": "a" if one < "v0000000052" else "b"}) for one in UPLOADS
    ]
    seeds.write_text("\n".join(lines))
    ended = crawl("videos", tmp_path, f"seeds={seeds}", UNVERIFIED)
    assert {record["id"]: record["seed_meta"]["tag"] for record in ended.records} == {
        one: "a" if one < "v0000000052" else "b" for one in UPLOADS if one not in GONE
    }
    assert ended.reasons() == ["not_found"]
    assert ended.exit_code == 1, "a seed was refused"
    assert sorted(asked.path.count(",v") + 1 for asked in tube.asked) == [1, 2, 50]


@pytest.mark.usefixtures("key")
def test_seeds_of_a_batch_that_are_all_gone_are_refused_one_by_one(tmp_path: Path, tube: Tube) -> None:
    urls = ",".join(f"https://youtu.be/{one}" for one in (*GONE, "v9999999999"))
    ended = crawl("videos", tmp_path, f"url={urls}", UNVERIFIED)
    assert (len(tube.asked), ended.records, ended.reasons()) == (1, [], ["not_found"] * 2)
