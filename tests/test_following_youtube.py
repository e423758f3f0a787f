from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawls import crawl
from tests.tube import CHANNEL, GONE, KEY, UNVERIFIED, UPLOADS, Tube, running_tube

BOTH = "user,video"
LISTED = {"listedvide1", "listedvide2"}
SEEDS = {
    "user": "https://www.youtube.com/@KitesDaily",
    "videos": f"https://www.youtube.com/channel/{CHANNEL}/videos",
    "video": f"https://www.youtube.com/watch?v={UPLOADS[0]}",
    "playlist": "https://www.youtube.com/playlist?list=PLkiteskites",
}
SETS = {
    "user": {CHANNEL},
    "video": {UPLOADS[0]},
    "listed": LISTED,
    "uploads": set(UPLOADS) - GONE,
}


@pytest.fixture
def tube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tube]:
    with running_tube(tmp_path, monkeypatch) as running:
        yield running


ROWS = [
    ("user", "user", "user"),
    ("user", "video", "listed"),
    ("user", BOTH, "user listed"),
    ("videos", "user", "user"),
    ("videos", "video", "listed"),
    ("videos", BOTH, "user listed"),
    ("video", "user", "user"),
    ("video", "video", "video"),
    ("video", BOTH, "user video"),
    ("playlist", "user", "user"),
    ("playlist", "video", "listed"),
    ("playlist", BOTH, "user listed"),
]


@pytest.mark.parametrize("source", ["pages", "API"])
@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_a_seed_leads_to_what_the_table_says(
    tmp_path: Path, tube: Tube, monkeypatch: pytest.MonkeyPatch, row: tuple[str, str, str], source: str
) -> None:
    seed, records, expected = row
    if source == "API":
        monkeypatch.setenv("YOUTUBE_API_KEY", KEY)
        expected = expected.replace("listed", "uploads")
    ended = crawl("users", tmp_path, f"url={SEEDS[seed]}", f"records={records}", UNVERIFIED)
    wanted = set().union(*(SETS[word] for word in expected.split()))
    assert {record["id"] for record in ended.records} == wanted, ended.log
    assert tube.asked


def test_with_a_limit_one_page_of_the_uploads_and_one_batch_are_asked_for(
    tmp_path: Path, tube: Tube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUTUBE_API_KEY", KEY)
    ended = crawl("videos", tmp_path, f"url={SEEDS['user']}", "max_per_user=5", UNVERIFIED)
    assert {record["id"] for record in ended.records} == set(UPLOADS[:5])
    paths = [asked.path.partition("?")[0].rpartition("/")[2] for asked in tube.asked]
    assert sorted(paths) == ["channels", "playlistItems", "videos"]
    assert "all videos: 5 of 5 (limited to 5 per user; none declared), 0 refused, 0 failed" in ended.log


def test_with_a_limit_a_channel_s_first_videos_are_read_from_their_pages(tmp_path: Path, tube: Tube) -> None:
    ended = crawl("videos", tmp_path, f"url={SEEDS['user']}", "max_per_user=1", UNVERIFIED)
    assert [record["id"] for record in ended.records] == [min(LISTED)]
    assert sum("/watch" in asked.path for asked in tube.asked) == 1


@pytest.mark.parametrize("source", ["pages", "API"])
def test_of_a_playlist_the_limit_is_for_each_of_its_uploaders(
    tmp_path: Path, tube: Tube, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    if source == "API":
        monkeypatch.setenv("YOUTUBE_API_KEY", KEY)
    ended = crawl("videos", tmp_path, f"url={SEEDS['playlist']}", "max_per_user=1", UNVERIFIED)
    assert len(ended.records) == 1, ended.log
    asked_for = LISTED if source == "pages" else set(UPLOADS[:50])
    assert all(any(one in asked.path for asked in tube.asked) for one in asked_for)
