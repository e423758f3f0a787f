"""Texts, dates, durations and addresses of structured data as plain values; what cannot be read for certain is None."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from w3lib.url import safe_url_string

CHINA, KOREA_AND_JAPAN = timezone(timedelta(hours=8)), timezone(timedelta(hours=9))
DAY_SECONDS = 86_400
FIRST_YEAR, LAST_YEAR = 1991, 2100
"""Years in which something can have been published on the web; others are place holders."""
EPOCH_DIGITS = {10: 1, 13: 1000}
"""Digits of a Unix time today: how many of its units are a second."""
ISO_DAY = re.compile(r"\d{4}(-?)\d\d\1\d\d(?:[Tt ]|[+-]\d|$)")
DAY_WITH_ZONE = re.compile(r"^(\d{4}-\d\d-\d\d)([+-]\d\d:?\d\d)$")
"""A day may have a zone in XML; Python takes that for a time of the day."""
SPELLED = frozenset({
    *("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    *("january", "february", "march", "april", "june", "july", "august", "september", "october", "november"),
    *("december", "z", "ut", "utc", "gmt", "est", "edt", "cdt", "mst", "mdt", "pst", "pdt"),
})  # fmt: skip
"""Words of a time that is spelled out; the zone `CST` is China's, too."""
NOTHING = frozenset({"", "null", "undefined", "none", "nan", "[object object]"})
"""What templates print for a value that they do not have."""
MAX_URL_CHARS = 4_000

ISO_DURATION = re.compile(
    r"P(?:0+Y)?(?:(?P<w>\d+)W)?(?:0+M(?=.*T))?(?:(?P<d>\d+(?:\.\d+)?)D)?"
    r"T?(?:(?P<h>\d+(?:\.\d+)?)H)?(?:(?P<m>\d+(?:\.\d+)?)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?",
    re.IGNORECASE,
)
MONTHS_ONLY = re.compile(r"P[^T]*\d+M[^HST]*", re.IGNORECASE)
UNIT_SECONDS = {"w": 7 * DAY_SECONDS, "d": DAY_SECONDS, "h": 3600, "m": 60, "s": 1}
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)")
SHORTENED = re.compile(r"(?:\.\.\.|…)$")
SHORTENED_CHARS = 100
"""A text that ends in an ellipsis and is at least as long is a beginning, not the whole."""
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
NO_LANGUAGE = frozenset({"mis", "mul", "und", "zxx"})
"""Tags that say that there is no one language, or that it is not known."""
OF_TWO_LETTERS = re.compile(
    "a[abefkmnrsvyz]|b[aeghimnors]|c[aehorsuvy]|d[aevz]|e[elnostu]|f[afijory]|g[adlnuv]|h[aeiortuyz]|i[adegikostuw]"
    "|j[aiv]|k[agijklmnorsuvwy]|l[abginotuv]|m[ghiklnorsty]|n[abdeglnorvy]|o[cjmrs]|p[ailst]|qu|r[mnouw]"
    "|s[acdeghiklmnoqrstuvw]|t[aeghiklnorstwy]|u[grkz]|v[eio]|w[ao]|xh|y[io]|z[ahu]"
)
"""The languages of ISO 639-1; a country that some sites write instead, such as `jp`, is none of them."""


def text(value: Any) -> str | None:
    """Return the text of a JSON value; None for what stands for nothing."""
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, list):
        return next((found for item in value[:100] if not isinstance(item, list) and (found := text(item))), None)
    if not isinstance(value, str):
        return None
    plain = value.replace("\xa0", " ").strip()
    return None if plain.casefold() in NOTHING else plain


def line(value: Any) -> str | None:
    """Return `text(value)` with every run of white space as one blank."""
    found = text(value)
    return " ".join(found.split()) or None if found else None


def uncut(description: str | None) -> str | None:
    """Return a text, or None when it is only the beginning of one."""
    cut = description and len(description) >= SHORTENED_CHARS and SHORTENED.search(description)
    return None if cut else description


def duration(value: Any) -> float | None:
    """Return the seconds of an ISO 8601 duration, a clock time (`35:28`) or a number; never 0.

    A bare number is seconds; a whole one of two days or more is milliseconds: sites that write these are many, and
    videos that last days are few. One of a day or more can be either, as a stream may last for one.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return number_of_seconds(value)
    found = (text(value) or "").replace(" ", "")
    if found.isdecimal() and len(found) <= 12:  # noqa: PLR2004 - longer is no duration in any unit
        return number_of_seconds(int(found))
    if clock := CLOCK.fullmatch(found):
        hours, minutes, seconds = clock.groups(default="0")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds) or None
    if len(found) > 40 or MONTHS_ONLY.fullmatch(found) or not (iso := ISO_DURATION.fullmatch(found)):  # noqa: PLR2004
        return None
    return sum(float(count) * UNIT_SECONDS[unit] for unit, count in iso.groupdict().items() if count) or None


def number_of_seconds(value: float) -> float | None:
    """Return the seconds that a bare number means."""
    if not math.isfinite(value) or value <= 0:
        return None
    if value < DAY_SECONDS or value != int(value):
        return float(value)
    return value / 1000 if value >= 2 * DAY_SECONDS else None


def date(value: Any, *, zone: tzinfo = UTC) -> str | None:
    """Return ISO 8601 with its zone.

    Args:
        value: ISO 8601, RFC 2822 or a Unix time in seconds or milliseconds.
        zone: of a time that names none.
    """
    try:
        found = moment(value)
        if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
            return None
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        return found.isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def moment(value: Any) -> datetime | None:
    """Return the time that `value` names.

    Raises:
        ValueError: it names none.
        OverflowError: it is out of the calendar's range.
    """
    plain = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    if not plain or len(plain) > 60:  # noqa: PLR2004 - longer is no date
        return None
    if plain.isdecimal() and len(plain) in EPOCH_DIGITS:
        return datetime.fromtimestamp(int(plain) / EPOCH_DIGITS[len(plain)], tz=UTC)
    if "," in plain or plain[0].isalpha():
        return spelled(plain)
    iso = re.sub(r"^(\d{4})/(\d\d)/(\d\d)", r"\1-\2-\3", plain)
    iso = re.sub(r"\s*(?:UTC|GMT|Z)$", "+00:00", iso)
    iso = re.sub(r"\s+([+-]\d)", r"\1", iso)
    if not ISO_DAY.match(iso):
        raise ValueError(plain)
    return datetime.fromisoformat(DAY_WITH_ZONE.sub(r"\1T00:00\2", iso))


def spelled(plain: str) -> datetime:
    """Return the time that RFC 2822, JavaScript or a Unix system spell so; all else in it would be passed over.

    Raises:
        ValueError: it has a word of something else, such as `PM` or a zone that is not known for certain.
    """
    bare = re.sub(r"\s*\([^()]*\)$", "", plain)
    bare = re.sub(r"\b(?:GMT|UTC)([+-]\d)", r"\1", bare).replace("-0000", "+0000")  # for which Python tells no zone
    if not all(word.casefold() in SPELLED for word in re.findall(r"[^\W\d_]+", bare)):
        raise ValueError(plain)
    return parsedate_to_datetime(bare)


def language(value: Any) -> str | None:
    """Return the BCP 47 tag of an `inLanguage`; a language's English name is none."""
    if isinstance(value, list) and value:
        return language(value[0]) if len(value) == 1 and not isinstance(value[0], list) else None
    if isinstance(value, dict):
        value = value.get("alternateName") or value.get("identifier") or value.get("@id") or value.get("name")
    tag = (text(value) or "").replace("_", "-")
    primary = tag.partition("-")[0].casefold()
    is_language = OF_TWO_LETTERS.fullmatch(primary) if len(primary) == 2 else primary not in NO_LANGUAGE  # noqa: PLR2004
    return tag if LANGUAGE.fullmatch(tag) and is_language else None


def boolean(value: Any) -> bool | None:
    """Return True or False for JSON's and for the texts that sites write instead."""
    if isinstance(value, bool):
        return value
    word = (text(value) or "").rpartition("/")[2].casefold()
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(word)


def http_url(value: Any, base: str) -> str | None:
    """Return the absolute http or https address that `value` means on the page `base`."""
    found = text(value)
    if not found or len(found) > MAX_URL_CHARS or re.search(r"[\x00-\x1f]|\s\S+\s", found):
        return None
    try:
        url = safe_url_string(urljoin(base, found))
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    printed_nothing = parts.path.rstrip("/").rpartition("/")[2].casefold() in NOTHING - {""}
    return url if usable and not printed_nothing else None
