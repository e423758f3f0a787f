from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crawler.fields import clean_line, clean_text, unique_lines, utc_time, web_url, whole_number
from crawler.items import ADAPTERS, RecordKey, User, Video, key_of

COMMON: dict[str, Any] = {"site": "s", "id": "7", "url": "https://site.example/7", "fetched_at": "2026-01-01T00:00:00Z"}
COMMON["fetched_from"] = COMMON["url"]
VIDEO: dict[str, Any] = COMMON | {"title": "Kites"}
BOTH = [User, Video]


def video(**fields: Any) -> Any:
    return ADAPTERS[Video].validate_python(VIDEO | fields)


def reasons(kind: type[User | Video], fields: dict[str, Any]) -> set[Any]:
    with pytest.raises(ValidationError) as refusal:
        ADAPTERS[kind].validate_python(fields)
    return {error["loc"][0] for error in refusal.value.errors()}


@pytest.mark.parametrize(
    ("value", "cleaned", "in_one_line"),
    [
        (" a\r\nb\rc ", "a\nb\nc", "a b c"),
        ("a\x00\x07b\x7f", "ab", "ab"),
        ("a \t b", "a \t b", "a b"),
        ("a\u2028b\u00a0c", "a\u2028b\u00a0c", "a b c"),
        ("\ud800x", "\ufffdx", "\ufffdx"),
        (" \x00\n ", None, None),
        (None, None, None),
        (7, 7, 7),
    ],
)
def test_text_is_cleaned_of_what_cannot_be_stored(value: object, cleaned: object, in_one_line: object) -> None:
    assert (clean_text(value), clean_line(value)) == (cleaned, in_one_line)


@given(st.text())
def test_cleaned_text_stays_as_it_is_and_can_be_written(value: str) -> None:
    for clean in (clean_text, clean_line):
        once = clean(value)
        assert clean(once) == once
        assert orjson.loads(orjson.dumps(once)) == once


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.1239Z", "2026-01-01T00:00:00.123Z"),
        (" 2026-01-01 ", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00", "2026-01-01T00:00:00Z"),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_utc_to_the_millisecond(value: object, utc: str | None) -> None:
    assert utc_time(value) == utc


@pytest.mark.parametrize(
    "value",
    ["yesterday", "2026-13-01", 1_700_000_000, True, [], "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-05:00"],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        utc_time(value)


@given(st.datetimes(timezones=st.just(None) | st.timezones()))
def test_a_time_that_was_read_is_read_as_itself(value: Any) -> None:
    once = utc_time(value.replace(year=2000, day=1, microsecond=value.microsecond // 1000 * 1000))
    assert once.endswith("Z")
    assert utc_time(once) == once


@pytest.mark.parametrize(
    ("value", "url"),
    [
        (" https://Site.Example/A b?q=ü#top ", "https://site.example/A%20b?q=%C3%BC"),
        ("HTTP://site.example", "http://site.example/"),
        ("https://site.example/%C3%BC", "https://site.example/%C3%BC"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("", None),
        (None, None),
    ],
)
def test_an_address_has_one_form(value: object, url: str | None) -> None:
    assert web_url(value) == url
    assert web_url(url) == url


@pytest.mark.parametrize(
    "value", ["/a", "ftp://site.example/", "https://", "http://[bad", "https://x/\ud800", 7, ["a"]]
)
def test_what_is_no_web_address_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        web_url(value)
    assert reasons(User, COMMON | {"url": value}) == {"url"}


def test_a_count_is_a_number_or_its_digits() -> None:
    assert (whole_number(" 7 "), whole_number(7), whole_number(" ")) == ("7", 7, None)
    record = video(view_count="7", like_count=7.0, comment_count="")
    assert (record.view_count, record.like_count, record.comment_count) == (7, 7, None)


@pytest.mark.parametrize("value", [-1, 1.5, "many", "1,000", "1_000", True, float("nan"), float("inf"), [], "9" * 5000])
def test_what_is_no_count_is_refused(value: object) -> None:
    assert reasons(Video, VIDEO | {"view_count": value}) == {"view_count"}


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "long", True])
def test_what_is_no_duration_is_refused(value: object) -> None:
    assert reasons(Video, VIDEO | {"duration": value}) == {"duration"}


def test_a_list_has_each_line_once_in_its_first_order() -> None:
    assert unique_lines(["b ", "a", "b", "", " ", "a\n"]) == ["b", "a"]
    assert video(tags=("b", "a", "b")).tags == ["b", "a"]
    assert (video(tags=[]).tags, video(tags=None).tags) == ([], None)
    assert reasons(Video, VIDEO | {"tags": "a,b"}) == {"tags"}
    assert reasons(Video, VIDEO | {"tags": ["a", 7]}) == {"tags"}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("language", ["en", "pt-BR", "zh-Hant-TW", None, ""], ["English language", "e", "en_US"]),
        ("live_status", ["is_live", None], ["live", ""]),
        ("availability", ["public", "password", None], ["hidden"]),
        ("media_type", ["short", None], ["podcast"]),
        ("is_family_friendly", [True, False, None], ["perhaps", 7]),
    ],
)
def test_a_field_takes_only_its_own_words(name: str, good: list[object], bad: list[object]) -> None:
    assert [getattr(video(**{name: value}), name) for value in good] == [
        value if value != "" else None for value in good
    ]
    for value in bad:
        assert reasons(Video, VIDEO | {name: value}) == {name}


def test_a_country_is_two_capitals() -> None:
    user: Any = ADAPTERS[User].validate_python(COMMON | {"country": " DE "})
    assert user.country == "DE"
    assert reasons(User, COMMON | {"country": "Germany"}) == {"country"}


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("name", ["site", "id", "url", "fetched_at", "fetched_from"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_record_needs_what_makes_it_one(kind: type[User | Video], name: str, value: object) -> None:
    assert reasons(kind, VIDEO | {name: value} if kind is Video else COMMON | {name: value}) == {name}


def test_a_record_is_not_of_the_other_kind() -> None:
    assert reasons(Video, VIDEO | {"kind": "user"}) == {"kind"}
    assert reasons(Video, COMMON) == {"title"}


def test_all_faults_of_a_record_are_told() -> None:
    assert reasons(Video, VIDEO | {"duration": -1, "width": "wide", "tags": 7}) == {"duration", "width", "tags"}


def test_a_valid_record_is_valid_as_it_was_made() -> None:
    once = video(description="a\r\nb", published_at="2026-01-01", tags=["x ", "x"], thumbnail="HTTPS://Site.Example/t")
    assert ADAPTERS[Video].validate_python(asdict(once)) == once
    assert once.description == "a\nb"


@pytest.mark.parametrize("kind", BOTH)
def test_every_field_is_described_and_unknown_unless_told(kind: type[User | Video]) -> None:
    properties = ADAPTERS[kind].json_schema()["properties"]
    assert set(properties) == set(kind.__slots__)
    assert [name for name, about in properties.items() if not about.get("description")] == []
    given_fields = VIDEO if kind is Video else COMMON
    record = asdict(ADAPTERS[kind].validate_python(given_fields))
    assert {name for name, value in record.items() if value is not None} == {"kind", *given_fields}


def test_the_key_of_a_record_is_its_kind_site_and_id() -> None:
    assert key_of(Video(**VIDEO)) == RecordKey("video", "s", "7")
    assert key_of(User(**COMMON)) == RecordKey("user", "s", "7")
