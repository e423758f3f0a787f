"""The types of the records' fields: each normalises what a page read, then checks it.

Every type but `Line`, `Url` and `Time` admits None for "unknown"; an empty text is unknown too.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field
from w3lib.url import safe_url_string

DEFAULT_PORTS = {"http": ":80", "https": ":443"}
MILLISECOND = 1000
"""In microseconds."""
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SURROGATE = re.compile("[\ud800-\udfff]")


def clean_text(value: Any) -> Any:
    """Text as it can be stored: no control characters, line feeds, no blanks at either end; "" is None."""
    if not isinstance(value, str):
        return value
    text = SURROGATE.sub("\ufffd", CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")))
    return text.strip() or None


def clean_line(value: Any) -> Any:
    """Text of one line: as `clean_text`, every run of white space one blank."""
    return " ".join(cleaned.split()) if isinstance(cleaned := clean_text(value), str) else cleaned


def utc_time(value: Any) -> Any:
    """ISO 8601 in UTC with `Z`, to the millisecond at most; a time without a zone is UTC.

    Raises:
        ValueError: the value is no ISO 8601 time.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str | datetime):
        msg = f"{value!r} is no ISO 8601 time"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns a ValueError, not a TypeError, into a reason
    time = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    try:
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError as exc:
        msg = f"{value!r} is out of the range of times"
        raise ValueError(msg) from exc
    return time.isoformat(timespec="milliseconds" if time.microsecond >= MILLISECOND else "seconds").replace(
        "+00:00", "Z"
    )


def whole_number(value: Any) -> Any:
    """A count: a number or its digits; never True, never text."""
    if isinstance(value, str):
        value = value.strip() or None
    if isinstance(value, bool) or (isinstance(value, str) and NUMBER.fullmatch(value) is None):
        msg = f"{value!r:.100} is no number"
        raise ValueError(msg)
    return value


def web_url(value: Any) -> Any:
    """An absolute http or https URL, percent-encoded, host in lower case, without its fragment.

    Raises:
        ValueError: the value is no such URL.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        msg = f"{value!r} is no URL"
        raise ValueError(msg)  # noqa: TRY004 - as above
    parts = urlsplit(safe_url_string(value.strip()))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = f"{value!r} is no absolute http or https URL"
        raise ValueError(msg)
    netloc = parts.netloc.lower().removesuffix(DEFAULT_PORTS[parts.scheme])
    return parts._replace(netloc=netloc, path=parts.path or "/", fragment="").geturl()


def unique_lines(value: Any) -> Any:
    """A list of lines, each once, in their first order, without empty ones."""
    if not isinstance(value, list | tuple):
        return value
    lines = [line for line in map(clean_line, value) if line]
    return list(dict.fromkeys(lines)) if all(isinstance(line, str) for line in lines) else lines


Line = Annotated[str, BeforeValidator(clean_line), Field(min_length=1)]
Time = Annotated[str, BeforeValidator(utc_time)]
Url = Annotated[str, BeforeValidator(web_url)]

OptionalText = Annotated[str | None, BeforeValidator(clean_text)]
OptionalLine = Annotated[str | None, BeforeValidator(clean_line)]
OptionalCount = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(whole_number)]
OptionalSeconds = Annotated[Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, BeforeValidator(whole_number)]
OptionalTime = Annotated[str | None, BeforeValidator(utc_time)]
OptionalUrl = Annotated[str | None, BeforeValidator(web_url)]
OptionalLines = Annotated[list[str] | None, BeforeValidator(unique_lines)]
Country = Annotated[Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None, BeforeValidator(clean_line)]
Language = Annotated[
    Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] | None, BeforeValidator(clean_line)
]
