from __future__ import annotations

import re
from typing import Any

import pytest
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

from crawler.errors import SettingsError
from crawler.frontier.options import Options


def options(**values: Any) -> Options:
    return Options.from_settings(Settings(values))


def test_settings_that_are_not_given_have_the_documented_defaults() -> None:
    found = options()
    assert (found.lease_ttl_ms, found.max_deliveries, found.prefetch_count) == (15_000, 5, 16)
    assert (found.delay_ms, found.cap, found.patience_s) == (0, 8, 60)


def test_the_projects_settings_can_work() -> None:
    assert Options.from_settings(get_project_settings()).lease_ttl_ms >= 3_000


def test_settings_are_read_in_their_units_also_as_text() -> None:
    found = options(
        LEASE_TTL_MS="4000",
        MAX_DELIVERIES="2",
        PREFETCH_COUNT="7",
        DOWNLOAD_DELAY="0.5",
        CONCURRENT_REQUESTS_PER_DOMAIN="3",
        DOWNLOAD_TIMEOUT="30",
        STORE_PATIENCE_S="1.5",
    )
    assert found == Options(
        lease_ttl_ms=4_000,
        max_deliveries=2,
        prefetch_count=7,
        delay_ms=500,
        cap=3,
        flight_ms=35_000,
        patience_s=1.5,
    )


def test_hosts_with_limits_of_their_own_have_the_others_as_usual() -> None:
    found = options(
        DOWNLOAD_DELAY=0.5,
        CONCURRENT_REQUESTS_PER_DOMAIN=3,
        DOWNLOAD_SLOTS={"fleet": {"delay": 0}, "a": {"delay": "2"}, "b": {"concurrency": 1}, "c": {"jitter": 0}},
    )
    assert found.own == {"a": (2_000, 3), "b": (500, 1), "c": (500, 3)}
    assert [found.limits(slot) for slot in ("a", "d")] == [(2_000, 3), (500, 3)]


@pytest.mark.parametrize(("name", "value"), [("delay", "soon"), ("delay", -1), ("concurrency", 0)])
def test_a_limit_of_a_host_that_cannot_work_is_refused_with_its_name(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"DOWNLOAD_SLOTS['site.example']['{name}'] ({value})")):
        options(DOWNLOAD_SLOTS={"site.example": {name: value}})


@pytest.mark.parametrize("value", [2_999, "0", -1])
def test_a_lease_that_no_heartbeat_can_keep_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"LEASE_TTL_MS ({value})")):
        options(LEASE_TTL_MS=value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEASE_TTL_MS", "soon"),
        ("LEASE_TTL_MS", "nan"),
        ("LEASE_TTL_MS", "inf"),
        ("MAX_DELIVERIES", 0),
        ("MAX_DELIVERIES", [5]),
        ("PREFETCH_COUNT", 0),
        ("DOWNLOAD_DELAY", -1),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", "many"),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", 0),
        ("DOWNLOAD_TIMEOUT", -0.1),
        ("STORE_PATIENCE_S", ""),
    ],
)
def test_what_cannot_work_is_refused_by_name_with_its_value(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"{name} ({value})")):
        options(**{name: value})
