"""archive.org, media.ccc.de and Odysee: addresses, what is told in odd ways, and what is no page at all."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from crawler.errors import NotARecord
from crawler.items import Video
from crawler.pages import HOMES, PLATFORMS, page_for
from crawler.pages.archive_org.item import Item, length, plain
from crawler.pages.base import Response
from crawler.pages.languages import bcp47
from crawler.pages.odysee import urls as odysee

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(
    path for site in ("archive_org", "media_ccc", "odysee") for path in (FIXTURES / site).glob("*/page.json")
)
JUNK: list[Any] = [None, True, -1, 10**30, "", "x", "\ud800", "http://[", [], {}, [[]], [None], "2020-13-40", "lbry://"]


@pytest.mark.parametrize(
    ("url", "kind", "first"),
    [
        ("https://archive.org/details/kites_1957", "video", "https://archive.org/metadata/kites_1957"),
        ("https://archive.org/details/kites_1957/reel2.mpeg", "video", "https://archive.org/metadata/kites_1957"),
        ("https://archive.org/details/kites_1957&sort=-week", "video", "https://archive.org/metadata/kites_1957"),
        ("https://www.archive.org/embed/kites_1957?start=3", "video", "https://archive.org/metadata/kites_1957"),
        ("https://archive.org/details/@adabreeze", "user", "https://archive.org/metadata/@adabreeze"),
        ("https://media.ccc.de/v/kites2024-7-how_to_fly#t=61", "video", "https://api.media.ccc.de/public/events/kites2024-7-how_to_fly"),
        ("https://media.ccc.de/c/kites2024/hall-1", "user", "https://api.media.ccc.de/public/conferences/kites2024"),
        ("https://media.ccc.de/recent", "listing", "https://api.media.ccc.de/public/events/recent"),
        ("https://media.ccc.de/", "listing", "https://api.media.ccc.de/public/conferences"),
        ("https://media.ccc.de/public/events/4711", "video", "https://api.media.ccc.de/public/events/4711"),
    ],
)  # fmt: skip
def test_an_address_leads_to_where_all_of_it_is_told(url: str, kind: str, first: str) -> None:
    (link,) = start(url)
    assert (link.kind, link.url, link.method) == (kind, first, "GET")


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        ("https://odysee.com/@Kites:d/how-to-fly:1", "video", "lbry://@Kites#d/how-to-fly#1"),
        ("https://odysee.com/@Kites:d?view=about", "user", "lbry://@Kites#d"),
        ("https://lbry.tv/how-to-fly:1a", "video", "lbry://how-to-fly#1a"),
        (f"https://odysee.com/$/embed/how-to-fly/{'ab' * 20}?r=1", "video", f"lbry://how-to-fly#{'ab' * 20}"),
        ("https://odysee.com/%24/embed/%40Kites%3Ad%2Fhow-to-fly%3A1", "video", "lbry://@Kites#d/how-to-fly#1"),
        ("https://odysee.com/@K%C3%A4ses:d", "user", "lbry://@K\u00e4ses#d"),
    ],
)
def test_an_address_of_odysee_is_resolved_by_a_request_with_a_body(url: str, kind: str, name: str) -> None:
    (link,) = start(url)
    assert (link.kind, link.method, link.headers["Content-Type"]) == (kind, "POST", "application/json")
    assert json.loads(link.body)["params"] == {"urls": [name]}


@pytest.mark.parametrize(
    "url",
    [
        "https://archive.org/about/",
        "https://archive.org/details/",
        "https://media.ccc.de/about.html",
        "https://odysee.com/$/discover",
        "https://odysee.com/",
    ],
)
def test_an_address_that_names_nothing_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(NotARecord, match="pass one like") as refusal:
        start(url)
    assert refusal.value.reason == "unknown_path"


def test_the_next_page_of_a_channel_asks_for_the_next_50_of_it() -> None:
    claim = "ab" * 20
    body = {"result": {"items": [], "page": 2, "page_size": 50, "total_items": 102, "total_pages": 3}}
    page = page_for(Response(f"{odysee.API}?m=claim_search", json.dumps(body).encode(), carry={"channel": claim}))
    (link,) = page.links()
    assert link == odysee.channel_videos(claim, 3)
    assert (page.total(), page.listing()) == (102, (f"videos of {claim}", "video", False, ""))


def test_a_number_of_claims_at_which_the_api_stops_counting_is_none() -> None:
    body = {"result": {"items": [], "page": 1, "page_size": 50, "total_items": 1000, "total_pages": 20}}
    assert page_for(Response(f"{odysee.API}?m=claim_search", json.dumps(body).encode())).total() is None


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("35:28", 2128.0), ("01:02:03", 3723.0), ("3542.04", 3542.04), (61, 61.0), ("0", None), ("1h", None), (True, None),
     (10**400, None), ("", None), (None, None)],
)  # fmt: skip
def test_the_length_of_a_file_is_read_in_all_its_forms(told: Any, seconds: float | None) -> None:
    assert length(told) == seconds


def test_a_work_of_several_files_has_the_duration_of_none_of_them() -> None:
    reels = [{"name": f"{n}.mpeg", "source": "original", "length": "60", "height": "480"} for n in (1, 2)]
    item = Item({"metadata": {"identifier": "kites", "runtime": "1:30"}, "files": reels})
    assert (item.duration, dict(item.main)) == (None, {})


def test_a_description_loses_its_markup_only_where_it_has_some() -> None:
    assert plain("1 < 2 &amp; 3 > 2\nyes") == "1 < 2 & 3 > 2\nyes"
    assert plain("<p>One<br>two</p><script>x()</script><p>three &lt;3</p>") == "One\ntwo\n\nthree <3"


@pytest.mark.parametrize(
    ("told", "tag"),
    [("deu", "de"), ("ger", "de"), ("eng", "en"), ("English", "en"), ("pt-BR", "pt-BR"), ("zh-Hant", "zh-hant"),
     ("gsw", "gsw"), ("und", None), ("mul", None), ("Klingon, old", None), ("", None), (7, None)],
)  # fmt: skip
def test_a_language_is_told_as_bcp_47(told: Any, tag: str | None) -> None:
    assert bcp47(told) == tag


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.parent.name)
def test_an_answer_with_junk_in_any_place_is_a_record_or_refused(case: Path) -> None:
    about = json.loads((case.parent / "meta.json").read_text(encoding="utf-8"))
    body = json.loads(case.read_text(encoding="utf-8"))
    chance = random.Random(case.parent.name)  # noqa: S311 - the same mutants every time
    for _ in range(40):
        answer = json.dumps(with_junk(body, chance)).encode()
        page = page_for(Response(about["url"], answer, fetched_at="2026-01-01T00:00:00Z", carry=about.get("carry", {})))
        try:
            for record in page.records():
                assert page.sources(record)
                assert record.id
                assert not isinstance(record, Video) or record.title
            list(page.links())
            page.totals()
        except NotARecord:
            pass


@pytest.mark.parametrize("url", sorted({json.loads((case.parent / "meta.json").read_text())["url"] for case in CASES}))
@pytest.mark.parametrize(
    "body", [b"", b"[" * 100_000, b'{"result":' * 100_000 + b"1" + b"}" * 100_000, b"<div>" * 20_000]
)
def test_what_is_no_answer_is_refused(url: str, body: bytes) -> None:
    page = page_for(Response(url, body))
    with pytest.raises(NotARecord):
        list(page.records()) + list(page.links())


def start(url: str) -> tuple[Any, ...]:
    host = url.split("/")[2]
    return PLATFORMS[HOMES[host]].start(url)


def with_junk(value: Any, chance: random.Random) -> Any:
    """Return JSON of which some parts are something else."""
    if chance.random() < 0.04:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {name: with_junk(one, chance) for name, one in value.items()}
    return [with_junk(one, chance) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("collection:(kites) AND mediatype:movies", "videos of kites"),
        ("collection:(kites)", "archive.org search collection:(kites)"),
        ("kites AND mediatype:movies", "archive.org search kites AND mediatype:movies"),
    ],
)
def test_the_videos_of_a_collection_are_a_listing_of_that_name(query: str, name: str) -> None:
    url = f"https://archive.org/services/search/v1/scrape?{urlencode({'q': query})}"
    listing = page_for(Response(url, b'{"items": []}')).listing()
    assert listing is not None
    assert listing.name == name


def test_a_search_that_finds_few_videos_goes_on_to_the_next_page() -> None:
    rows = [{"identifier": "kite_songs", "mediatype": "audio"}, {"title": "without a name"}]
    body = {"response": {"start": 50, "numFound": 53, "docs": rows}}
    page = page_for(Response("https://archive.org/advancedsearch.php?q=kites&page=2", json.dumps(body).encode()))
    (link,) = page.links()
    assert link.url == "https://archive.org/advancedsearch.php?q=kites&page=3"


def test_what_a_page_tells_beside_the_json_that_it_carries_is_said_to_be_of_html() -> None:
    item = {"identifier": "kites", "mediatype": "movies", "title": "Kites"}
    carried = json.dumps({"metadata": item, "reviews": [{"stars": "5"}]})
    uploaded = '<p>Uploaded by <a class="item-upload-info__uploader-name" href="/details/@ada">Ada B.</a></p>'
    body = f"<input class='js-ia-metadata' value='{carried}'>{uploaded}"
    page = page_for(Response("https://archive.org/details/kites", body.encode()))
    (record,) = page.records()
    assert isinstance(record, Video)
    assert (record.uploader, record.comment_count) == ("Ada B.", 1)
    sources = page.sources(record)
    assert (sources["uploader"], sources["comment_count"]) == ("HTML", "JSON in the page")


def test_a_talk_of_the_years_when_the_archive_had_types_of_its_own_is_a_video() -> None:
    told = json.loads((FIXTURES / "media_ccc/talk/page.json").read_bytes())
    old = {**told, "slug": None, "frontend_link": "http://media.ccc.de/browse/kites/7-how_to_fly.html"}
    types = {"video/mp4": "vnd.voc/h264-hd", "video/webm": "vnd.voc/webm-hd"}
    old["recordings"] = [
        {**one, "mime_type": types.get(one["mime_type"], one["mime_type"])} for one in told["recordings"]
    ]
    url = "https://api.media.ccc.de/public/events/4711"
    (record,) = page_for(Response(url, json.dumps(old).encode()), "media_ccc").records()
    assert isinstance(record, Video)
    assert (record.width, record.content_url) == (1920, "https://cdn.media.ccc.de/events/kites/2024/7-deu-hd.mp4")
    assert record.url == url, "what is no address of today is not made into one"


def test_a_recording_of_the_slides_is_not_the_talk() -> None:
    told = json.loads((FIXTURES / "media_ccc/talk/page.json").read_bytes())
    size = {"width": 3840, "height": 2160}
    slides = {"mime_type": "video/mp4", "language": "deu", "folder": "slides-h264-hd", **size}
    address = "https://cdn.media.ccc.de/events/kites/2024/slides-h264-hd/7-deu-hd-slides.mp4"
    told["recordings"] = [{**slides, "recording_url": address}, *told["recordings"]]
    (record,) = page_for(Response(told["url"], json.dumps(told).encode()), "media_ccc").records()
    assert isinstance(record, Video)
    assert (record.width, record.content_url) == (1920, "https://cdn.media.ccc.de/events/kites/2024/7-deu-hd.mp4")
