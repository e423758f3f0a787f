"""Parts of addresses that answers name: whatever stands there, none of it is an error."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit


def path_in(address: Any) -> str:
    """Return the path of an address, decoded; empty for what is none."""
    try:
        return unquote(urlsplit(address).path) if isinstance(address, str) else ""
    except ValueError:
        return ""


def split(address: str) -> tuple[str, str, dict[str, str]]:
    """Return the host without `www.`, the path, and the first value of each parameter; nothing for what is no URL."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", "", {}
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return (parts.hostname or "").removeprefix("www."), unquote(parts.path), query


def quoted(text: str, safe: str = "") -> str:
    """Return a text as a part of an address; half a surrogate pair, which JSON may hold, as a question mark."""
    return quote(text, safe=safe, errors="replace")


def parameter(url: str, name: str) -> str:
    """Return the first value of a parameter of an address; empty for none."""
    return parse_qs(urlsplit(url).query).get(name, [""])[0]


def with_parameter(url: str, name: str, value: str) -> str:
    """Return an address with one parameter set."""
    parts = urlsplit(url)
    query = {key: told[-1] if len(told) == 1 else told for key, told in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode(query | {name: value}, doseq=True, errors="replace")).geturl()
