"""Which syntax told a field, and what oEmbed adds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crawler.errors import NotARecord
from crawler.pages.base import Page, Response
from crawler.pages.structured import StructuredPage
from crawler.pages.structured.oembed import OEmbed
from tests.web_page import HTML, NOW, URL, VIDEO, html, page

OEMBED = "https://api.site.example/oembed?format=json&url=https%3A%2F%2Fsite.example%2Fwatch%2F7"
LINK = f"<link rel=alternate type='application/json+oembed' href='{OEMBED.replace('&', '&amp;')}'>"
METAS = (
    "<meta property=og:type content=video.other><meta property=og:video content=https://cdn.example/7.mp4>"
    "<meta property=og:video:type content=video/mp4><meta name=twitter:image content=https://cdn.example/7.jpg>"
    "<meta name=description content='About kites'><title>Kites</title>"
)
ANSWER: dict[str, Any] = {
    "version": "1.0",
    "type": "video",
    "title": "Kites",
    "author_name": "Alice",
    "author_url": "https://site.example/@alice",
    "thumbnail_url": "https://cdn.example/o.jpg",
    "width": 640,
    "height": 360,
    "html": "<iframe src='https://site.example/embed/7'></iframe>",
}


def sources(read: Page) -> dict[str, str]:
    (record,) = read.records()
    return read.sources(record)


def answer(at: str = OEMBED, /, **changed: Any) -> Response:
    return Response(at, json.dumps(ANSWER | changed).encode(), headers={"content-type": "application/json"})


def test_each_field_names_the_syntax_that_told_it() -> None:
    item = (
        f"<div itemscope itemtype=http://schema.org/VideoObject><meta itemprop=name content=Kites>"
        f"<link itemprop=url href={URL}><meta itemprop=genre content=Sports></div>"
    )
    assert sources(page(html(VIDEO, head=METAS + f"<link rel=canonical href={URL}>", body=item))) == {
        "id": "link rel=canonical",
        "url": "link rel=canonical",
        "title": "JSON-LD",
        "description": "meta",
        "duration": "JSON-LD",
        "thumbnail": "Twitter card",
        "categories": "microdata",
        "content_url": "OpenGraph",
    }


def test_a_title_of_the_head_and_an_address_of_the_request_are_told_as_such() -> None:
    assert sources(page(f"<head>{METAS}</head>")) == {
        "id": "URL",
        "url": "URL",
        "title": "title",
        "description": "meta",
        "thumbnail": "Twitter card",
        "content_url": "OpenGraph",
    }


def test_a_profile_names_its_syntaxes() -> None:
    metas = "<meta property=og:type content=profile><meta property=og:title content='Alice A. (@alice)'>"
    told = sources(page(f"<head>{metas}</head>", "https://site.example/@alice"))
    assert told == {"id": "URL", "url": "URL", "username": "URL", "name": "OpenGraph"}


def test_a_video_without_uploader_takes_it_from_the_sites_oembed() -> None:
    read = page(html(VIDEO, head=LINK))
    wanted = read.wants()
    assert wanted is not None
    assert (wanted.url, wanted.optional) == (OEMBED, True)
    read.add(answer())
    assert read.wants() is None
    (record,) = read.records()
    told = read.sources(record)
    assert (record.uploader, record.uploader_url) == ("Alice", "https://site.example/@alice")  # type: ignore[union-attr]
    assert (told["uploader"], told["embed_url"], told["title"]) == ("oEmbed", "oEmbed", "JSON-LD")
    assert (record.width, record.height) == (None, None)  # type: ignore[union-attr]  # those of a player


def test_oembed_that_cannot_be_had_or_is_no_video_changes_nothing() -> None:
    for given in (None, Response(OEMBED, b"", 404), Response(OEMBED, b"[]"), answer(type="rich")):
        read = page(html(VIDEO, head=LINK))
        assert read.wants()
        read.add(given)
        assert read.wants() is None
        (record,) = read.records()
        assert record.uploader is None  # type: ignore[union-attr]


@pytest.mark.parametrize(("title", "uploader"), [("Rowing", None), (None, None), ("Kites - Site", "Alice")])
def test_oembed_of_another_page_and_title_is_not_taken(title: str | None, uploader: str | None) -> None:
    read = page(html(VIDEO, head=LINK))
    read.add(answer(title=title, url="https://site.example/watch/8"))
    (record,) = read.records()
    assert record.uploader == uploader  # type: ignore[union-attr]


def test_an_account_that_is_the_site_itself_is_no_uploader() -> None:
    read = page(html(VIDEO, head=LINK))
    read.add(answer(author_name="Site", author_url="https://site.example/", provider_name="Site"))
    (record,) = read.records()
    assert (record.uploader, record.uploader_url) == (None, None)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "source",
    [
        html(VIDEO | {"author": {"name": "A"}, "thumbnailUrl": "https://cdn.example/1.jpg"}, head=LINK),
        html(VIDEO, head=LINK.replace("api.site.example", "other.example")),
        html({"@type": "NewsArticle", "headline": "Kites"}, head=LINK),
        f"<head><title>Video unavailable</title>{LINK}</head>",
    ],
)
def test_oembed_is_not_asked_for_in_vain_nor_of_another_site(source: str) -> None:
    assert page(source).wants() is None


@pytest.mark.parametrize(
    ("url", "changed", "named"),
    [
        (OEMBED, {}, "https://site.example/watch/7"),
        (
            "https://site.example/oembed",
            {"url": "https://site.example/watch/8?utm_source=x"},
            "https://site.example/watch/8",
        ),
        ("https://www.site.example/oembed", {"url": "https://site.example/watch/8"}, "https://site.example/watch/8"),
    ],
)
def test_an_oembed_answer_that_names_its_video_is_a_record(url: str, changed: dict[str, Any], named: str) -> None:
    read = StructuredPage(answer(url, **changed))
    (record,) = read.records()
    assert (record.id, record.url) == (named, named)
    assert set(read.sources(record).values()) == {"oEmbed"}


def test_of_an_oembed_answer_neither_the_site_as_uploader_nor_half_a_description_is_taken() -> None:
    changed = {"author_name": "SITE", "author_url": "https://site.example/", "provider_name": "Site"}
    read = StructuredPage(answer(OEMBED, **changed, description=f"{'Wind. ' * 30}..."))
    (record,) = read.records()
    assert (record.uploader, record.description) == (None, None)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("url", "changed"),
    [
        ("https://site.example/oembed", {}),
        ("https://site.example/oembed", {"url": "https://other.example/watch/7"}),
        ("https://site.example/oembed", {"url": "https://site.example/7.mp4"}),
        ("https://site.example/oembed?url=https%3A%2F%2Fsite.example%2F", {}),
        (OEMBED, {"title": None}),
    ],
)
def test_an_oembed_answer_that_does_not_name_its_video_is_refused(url: str, changed: dict[str, Any]) -> None:
    with pytest.raises(NotARecord):
        list(StructuredPage(answer(url, **changed)).records())


@pytest.mark.parametrize(
    "body", [b"{}", b'{"version": "1.0"}', b'{"version": "1.0", "type": ["video"]}', b"{" * 100_000]
)
def test_other_json_is_no_record(body: bytes) -> None:
    assert list(StructuredPage(Response(OEMBED, body)).records()) == []


def test_entities_in_oembed_are_unescaped_once() -> None:
    told = OEmbed.of(answer(title="Kites &#8217;24 &amp;amp; boats"))
    assert told is not None
    assert told.title == "Kites \u2019" + "24 &amp; boats"


def test_a_page_that_is_broken_utf8_is_read_as_one_that_is_not() -> None:
    read = StructuredPage(Response(URL, html(VIDEO).encode() + b"\xff\xfe", headers=HTML, fetched_at=NOW))
    assert [record.url for record in read.records()] == [URL]
