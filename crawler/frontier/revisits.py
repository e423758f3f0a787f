"""From the payload of a request that was fetched to the one that visits its page again."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from redis import Redis

    from crawler.frontier.keys import Keys

CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
"""Header of an answer by which to ask whether the page is still the same, and of the request that does."""
VISIT = "visit"
"""Where `meta` tells what earlier visits of the page have shown."""
KEPT_META = ("crawl", "download_slot", "download_timeout")
"""What stays of `meta`: the rest tells of the fetch that is over, such as its retries."""
STATUSES = "handle_httpstatus_list"
MOST_BYTES = 1024
"""A validator that is longer is not sent back."""


def validators(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what an answer gives to ask later whether it still holds; names in lower case."""
    found = {name: headers.get(name, "") for name in CONDITIONS}
    return {name: value for name, value in found.items() if value and len(value) <= MOST_BYTES}


def visit_again(payload: bytes, shown: Mapping[str, Any], known: Mapping[str, str]) -> bytes:
    """Return the payload of the next visit.

    Args:
        payload: of the request that was fetched.
        shown: what the visits of the page have shown.
        known: validators of the answer that is known; without any the next one is sent in any case.
    """
    fields: dict[str, Any] = orjson.loads(payload)
    for letter in ("l", "x"):  # it was kept for the end, as a check: now it is a page like others
        fields.pop(letter, None)
    headers = [header for header in fields.pop("h", []) if header[0] not in CONDITIONS.values()]
    headers += [[CONDITIONS[name], value] for name, value in known.items() if name in CONDITIONS]
    if headers:
        fields["h"] = headers
    meta = fields.get("t", {})
    kept = {name: meta[name] for name in KEPT_META if name in meta}
    statuses = {*meta.get(STATUSES, ()), HTTPStatus.NOT_MODIFIED}
    fields["t"] = {**kept, VISIT: shown, STATUSES: sorted(statuses)}
    return orjson.dumps(fields)


def shown_in(payload: bytes) -> Mapping[str, Any]:
    """Return what the visits of a page have shown, by the payload of its next one."""
    shown = orjson.loads(payload).get("t", {}).get(VISIT, {})
    return shown if isinstance(shown, dict) else {}


def page_of(reading: bytes) -> str:
    """Return the fingerprint of the page that a record is followed on, by its last reading."""
    return str(orjson.loads(reading)["p"])


def left_of(server: Redis, keys: Keys) -> tuple[int, int]:
    """Return how many requests are left of a crawl, and how many of them wait to visit a page again. Blocking."""
    seconds, micros = server.time()
    with server.pipeline(transaction=False) as pipe:  # no right to MULTI is asked for
        pipe.hlen(keys.requests)
        pipe.zcount(keys.due, f"({1000 * seconds + micros / 1000:.3f}", "+inf")
        left, revisits = pipe.execute()
    return left, min(left, revisits)
