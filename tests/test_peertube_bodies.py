"""PeerTube's HTML and ActivityPub at other addresses and of other versions; whole bodies are in `fixtures/peertube`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import pytest

from crawler.errors import NotARecord
from crawler.items import ADAPTERS, RecordKey
from crawler.pages import page_for, platform_of
from crawler.pages.base import Response
from crawler.pages.peertube import PEERTUBE
from tests.golden import FIXTURES

BASE = "https://peertube.example"
UUID, SHORT = "9c9de5e8-0a1e-484a-b099-e80766180a6d", "kkGMgK9ZtnKfYAgnEtQxbv"
HTML, JSON = "text/html; charset=utf-8", "application/activity+json"


def body(case: str) -> str:
    return next((FIXTURES / "peertube" / case).glob("page.*")).read_text("utf-8")


def read(source: str, url: str, content_type: str = HTML, status: int = 200) -> Any:
    """Read a body as one of a host of which nothing is known."""
    response = Response(url, source.encode(), status, {"content-type": content_type}, "2026-01-01T00:00:00Z")
    found = platform_of(response)
    assert found == "peertube"
    (record,) = page_for(response, found).records()
    return ADAPTERS[type(record)].validate_python(asdict(record))


@pytest.mark.parametrize(
    "path",
    [f"/w/{SHORT}", f"/w/{SHORT}?start=3s", f"/videos/watch/{UUID}", "/videos/watch/1234", f"/videos/embed/{UUID}"],
)
def test_a_video_is_one_at_all_its_addresses(path: str) -> None:
    record = read(body("page-of-a-video"), BASE + path)
    assert (record.site, record.id, record.url) == ("peertube", UUID, f"{BASE}/w/{SHORT}")


def test_a_video_of_another_instance_has_its_address_there() -> None:
    there = f"https://other.example/videos/watch/{UUID}"
    record = read(body("page-of-a-video").replace(f"{BASE}/w/{SHORT}", there), f"{BASE}/w/{SHORT}")
    assert (record.id, record.url) == (UUID, there)


@pytest.mark.parametrize("path", ["/a/alice/videos", "/accounts/alice", "/@alice"])
def test_an_account_is_one_at_all_its_addresses(path: str) -> None:
    assert read(body("page-of-an-account"), BASE + path).id == "alice@peertube.example"


def test_the_page_of_another_account_than_asked_for_is_refused() -> None:
    with pytest.raises(NotARecord) as refusal:
        read(body("page-of-an-account"), f"{BASE}/a/bob")
    assert refusal.value.reason == "shell"


def test_html_names_the_syntax_of_each_field() -> None:
    response = Response(f"{BASE}/w/{SHORT}", body("page-of-a-video").encode(), headers={"content-type": HTML})
    page = page_for(response, "peertube")
    (record,) = page.records()
    told = page.sources(record)
    assert (told["title"], told["url"]) == ("JSON-LD", "link rel=canonical")


@pytest.mark.parametrize(
    ("case", "url"),
    [
        ("activity-video", f"{BASE}/videos/watch/{UUID}"),
        ("activity-account", f"{BASE}/accounts/alice"),
        ("activity-outbox", f"{BASE}/accounts/alice/outbox?page=1"),
        ("video", f"{BASE}/api/v1/videos/{UUID}"),
        ("video", f"{BASE}/videos/watch/{UUID}"),
        ("video-unknown", f"{BASE}/api/v1/videos/{UUID}"),
        ("account", f"{BASE}/api/v1/accounts/alice"),
        ("channels", f"{BASE}/api/v1/video-channels"),
        ("videos-of-an-account", f"{BASE}/api/v1/accounts/alice/videos"),
    ],
)
def test_json_tells_by_its_shape_that_peertube_made_it(case: str, url: str) -> None:
    source = body(case).replace('"error"', '"docs": "https://docs.joinpeertube.org/x", "error"')
    if case == "video-unknown" and "docs" not in source:
        source = '{"docs": "https://docs.joinpeertube.org/api-rest-reference.html#operation/getVideo", "status": 404}'
    assert PEERTUBE.recognises(Response(url, source.encode(), headers={"content-type": "application/json"}))


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (f"{BASE}/api/v1/videos", '{"data": [{"uuid": "x", "name": "y"}]}'),
        (f"{BASE}/api/v1/videos", "[]"),
        ("https://social.example/users/a", '{"@context": ["https://www.w3.org/ns/activitystreams"], "type": "Person"}'),
        ("https://sepiasearch.org/api/v1/search/videos", body("search-over-instances")),
        (f"{BASE}/x", '{"@context": ' * 10_000),
    ],
)
def test_other_json_is_not_taken_for_peertubes(url: str, source: str) -> None:
    assert not PEERTUBE.recognises(Response(url, source.encode(), headers={"content-type": "application/json"}))


def test_the_key_of_a_found_video_is_told_only_where_its_address_confirms_it() -> None:
    url = "https://sepiasearch.org/api/v1/search/videos?search=boats&start=0&count=15"
    page = page_for(Response(url, body("search-over-instances").encode()))
    assert [link.key for link in page.links()] == [RecordKey("video", "peertube", UUID), None]
    assert list(page.members()) == [RecordKey("video", "peertube", UUID)]
    assert page.total() == 2


@pytest.mark.parametrize("changed", [{"id": None}, {"uuid": 7}, {"uuid": "no uuid"}])
def test_an_activity_video_without_its_id_is_refused(changed: dict[str, Any]) -> None:
    row = json.loads(body("activity-video")) | changed
    with pytest.raises(NotARecord):
        read(json.dumps(row), f"{BASE}/videos/watch/{UUID}", JSON)


@pytest.mark.parametrize(
    ("player", "asked", "url"),
    [
        (SHORT, f"/videos/watch/{UUID}", f"{BASE}/videos/watch/{UUID}"),
        (f"{SHORT}?start=3s", f"/w/{SHORT}?start=3s", f"{BASE}/w/{SHORT}"),
        (UUID, "/w/another", f"{BASE}/videos/watch/{UUID}"),
        (SHORT, "/w/another", f"{BASE}/w/{SHORT}"),
    ],
)
def test_oembed_is_of_the_video_in_the_player(player: str, asked: str, url: str) -> None:
    source = body("oembed").replace(SHORT, player).replace("video-channels/boats", "accounts/ada")
    record = read(source, f"{BASE}/services/oembed?url={quote(BASE + asked, safe='')}", "application/json")
    assert (record.id, record.url, record.uploader_id, record.channel) == (UUID, url, "ada@peertube.example", None)
    assert record.embed_url == f"{BASE}/videos/embed/{player.partition('?')[0]}"


@pytest.mark.parametrize("path", [f"videos/{UUID}", "accounts/alice", "accounts/alice/videos", "video-channels"])
def test_an_error_that_was_saved_without_its_status_is_refused_for_its_reason(path: str) -> None:
    error = {"type": "about:blank", "docs": "https://docs.joinpeertube.org/x", "detail": "gone", "status": 404}
    page = page_for(Response(f"{BASE}/api/v1/{path}", json.dumps(error).encode()), "peertube")
    assert page.wants() is None
    with pytest.raises(NotARecord) as refusal:
        list(page.records())
    assert refusal.value.reason == "not_found"
