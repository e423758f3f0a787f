"""Golden fixtures: one folder a page, one test a record field, no code for a site.

tests/fixtures/<site>/<case>/
    page.html | page.json | page.xml   the body
    meta.json                          {"url", "status"?, "headers"?, "platform"?, "fetched_at"?, "carry"?, "more"?}
    more-1.json, more-2.json, …        answers to `page.wants()`, in order; meta.json's "more": [{"url", "status"?}]
and what is expected, one or several of
    record.json    one record      records.json   list of records
    error.json     {"reason"}      links.json     [{"url", "kind"}] exactly, or {"contains": […]}
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import NotARecord
from crawler.items import ADAPTERS, User, Video
from crawler.pages import page_for
from crawler.pages.base import Page, known_fields
from tests.cases import response_of

FOLDER = Path(__file__).parent / "fixtures"
CASES = sorted(path.parent.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*/meta.json"))
FOLDERS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*") if path.is_dir())
EXPECTATIONS = ("record.json", "records.json", "error.json", "links.json")
KNOWN_FILE = re.compile(
    r"(page|more-\d+)\.(html|json|xml)|meta\.json|record\.json|records\.json|error\.json|links\.json"
)
RECORD_TYPES: dict[str, type[User | Video]] = {"user": User, "video": Video}
Json = Any


def read_json(case: str, name: str) -> Json:
    return json.loads((FOLDER / case / name).read_text(encoding="utf-8"))


def has(case: str, name: str) -> bool:
    return (FOLDER / case / name).exists()


def page_of(case: str) -> Page:
    """Return the page of a case, with all that it wanted."""
    meta = read_json(case, "meta.json")
    page = page_for(response_of(FOLDER / case, meta), meta.get("platform"))
    for number, about in enumerate(meta.get("more", []), start=1):
        wanted = page.wants()
        assert wanted is not None, f"{case}: more-{number}.json answers nothing, the page wants no more: remove it."
        assert wanted.url == about["url"], (
            f"{case}: the page wants {wanted.url}, not {about['url']}: correct meta.json."
        )
        page.add(response_of(FOLDER / case, about, f"more-{number}") if has_answer(case, number) else None)
    return page


def has_answer(case: str, number: int) -> bool:
    return any((FOLDER / case).glob(f"more-{number}.*"))


@cache
def records_of(case: str) -> list[dict[str, Json]]:
    """Return what the page of a case yields, as it would be written."""
    found = list(page_of(case).records())
    return [asdict(ADAPTERS[type(record)].validate_python(asdict(record))) for record in found]


def expected_records(case: str) -> list[dict[str, Json]]:
    listed = read_json(case, "records.json") if has(case, "records.json") else []
    return [read_json(case, "record.json"), *listed] if has(case, "record.json") else listed


def fields() -> list[Any]:
    """Return one parameter a field of every record that is expected."""
    return [
        pytest.param(case, number, name, id=f"{case}::{f'{number}.' if has(case, 'records.json') else ''}{name}")
        for case in CASES
        for number, record in enumerate(expected_records(case))
        for name in record
    ]


@pytest.mark.parametrize(("case", "number", "name"), fields())
def test_a_field_is_as_recorded(case: str, number: int, name: str) -> None:
    assert records_of(case)[number][name] == expected_records(case)[number][name]


@pytest.mark.parametrize("case", [case for case in CASES if expected_records(case) or has(case, "records.json")])
def test_a_page_yields_as_many_records_as_recorded(case: str) -> None:
    assert len(records_of(case)) == len(expected_records(case))


@pytest.mark.parametrize("case", [case for case in CASES if expected_records(case)])
def test_a_field_that_is_not_recorded_is_unknown(case: str) -> None:
    for found, expected in zip(records_of(case), expected_records(case), strict=True):
        assert {name for name, value in found.items() if value is not None} <= set(expected)


@pytest.mark.parametrize("case", [case for case in CASES if expected_records(case)])
def test_of_every_known_field_it_is_told_where_it_is_from(case: str) -> None:
    page = page_of(case)
    for record in page.records():
        sources = page.sources(record)
        assert set(sources) == set(known_fields(record))
        assert all(sources.values())


@pytest.mark.parametrize("case", [case for case in CASES if has(case, "error.json")])
def test_a_page_that_is_no_record_says_why(case: str) -> None:
    with pytest.raises(NotARecord) as refusal:
        list(page_of(case).records())
    assert refusal.value.reason == read_json(case, "error.json")["reason"]


@pytest.mark.parametrize("case", [case for case in CASES if has(case, "links.json")])
def test_a_page_leads_to_the_recorded_links(case: str) -> None:
    expected = read_json(case, "links.json")
    found = [{"url": link.url, "kind": link.kind} for link in page_of(case).links()]
    if isinstance(expected, dict):
        assert [link for link in expected["contains"] if link not in found] == []
    else:
        assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("case", CASES)
def test_recorded_fields_are_fields_of_the_record(case: str) -> None:
    for record in expected_records(case):
        assert set(record) <= set(RECORD_TYPES[record["kind"]].__slots__)


@pytest.mark.parametrize("case", FOLDERS)
def test_a_fixture_folder_has_its_page_and_an_expectation_and_nothing_unknown(case: str) -> None:
    names = {path.name for path in (FOLDER / case).iterdir()}
    assert [name for name in sorted(names) if not KNOWN_FILE.fullmatch(name)] == [], f"{case}: rename or remove these."
    assert "meta.json" in names, f"{case} has no meta.json: add one with the page's url."
    assert names & {"page.html", "page.json", "page.xml"}, f"{case} has no page: add page.html, page.json or page.xml."
    assert names & set(EXPECTATIONS), f"{case} expects nothing: add one of {EXPECTATIONS}."


def test_there_are_fixtures() -> None:
    assert len(CASES) > 10
