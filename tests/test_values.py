from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.fields import utc_time, web_url
from crawler.pages.structured.counts import Count, count
from crawler.pages.structured.values import KOREA_AND_JAPAN, boolean, date, duration, http_url, language, line, text

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@value", "name", "@id"]), inner),
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("PT2M22S", 142),
        ("PT00H00M59S", 59),
        ("PT2180S", 2180),
        ("PT0M3542S", 3542),
        ("P0DT00H29M20S", 1760),
        ("P00H02M04S", 124),
        ("P0Y0M0DT0H1M0S", 60),
        ("PT1.5S", 1.5),
        ("P1DT1S", 86_401),
        ("35:28", 2128),
        ("2:58", 178),
        ("1:02:03", 3723),
        (36, 36),
        ("36", 36),
        (12.5, 12.5),
        (86_399, 86_399),
        (172_800, 172.8),
        (600_000, 600),
    ],
)
def test_every_form_of_a_duration_becomes_seconds(value: object, seconds: float) -> None:
    assert duration(value) == seconds


@pytest.mark.parametrize(
    "value", ["", "PT0S", "P", "PT", 0, -5, "soon", "P1M", "P1Y", True, None, "99" * 40, "-PT5S", 86_400, "172799"]
)
def test_a_duration_that_says_nothing_is_unknown(value: object) -> None:
    assert duration(value) is None


@pytest.mark.parametrize(
    ("value", "page_language", "expected"),
    [
        (30, "", Count(30)),
        ("30", "", Count(30)),
        (7.0, "", Count(7)),
        ("1,234", "en", Count(1234)),
        ("1,234,567 views", "en", Count(1_234_567)),
        ("1.234.567", "de", Count(1_234_567)),
        ("1 234 567 vues", "fr", Count(1_234_567)),
        ("12,34,567", "hi", Count(1_234_567)),
        ("5.04m subscribers", "en", Count(5_040_000, approximate=True)),
        ("4,69 M de suscriptores", "es", Count(4_690_000, approximate=True)),
        ("6,8 K", "es", Count(6_800, approximate=True)),
        ("1,5 Mio. Aufrufe", "de", Count(1_500_000, approximate=True)),
        ("1.2万", "ja", Count(12_000, approximate=True)),
        ("1.2万回視聴", "ja", Count(12_000, approximate=True)),
        ("3,4 B", "tr", Count(3_400, approximate=True)),
        ("1,2 mil", "es", Count(1_200, approximate=True)),
        ("1,2 mil.", "cs", Count(1_200_000, approximate=True)),
        ("1,2 mil.", "ro-RO", Count(1_200_000, approximate=True)),
        ("1.2 mil", "en", None),
        ("1,2 m", "ca", None),
        ("1,2 M", "id", None),
        ("1,2 M", "ca", None),
        ("3.4B", "en", Count(3_400_000_000, approximate=True)),
        ("10,000+ views", "en", Count(10_000, approximate=True)),
    ],
)
def test_a_count_is_read_in_the_language_of_its_page(value: object, page_language: str, expected: Count | None) -> None:
    assert count(value, page_language) == expected


@pytest.mark.parametrize(
    "value", ["", "many", "1.5", 1.5, -1, True, None, "12 लाख", "1K-2K", "1e9", 10**20, float("nan")]
)
def test_a_count_that_is_not_certain_is_unknown(value: object) -> None:
    assert count(value, "en") is None


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2008-10-04T13:06:22-07:00", "2008-10-04T20:06:22Z"),
        ("2013-09-09T15:14:58Z", "2013-09-09T15:14:58Z"),
        ("2016-09-27", "2016-09-27T00:00:00Z"),
        ("2016-09-27 10:00:00 UTC", "2016-09-27T10:00:00Z"),
        ("2016/09/27 10:00:00 +0200", "2016-09-27T08:00:00Z"),
        ("Mon, 08 Jan 2007 11:41:29 +0100", "2007-01-08T10:41:29Z"),
        ("1378739698", "2013-09-09T15:14:58Z"),
        (1378739698000, "2013-09-09T15:14:58Z"),
        ("Fri Jan 05 2024 10:00:00 GMT+0900 (Korean Standard Time)", "2024-01-05T01:00:00Z"),
        ("Fri Jan  5 10:00:00 -0800 2024", "2024-01-05T18:00:00Z"),
        ("Fri, 05 Jan 2024 10:00:00 +0100 (CET)", "2024-01-05T09:00:00Z"),
        ("2024-01-05+09:00", "2024-01-04T15:00:00Z"),
        ("2024-01-05Z", "2024-01-05T00:00:00Z"),
        ("20240105T100000Z", "2024-01-05T10:00:00Z"),
    ],
)
def test_a_date_keeps_its_zone(value: object, utc: str) -> None:
    assert utc_time(date(value)) == utc


def test_a_date_without_a_zone_is_korean_time_on_a_korean_page() -> None:
    assert utc_time(date("2025-03-01T08:30:00", zone=KOREA_AND_JAPAN)) == "2025-02-28T23:30:00Z"
    assert utc_time(date("2025-03-01T08:30:00+00:00", zone=KOREA_AND_JAPAN)) == "2025-03-01T08:30:00Z"
    assert utc_time(date("Sat, 01 Mar 2025 08:30:00 -0000", zone=KOREA_AND_JAPAN)) == "2025-03-01T08:30:00Z"


@pytest.mark.parametrize("value", ["", "0001-01-01T00:00:00", "1970-01-01T00:00:00Z", "yesterday", "2016", True, None])
def test_a_date_that_is_a_place_holder_is_unknown(value: object) -> None:
    assert date(value) is None


@pytest.mark.parametrize(
    "value",
    [
        *("Friday, January 05, 2024 10:00 PM", "Jan 5, 2024 10:00:00 PM", "Fri, 05 Jan 2024 10:00:00 KST"),
        *("Fri Jan 05 10:00:00 CST 2024", "20240101123", "2001W011"),
    ],
)
def test_a_time_of_which_something_would_be_passed_over_is_unknown(value: str) -> None:
    assert date(value) is None


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        *[("en_US", "en-US"), ({"alternateName": "de"}, "de"), ("English", None), (["fr"], "fr"), ([], None)],
        *[("und", None), ("jp", None), ("US", None), ("JA", "JA"), ("fil", "fil")],
    ],
)
def test_a_language_is_a_tag_and_not_a_name(value: object, tag: str | None) -> None:
    assert language(value) == tag


@pytest.mark.parametrize(
    ("value", "found"), [(True, True), ("True", True), ("http://schema.org/False", False), ("no", False), ("?", None)]
)
def test_a_boolean_is_read_from_text(value: object, found: object) -> None:
    assert boolean(value) is found


@pytest.mark.parametrize("value", ["null", "undefined", "[object Object]", "  ", None, 5])
def test_what_templates_print_for_nothing_is_no_text(value: object) -> None:
    assert text(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "/a/undefined",
        "javascript:alert(1)",
        "http://[bad",
        "http://host:99999/",
        "data:image/png,x",
        "",
        "http://",
    ],
)
def test_what_is_no_web_address_is_none(value: str) -> None:
    assert http_url(value, "https://site.example/page") is None


def test_a_relative_address_is_joined_to_its_page() -> None:
    assert http_url("../b?c=1", "https://site.example/a/d") == "https://site.example/b?c=1"


@given(ANYTHING)
def test_no_value_makes_a_reader_fail(value: object) -> None:
    assert duration(value) is None or duration(value) > 0  # type: ignore[operator]
    found = count(value, "en")
    assert found is None or found.value >= 0
    assert date(value) is None or utc_time(date(value)).endswith("Z")
    assert line(value) is None or "\n" not in str(line(value))
    assert language(value) is None or isinstance(language(value), str)


@given(st.text(max_size=80))
def test_an_address_that_is_read_is_one_that_a_record_takes(value: str) -> None:
    url = http_url(value, "https://site.example/a/")
    assert url is None or web_url(url).startswith("http")
