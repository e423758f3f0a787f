"""Input that is broken, huge or hostile: it is read or refused, and nothing else happens."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.errors import NotARecord
from crawler.items import ADAPTERS, Record, Video
from tests.web_page import URL, VIDEO, html, page


def read_all(source: bytes, url: str = URL) -> list[Record]:
    read = page(source, url)
    list(read.links())
    try:
        records = list(read.records())
    except NotARecord:
        return []
    return [ADAPTERS[type(record)].validate_python(asdict(record)) for record in records]


DEEP = 100_000
BROKEN = {
    "nothing": b"",
    "nul bytes": b"\x00" * 1000 + html(VIDEO).encode() + b"\x00",
    "deep json": f'<script type="application/ld+json">{"[" * DEEP}{"]" * DEEP}</script>'.encode(),
    "deep objects": b'<script type="application/ld+json">' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"</script>",
    "circles": html([{"@id": f"#{n}", "hasPart": [{"@id": f"#{m}"} for m in range(60)]} for n in range(60)]).encode(),
    "many videos": html([VIDEO] * 4000).encode(),
    "deep html": b"<html>" + b"<div>" * DEEP + b"<a href=/x>x</a>",
    "deep items": b"<html>" + b'<div itemscope itemprop="author" itemtype="https://schema.org/VideoObject">' * 20_000,
    "many items": b"<html>"
    + b'<p itemscope itemtype="https://schema.org/VideoObject"><b itemprop=name>x</b></p>' * 20_000,
    "many metas": b"<html>" + b'<meta property="og:video" content="https://a.example/v.mp4">' * 50_000,
    "huge number": html(VIDEO).replace('"PT1M"', "9" * 6000).encode(),
    "not utf-8": html(VIDEO).encode("utf-16"),
    "one long attribute": b"<a href='" + b"a" * 1_000_000 + b"'>",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_input_is_read_without_an_error(name: str) -> None:
    assert len(read_all(BROKEN[name])) <= 1


def test_a_page_of_twenty_megabytes_is_read() -> None:
    (record,) = read_all(html(VIDEO, body="<p>kites <a href=/a>a</a></p>" * 700_000).encode())
    assert isinstance(record, Video)
    assert record.duration == 60


NAMES = st.sampled_from(
    [
        *("@id", "@type", "@graph", "name", "url", "author", "mainEntity", "mainEntityOfPage", "video", "keywords"),
        *("duration", "uploadDate", "publication", "interactionStatistic", "interactionType", "userInteractionCount"),
        *("description", "image", "thumbnailUrl", "width", "contentUrl", "sameAs", "license"),
    ]
)
WORDS = st.sampled_from(
    ["VideoObject", "ProfilePage", "Person", "WatchAction", URL, "/x", "PT5M", "2024-01-01", "1.2K"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, st.sampled_from(["video.other", "profile", "website", ""]))
def test_whatever_json_a_page_holds_its_record_is_valid(block: Any, og_type: str) -> None:
    head = (
        f'<title>Kites</title><meta property="og:type" content="{og_type}"><meta property="video:duration" content="5">'
    )
    assert len(read_all(html(VIDEO | block if isinstance(block, dict) else block, head=head).encode())) <= 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 30), st.binary(max_size=8)), max_size=6))
def test_a_mutated_page_is_read_without_an_error(cuts: list[tuple[int, int, bytes]]) -> None:
    head = (
        f'<title>Kites</title><meta property="og:type" content="video"><meta property="og:video" content="{URL}.mp4">'
    )
    body = (
        '<div itemscope itemtype="http://schema.org/VideoObject"><b itemprop="name">Kites</b></div><a href="/a">a</a>'
    )
    source = html(VIDEO, head=head, body=body).encode()
    for start, length, inserted in cuts:
        source = source[:start] + inserted + source[start + length :]
    assert len(read_all(source)) <= 1
