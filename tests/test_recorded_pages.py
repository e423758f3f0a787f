"""Recordings of real pages that lie beside the project; skipped where they do not."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import NotARecord
from crawler.items import ADAPTERS
from crawler.pages.base import Response
from crawler.pages.structured import StructuredPage

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "pages"
INDEX = FOLDER / "INDEX.jsonl"
ROWS = [json.loads(row) for row in INDEX.read_text(encoding="utf-8").splitlines()] if INDEX.exists() else []
PAGES = [row["path"] for row in ROWS if row["content_type"].startswith("text/html")]

pytestmark = pytest.mark.skipif(not PAGES, reason="no recordings beside the project")

KNOWN: dict[str, dict[str, Any]] = {
    "youtube/watch_php-embed.html": {
        "url": "https://www.youtube.com/watch?v=eiHXASgRTcA",
        "published_at": "2008-10-04T20:06:22Z",
        "duration": 138,
        "view_count": 14_397_946,
        "uploader": "smshdchrb",
        "description": None,
    },
    "youtube/watch_srtMWzyqdp8.html": {"duration": 3964, "view_count": 14_358, "uploader": "Confreaks", "tags": None},
    "youtube/watch_fJ9rUzIMcZQ.html": {
        "duration": 360,
        "view_count": 2_001_156_445,
        "like_count": 13_725_279,
        "uploader": "Queen Official",
        "uploader_url": "http://www.youtube.com/@Queen",
        "width": None,
    },
    "youtube/channel_UCzxQk-rZGowoqMBKxGD5jSA.html": {
        "kind": "user",
        "name": "Cherry Bloom",
        "url": "https://www.youtube.com/channel/UCzxQk-rZGowoqMBKxGD5jSA",
    },
    "vimeo/watch_235352744_2021.html": {
        "title": "Vimeo Live is here",
        "duration": 75,
        "published_at": "2017-09-25T14:36:56Z",
        "uploader_url": "https://vimeo.com/vimeomarketing",
        "width": 1920,
        "height": 1080,
    },
    "dailymotion/watch_xy0wd_2021.html": {
        "title": "Chats paresseux",
        "duration": 36,
        "published_at": "2007-01-08T10:41:29Z",
        "description": None,
        "uploader_url": "https://www.dailymotion.com/jeanbamin",
    },
    "ted/talk_george_monbiot.html": {
        "title": "For more wonder, rewild the world",
        "duration": 896,
        "published_at": "2013-09-09T15:14:58Z",
        "content_url": None,
    },
    "generic/medal.tv_clip.html": {"title": "Clips from stream", "description": None},
    "generic/kaltura_0_e2ea6ygt.html": {"title": "Kaltura Overview", "width": None},
}
REFUSED = {
    "vimeo/watch_password_required.html": "private",
    "twitch/video_106400740.html": "shell",
    "generic/ustream_channel.html": "not_found",
}
NO_RECORD = [
    "generic/trafilatura_winfuture.de-NASA.html",
    "generic/trafilatura_wsvn.com-crash.html",
    "generic/dribbble_profile_phenomenonstudio.html",
]


def page_of(path: str) -> StructuredPage:
    row = next(row for row in ROWS if row["path"] == path)
    url = row.get("url") or f"https://{row['platform']}.example/watch/0"
    headers = {"content-type": row["content_type"]}
    return StructuredPage(Response(url, (FOLDER / path).read_bytes(), row["status"], headers, "2026-01-01T00:00:00Z"))


def records_of(path: str) -> list[dict[str, Any]]:
    return [asdict(ADAPTERS[type(record)].validate_python(asdict(record))) for record in page_of(path).records()]


@pytest.mark.parametrize("path", PAGES)
def test_a_recording_is_a_valid_record_or_none(path: str) -> None:
    assert len(list(page_of(path).links())) <= 1_000
    try:
        assert len(records_of(path)) <= 1
    except NotARecord as refusal:
        assert refusal.reason  # noqa: PT017 - a refusal is one of two right answers


@pytest.mark.parametrize(("path", "field"), [(path, field) for path, fields in KNOWN.items() for field in fields])
def test_a_field_is_what_the_page_says(path: str, field: str) -> None:
    (record,) = records_of(path)
    assert record[field] == KNOWN[path][field]


@pytest.mark.parametrize("path", REFUSED)
def test_a_recording_of_no_record_says_why(path: str) -> None:
    with pytest.raises(NotARecord) as refusal:
        records_of(path)
    assert refusal.value.reason == REFUSED[path]


@pytest.mark.parametrize("path", NO_RECORD)
def test_a_recording_about_something_else_has_no_record(path: str) -> None:
    assert records_of(path) == []
