"""Our readers of JSON-LD, microdata and OpenGraph against extruct, an independent one, over the golden fixtures."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import extruct
import pytest

from tests.golden import FIXTURES
from tests.test_fixtures import records_of

SYNTAXES = ("json-ld", "microdata", "opengraph")
KINDS = {"VideoObject", "Person", "Organization", "ProfilePage"}
WITHOUT_SITE = {"jsonld-video": " | Clips", "opengraph-video": " - Vidéo Flicks"}
"""Suffix of a title in a fixture, which is the site's and not part of the record's."""
WRONG = {("jsonld-bad-block-and-cdata", "json-ld"), ("profile-opengraph-in-body", "opengraph")}
"""Fixtures that extruct reads nothing of; the tests below show each."""
RECORDS = [path.parent.name for path in sorted((FIXTURES / "schema.org").glob("*/record.json"))]


def source(case: str) -> str:
    return (FIXTURES / "schema.org" / case / "page.html").read_text(encoding="utf-8")


def read_by_extruct(case: str, syntax: str) -> list[Any]:
    url = json.loads((FIXTURES / "schema.org" / case / "meta.json").read_text(encoding="utf-8"))["url"]
    found: list[Any] = extruct.extract(source(case), base_url=url, syntaxes=[syntax], uniform=False)[syntax]
    return found


def names(case: str, syntax: str) -> Iterator[str]:
    """Yield what extruct reads as the title of what the page is about."""
    for found in read_by_extruct(case, syntax):
        if syntax == "opengraph":
            yield from (value for name, value in found["properties"] if name == "og:title")
        elif syntax == "microdata" and found["type"].rpartition("/")[2] in KINDS:
            yield found["properties"]["name"]
        elif found.get("@type") in KINDS:
            yield found.get("mainEntity", found)["name"]


def ours(case: str) -> dict[str, Any]:
    (record,) = records_of(f"schema.org/{case}")
    return record


def title(case: str) -> str:
    return str(ours(case).get("title") or ours(case)["name"])


def agreeing() -> list[Any]:
    """Return the fixtures and syntaxes in which extruct reads a title."""
    tried = [(case, syntax) for case in RECORDS for syntax in SYNTAXES if (case, syntax) not in WRONG]
    return [pytest.param(*one, id="-".join(one)) for one in tried if list(names(*one))]


@pytest.mark.parametrize(("case", "syntax"), agreeing())
def test_a_title_is_the_one_that_extruct_reads(case: str, syntax: str) -> None:
    told = {html.unescape(name).removesuffix(WITHOUT_SITE.get(case, "")) for name in names(case, syntax)}
    if (case, syntax) == ("profile-page", "opengraph"):
        assert told == {"Ada (@ada) | Clips"}
        assert title(case) in set(names(case, "json-ld"))
    else:
        assert told == {title(case)}


def test_extruct_reads_a_title_of_every_syntax() -> None:
    assert {syntax for _, syntax in (one.values for one in agreeing())} == set(SYNTAXES)
    assert len(agreeing()) >= len(RECORDS) - len(WRONG)


def test_where_we_read_a_record_extruct_finds_its_kind() -> None:
    for case in RECORDS:
        told = [syntax for syntax in SYNTAXES if (case, syntax) not in WRONG and list(names(case, syntax))]
        assert told or case in {wrong for wrong, _ in WRONG}, case


@pytest.mark.parametrize(("case", "author"), [("microdata-author-in-link", "Kettle Club"), ("syntaxes-merged", "Band")])
def test_an_author_in_a_link_is_an_address_for_extruct_and_a_name_for_us(case: str, author: str) -> None:
    assert f'<link itemprop="name" content="{author}">' in source(case)
    (video,) = read_by_extruct(case, "microdata")
    assert video["properties"]["author"]["properties"]["name"].startswith("https://")
    assert ours(case)["uploader"] == author


def test_opengraph_in_the_body_is_nothing_for_extruct_and_a_profile_for_us() -> None:
    case = "profile-opengraph-in-body"
    assert '<meta property="og:title" content="Kettle Club">' in source(case).partition("<body>")[2]
    assert read_by_extruct(case, "opengraph") == []
    assert (ours(case)["kind"], ours(case)["name"]) == ("user", "Kettle Club")


def test_one_bad_block_costs_extruct_the_page_and_us_the_block() -> None:
    case = "jsonld-bad-block-and-cdata"
    with pytest.raises(json.JSONDecodeError):
        read_by_extruct(case, "json-ld")
    good = source(case).replace(
        '<script type="application/ld+json">{"@type": "VideoObject", "name": "Broken",</script>', ""
    )
    (block,) = extruct.extract(good, syntaxes=["json-ld"], uniform=False)["json-ld"]
    assert title(case) in {node.get("name") for node in block["@graph"] if node["@type"] == "VideoObject"}


def test_numbers_are_those_that_extruct_reads() -> None:
    (video,) = read_by_extruct("microdata-author-in-link", "microdata")
    assert str(ours("microdata-author-in-link")["view_count"]) == video["properties"]["interactionCount"]
    (merged,) = read_by_extruct("syntaxes-merged", "microdata")
    counters = [
        counter["properties"]["userInteractionCount"] for counter in merged["properties"]["interactionStatistic"]
    ]
    record = ours("syntaxes-merged")
    assert counters == [str(record["like_count"]), str(record["view_count"])]
    properties = dict(read_by_extruct("opengraph-video", "opengraph")[0]["properties"])
    assert float(properties["video:duration"]) == ours("opengraph-video")["duration"]


def test_fixtures_are_where_they_are_looked_for() -> None:
    assert Path(FIXTURES / "schema.org").is_dir()
    assert len(RECORDS) >= 8
