from __future__ import annotations

from typing import Any

import pytest

from crawler.errors import NotARecord
from crawler.items import User, Video
from crawler.pages.base import Response
from crawler.pages.structured import StructuredUserPage, StructuredVideoPage
from tests.web_page import HTML, NOW, URL, VIDEO, html

COUNTS = [
    {"@type": "InteractionCounter", "interactionType": "LikeAction", "userInteractionCount": "1.2K"},
    {"@type": "InteractionCounter", "interactionType": "WatchAction", "userInteractionCount": "5M"},
]


class Clip(StructuredVideoPage):
    site = "clips"
    asked = 0

    def id(self) -> str:
        return self.url.rpartition("/")[2]

    def title(self) -> str:
        return f"{self.structured.title}!"

    def duration(self) -> float | None:
        return None

    def like_count(self) -> int:
        return 1234

    def canonical_url(self) -> str:
        return "https://site.example/w/7"


class Profile(StructuredUserPage):
    site = "clips"

    def name(self) -> str | None:
        return self.structured.name and self.structured.name.upper()


def response_of(*blocks: Any) -> Response:
    body = html(*blocks, head="<title>Kites</title>")
    return Response(URL, body.encode(), 200, HTML, NOW)


def test_a_method_takes_the_place_of_what_the_structured_data_says() -> None:
    page = Clip(response_of({**VIDEO, "description": "Fly.", "interactionStatistic": COUNTS}))
    (record,) = page.records()
    assert isinstance(record, Video)
    assert (record.site, record.id, record.url) == ("clips", "7", "https://site.example/w/7")
    assert (record.title, record.description) == ("Kites!", "Fly.")
    assert record.duration is None
    assert (record.like_count, record.view_count, record.approximate) == (1234, 5_000_000, ["view_count"])
    assert list(page.records()) == [record]


def test_the_sources_tell_what_the_class_itself_says() -> None:
    page = Clip(response_of({**VIDEO, "description": "Fly."}))
    (record,) = page.records()
    sources = page.sources(record)
    assert {name for name, source in sources.items() if source == "Clip"} >= {"id", "title", "like_count", "url"}
    assert "duration" not in sources


def test_a_user_is_read_the_same_way() -> None:
    person = {"@type": "ProfilePage", "mainEntity": {"@type": "Person", "name": "Ada", "url": URL}}
    (record,) = Profile(response_of(person)).records()
    assert isinstance(record, User)
    assert record.name == "ADA"


def test_a_page_about_something_else_is_refused() -> None:
    with pytest.raises(NotARecord, match="no_user: its structured data tell of a video"):
        list(Profile(response_of(VIDEO)).records())
    with pytest.raises(NotARecord, match="no_video: its structured data tell of nothing"):
        list(Clip(Response(URL, b"%PDF", 200, {"content-type": "application/pdf"}, NOW)).records())


def test_what_the_structured_data_refuses_is_refused() -> None:
    with pytest.raises(NotARecord, match="not_found"):
        list(Clip(Response(URL, b"", 404, HTML, NOW)).records())
