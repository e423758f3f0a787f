"""Crawls of a small archive.org, media.ccc.de and Odysee."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.pages.odysee.urls import PAGE_SIZE
from tests.crawls import crawl
from tests.golden import FIXTURES
from tests.tube import UNVERIFIED, Asked, Tube, running_tube

CHANNEL = "d1ae6a9097b44691d318a5bfc6dc1240311c7000"
CLAIMS = [f"{number:040x}" for number in range(PAGE_SIZE + 2)]
ITEMS = [f"kites_{number}" for number in range(3)]


class Archives(Tube):
    """The three sites."""

    def served(self, asked: Asked) -> tuple[int, str, bytes]:
        """Return status, content type and body."""
        answer = {"api.na-backend.odysee.com": self.odysee, "archive.org": self.archive_org}.get(
            asked.host, self.media_ccc
        )
        return 200, "application/json", json.dumps(answer(asked)).encode()

    def odysee(self, asked: Asked) -> Any:
        """Answer a call of the API: a channel by its name, or a page of its videos."""
        call = json.loads(asked.body)
        if call["method"] == "resolve":
            return fixture(f"odysee/resolve-{'not-found' if 'gone' in str(call) else 'channel'}")
        answer, page = fixture("odysee/search"), call["params"]["page"]
        video = answer["result"]["items"][0]
        ids = CLAIMS[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        answer["result"] |= {"items": [video | {"claim_id": one} for one in ids], "page": page}
        answer["result"] |= {"total_items": len(CLAIMS), "total_pages": 2}
        return answer

    def archive_org(self, asked: Asked) -> Any:
        """Answer with an item, or a page of a search."""
        path = urlsplit(asked.path).path
        if path.startswith("/services/"):
            first = int(asked.query.get("cursor", "0"))
            more = {"cursor": str(first + 2)} if first + 2 < len(ITEMS) else {}
            rows = [{"identifier": one, "mediatype": "movies"} for one in ITEMS[first : first + 2]]
            return {"items": rows, "count": len(rows), "total": len(ITEMS), **more}
        name = path.rpartition("/")[2]
        if name == "kite_films":
            return fixture("archive_org/collection")
        answer = fixture("archive_org/item")
        answer["metadata"]["identifier"] = name
        return answer

    def media_ccc(self, asked: Asked) -> Any:
        """Answer with a conference, or one of its two talks."""
        if asked.path == "/public/conferences/kites2024":
            return fixture("media_ccc/conference")
        return fixture("media_ccc/talk") | {"guid": asked.path.rpartition("/")[2]}


def fixture(case: str) -> Any:
    return json.loads((FIXTURES / case / "page.json").read_text(encoding="utf-8"))


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tube]:
    with running_tube(tmp_path, monkeypatch, Archives()) as running:
        yield running


def test_a_channel_of_odysee_and_all_its_videos_come_from_requests_with_a_body(tmp_path: Path, archives: Tube) -> None:
    ended = crawl("videos", tmp_path, "url=https://odysee.com/@Kites:d", "records=user,video", UNVERIFIED)
    assert set(ended.by_id("video")) == set(CLAIMS), ended.log
    assert set(ended.by_id("user")) == {CHANNEL}
    calls = [json.loads(asked.body) for asked in archives.asked]
    assert sorted((call["method"], call["params"].get("page")) for call in calls if call["method"] != "resolve") == [
        ("claim_search", 1),
        ("claim_search", 2),
    ]
    assert {asked.headers["content-type"] for asked in archives.asked} == {"application/json"}


@pytest.mark.usefixtures("archives")
def test_each_name_that_odysee_does_not_know_is_refused_by_itself(tmp_path: Path) -> None:
    names = tmp_path / "seeds.txt"
    names.write_text("https://odysee.com/@Kites:d/gone:1\nhttps://odysee.com/@Kites:d/gone:2\n", encoding="utf-8")
    ended = crawl("videos", tmp_path, f"seeds={names}", UNVERIFIED)
    assert ended.reasons() == ["not_found", "not_found"], ended.log
    assert len({reject["what"] for reject in ended.rejects}) == 2


def test_a_collection_of_the_archive_leads_to_all_its_videos(tmp_path: Path, archives: Tube) -> None:
    seed = "url=https://archive.org/details/kite_films?tab=collection"
    ended = crawl("videos", tmp_path, seed, "records=user,video", UNVERIFIED)
    assert set(ended.by_id("video")) == set(ITEMS), ended.log
    assert set(ended.by_id("user")) == {"kite_films"}
    assert {asked.host for asked in archives.asked} == {"archive.org"}


def test_a_conference_leads_to_its_talks(tmp_path: Path, archives: Tube) -> None:
    ended = crawl("videos", tmp_path, "url=https://media.ccc.de/c/kites2024", "records=user,video", UNVERIFIED)
    assert len(ended.by_id("video")) == 2, ended.log
    assert (
        {record["channel_id"] for record in ended.by_id("video").values()} == set(ended.by_id("user")) == {"kites2024"}
    )
    assert {asked.host for asked in archives.asked} == {"api.media.ccc.de"}
