"""What values settings can have: one table, for who reads one of them and for the check of all before a start."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.settings import BaseSettings


class Bounds(NamedTuple):
    """Of a number: its kind, the least that can work, and what else there is to say."""

    kind: type[int | float]
    least: float
    why: str = "set it to one, or leave it out."


COUNT, SECONDS = Bounds(int, 0), Bounds(float, 0)
AT_LEAST_ONE = Bounds(int, 1)
NUMBERS = {
    "LEASE_TTL_MS": Bounds(
        int, 3000, "the heartbeat renews a third of the way, and a busy machine can be a second late."
    ),
    "MAX_DELIVERIES": AT_LEAST_ONE,
    "PREFETCH_COUNT": AT_LEAST_ONE,
    "STORE_PATIENCE_S": SECONDS,
    "FLEET_MAX_CRASHES": AT_LEAST_ONE,
    "FLEET_CRASH_WINDOW_S": SECONDS,
    "FLEET_BACKOFF_S": SECONDS,
    "DOWNLOAD_DELAY": SECONDS,
    "CONCURRENT_REQUESTS_PER_DOMAIN": AT_LEAST_ONE,
    "CONCURRENT_REQUESTS": COUNT,
    "CRAWL_DELAY_MAX_S": SECONDS,
    "RETRY_AFTER_MAX_S": SECONDS,
    "BACKOFF_TIMES": COUNT,
    "RETRY_TIMES": COUNT,
    "DOWNLOAD_TIMEOUT": Bounds(float, 0.1, "nothing could be answered in less."),
    "DOWNLOAD_MAXSIZE": COUNT,
    "DOWNLOAD_WARNSIZE": COUNT,
    "REDIRECT_MAX_TIMES": COUNT,
    "REVISIT_LEAST_S": AT_LEAST_ONE,
    "REVISIT_MOST_S": AT_LEAST_ONE,
    "YTDLP_THREADS": AT_LEAST_ONE,
    "YTDLP_TIMEOUT_S": Bounds(float, 0.1, "no extractor is done in less."),
    "YTDLP_REQUESTS": AT_LEAST_ONE,
    "CONCURRENT_ITEMS": AT_LEAST_ONE,
    "NO_PROGRESS_S": Bounds(float, 1, "a request takes some time."),
    "FREE_DISK_LEAST_BYTES": COUNT,
    "REDIS_FULL_SHARE": Bounds(float, 0, "it is a share, such as 0.9; with 1, only a full Redis is an alarm."),
    "DRIFT_LEAST_READINGS": COUNT,
    "DRIFT_PERIOD_S": Bounds(float, 60, "what few minutes bring can differ by chance."),
    "PROGRESS_INTERVAL_S": SECONDS,
    "VITALS_INTERVAL_S": SECONDS,
    "LOGSTATS_INTERVAL": SECONDS,
}
"""Those that are not here are texts, or names of classes."""
FLAGS = (
    *("ROBOTSTXT_OBEY", "COOKIES_ENABLED", "METAREFRESH_ENABLED", "DOWNLOAD_VERIFY_CERTIFICATES"),
    *("TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED", "LOG_ENABLED"),
)
SECRET = frozenset({"REDIS_PARAMS"})
"""Those whose value may hold a password."""
CRAWL_ID = re.compile(r"[\w.-]{0,100}")
CONTACT = re.compile(r"(https?://\S+\.\S+|mailto:\S+@\S+)?")


def number(settings: BaseSettings, name: str, default: float | None = None) -> float:
    """Return a setting of the table as a number.

    Raises:
        SettingsError: it is none, or below what can work.
    """
    return bounded(name, settings.get(name, default), NUMBERS[name])


def bounded(name: str, value: Any, bounds: Bounds) -> float:
    """Return a value as a number that keeps the bounds.

    Raises:
        SettingsError: it is none, or below what can work.
    """
    kind, least, why = bounds
    try:
        found = kind(value)
    except (TypeError, ValueError, OverflowError):
        found = least - 1
    if not least <= found < float("inf"):
        whole = "whole " if kind is int else ""
        raise SettingsError(f"{name} ({value}) must be a {whole}number of at least {least:g}: {why}")
    return found


def check_settings(settings: BaseSettings) -> None:
    """Check all settings of the table that are set.

    Raises:
        SettingsError: one cannot work.
    """
    for name in NUMBERS:
        if settings.get(name) is not None:
            number(settings, name)
    for name in FLAGS:
        check(settings, name, settings.getbool, "True or False")
    check(settings, "REDIS_PARAMS", settings.getdict, 'a JSON object, such as {"socket_timeout": 10}')
    if not CRAWL_ID.fullmatch(crawl_id := str(settings.get("CRAWL_ID") or "")):
        raise SettingsError(
            f"CRAWL_ID ({crawl_id}) must be a name of letters, digits, dots, hyphens and underscores, such as nightly: "
            "set it to one, or leave it out."
        )
    levels = ", ".join(logging.getLevelNamesMapping())
    check(settings, "LOG_LEVEL", lambda name: logging.Handler(settings.get(name)), f"one of {levels}")
    if not CONTACT.fullmatch(contact := str(settings.get("CONTACT_URL") or "")):
        raise SettingsError(
            f"CONTACT_URL ({contact}) must be a page or mailto: address where the owners of sites can reach you, such "
            "as https://you.example/crawler: set it to one, or leave it out."
        )


def check(settings: BaseSettings, name: str, read: Callable[[str], object], form: str) -> None:
    """Check that a setting can be read.

    Raises:
        SettingsError: it cannot; `form` says what it should be.
    """
    try:
        read(name)
    except (TypeError, ValueError):
        value = "…" if name in SECRET else settings.get(name)
        raise SettingsError(f"{name} ({value}) must be {form}: set it so, or leave it out.") from None
