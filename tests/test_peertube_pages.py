from __future__ import annotations

from typing import Any

import orjson
import pytest

from crawler.items import ADAPTERS, Video
from crawler.pages import page_for
from crawler.pages.base import Page, Response

BASE = "https://peertube.example"


def page(path: str, body: object, base: str = BASE, **carry: Any) -> Page:
    return page_for(
        Response(base + path, orjson.dumps(body), fetched_at="2026-01-01T00:00:00Z", carry=carry), "peertube"
    )


def account(name: str) -> dict[str, object]:
    host = "peertube.example"
    return {"id": name, "name": name, "host": host, "url": f"{BASE}/accounts/{name}", "displayName": name}


def test_a_server_that_does_not_heed_start_is_not_walked_for_ever() -> None:
    body = {"total": 999, "data": [account(f"u{n}") for n in range(3)]}
    first = page("/api/v1/accounts?start=0&count=3", body)
    (following,) = [link for link in first.links() if "/accounts?" in link.url]
    again = page("/api/v1/accounts?start=1&count=3", body, **following.carry)
    assert [link for link in again.links() if "/accounts?" in link.url] == []


@pytest.mark.parametrize("total", ["many", "12", 3.5, -1, None, True, [1]])
def test_a_total_that_is_no_number_of_things_is_none(total: object) -> None:
    listing = page("/api/v1/accounts/kim/videos?start=0&count=100", {"total": total, "data": []})
    assert listing.total() is None
    assert list(listing.links()) == []
    stats = page("/api/v1/server/stats", {"totalLocalVideos": total, "totalLocalVideoChannels": total})
    assert set(stats.totals().values()) <= {None}


def test_the_ports_own_number_is_not_part_of_the_host() -> None:
    listing = page("/api/v1/accounts?start=0&count=100", {"data": [account("kim")]}, base=f"{BASE}:443")
    assert [record.id for record in listing.records()] == ["kim@peertube.example"]


@pytest.mark.parametrize(
    "odd",
    [
        {"tags": "text"},
        {"files": [None, {"height": "x"}], "streamingPlaylists": [None]},
        {"privacy": {"id": [1]}, "state": {"id": {}}, "isLive": True},
        {"account": None, "channel": [], "category": "Music"},
        {"thumbnails": [None], "previewPath": 7},
    ],
)
def test_an_odd_field_costs_at_most_itself_or_its_record(odd: dict[str, object]) -> None:
    row = {"uuid": "9c9de5e8-0a1e-484a-b099-e80766180a6d", "name": "Title", "url": f"{BASE}/w/x"}
    (record,) = page("/api/v1/videos/9c9de5e8-0a1e-484a-b099-e80766180a6d", row | odd).records()
    assert type(record) in ADAPTERS


def test_an_odd_activity_costs_nothing_else() -> None:
    rows = [{"uuid": f"9c9de5e8-0a1e-484a-b099-e8076618{n:04d}", "name": f"Title {n}"} for n in range(3)]
    listing = page("/api/v1/accounts/kim/videos?start=0&count=100", {"total": 3, "data": rows})
    odd: list[dict[str, Any]] = [
        {"tag": ["x", {"type": "Hashtag"}], "url": ["x"]},
        {"tag": "x", "url": "x"},
        {"content": "Text"},
    ]
    items = [None, "x", *({"object": {"uuid": row["uuid"], **more}} for row, more in zip(rows, odd, strict=True))]
    assert listing.wants() is not None
    listing.add(Response(f"{BASE}/accounts/kim/outbox?page=1", orjson.dumps({"orderedItems": items})))
    assert [getattr(record, "title", "") for record in listing.records()] == ["Title 0", "Title 1", "Title 2"]


UUID = "9c9de5e8-0a1e-484a-b099-e80766180a6d"


def video(**told: Any) -> Video:
    (record,) = page(f"/api/v1/videos/{UUID}", {"uuid": UUID, "name": "Title", "url": f"{BASE}/w/x"} | told).records()
    assert isinstance(record, Video)
    return record


def test_a_description_that_an_old_version_has_cut_is_none() -> None:
    cut, long = "x" * 247 + "...", "x" * 300 + "..."
    assert video(description=cut).description is None
    assert video(description="Short...").description == "Short..."
    assert video(description=long, truncatedDescription=cut).description == long


def test_a_duration_of_nothing_is_not_known() -> None:
    assert video(duration=0).duration is None


def test_a_height_without_a_width_is_not_told_which_side_it_is() -> None:
    file = {"resolution": {"id": 720, "label": "720p"}, "fileUrl": f"{BASE}/720.mp4"}
    old, new = video(files=[file]), video(files=[{**file, "width": 720, "height": 1280}])
    assert (old.width, old.height, old.content_url) == (None, None, f"{BASE}/720.mp4")
    assert (new.width, new.height) == (720, 1280)
