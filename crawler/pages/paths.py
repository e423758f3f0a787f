"""Parts of addresses that answers name: whatever stands there, none of it is an error."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote, urlsplit


def path_in(address: Any) -> str:
    """Return the path of an address, decoded; empty for what is none."""
    try:
        return unquote(urlsplit(address).path) if isinstance(address, str) else ""
    except ValueError:
        return ""


def quoted(text: str, safe: str = "") -> str:
    """Return a text as a part of an address; half a surrogate pair, which JSON may hold, as a question mark."""
    return quote(text, safe=safe, errors="replace")
