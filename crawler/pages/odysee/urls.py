"""Odysee's addresses, LBRY's names behind them, and the requests of the API that resolves those."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.paths import path_in, quoted

SITE = "odysee"
BASE = "https://odysee.com"
API = "https://api.na-backend.odysee.com/api/v1/proxy"
HOSTS = ("odysee.com", "www.odysee.com", "lbry.tv", "open.lbry.com", "api.na-backend.odysee.com", "api.lbry.tv")
CLAIM_ID = re.compile(r"[0-9a-f]{40}")
IN_PATH = re.compile(r"(?:^|[/:#])([0-9a-f]{40})(?=[/:#]|$)")
PART = r"[^/:#@$]+(?:[:#][0-9a-f]{1,40})?"
CLAIM = re.compile(rf"/?((?:@{PART}/)?{PART}|@{PART})/?")
BY_ID = re.compile(r"/\$/(?:embed|download|stream)/([^/:#@]+)/([0-9a-f]{40})/?.*")
EMBED = re.compile(r"/\$/embed(/.+)")
PAGE_SIZE = 50
HEADERS = {"Content-Type": "application/json"}


def start_link(url: str) -> Link:
    """Return the link to what `url` names: a video or a channel.

    Raises:
        NotARecord: it names none.
    """
    path = path_in(url)
    if found := BY_ID.fullmatch(path):
        return resolve(f"{found[1]}#{found[2]}")
    if inner := EMBED.fullmatch(path):
        path = inner[1]
    if found := CLAIM.fullmatch(path):
        return resolve(found[1].replace(":", "#"))
    raise NotARecord(
        "unknown_path",
        f"{url} names no video or channel of Odysee: pass one like {BASE}/@channel:1/video:2 or {BASE}/@channel:1",
    )


def resolve(name: str) -> Link:
    """Return the link to what a LBRY name, `@channel#1/video#2`, stands for."""
    kind: Any = "user" if name.startswith("@") and "/" not in name else "video"
    address = f"lbry://{name}"
    return Link(call_url("resolve", urls=address), kind, headers=HEADERS, body=call("resolve", urls=[address]))


def channel_link(address: str, claim_id: str) -> Link:
    """Return the link to a channel."""
    url, body = call_url("resolve", urls=address), call("resolve", urls=[address])
    return Link(url, "user", headers=HEADERS, body=body, key=RecordKey("user", SITE, claim_id))


def channel_videos(claim_id: str, page: int = 1) -> Link:
    """Return the link to a page of a channel's videos, newest first."""
    body = call(
        "claim_search",
        channel_ids=[claim_id],
        claim_type=["stream"],
        stream_types=["video"],
        order_by=["release_time"],
        page=page,
        page_size=PAGE_SIZE,
    )
    url = call_url("claim_search", channel_ids=claim_id, page=str(page))
    return Link(url, "listing", frozenset({"video"}), headers=HEADERS, body=body, carry={"channel": claim_id})


def call_url(method: str, **params: str) -> str:
    """Return the address of a call; the API reads its body only, what else stands here tells one from another."""
    return f"{API}?{urlencode({'m': method, **params}, errors='replace')}"


def call(method: str, **params: Any) -> str:
    """Return the JSON of a call."""
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}, sort_keys=True)


def page_url(address: Any) -> str | None:
    """Return the address that people see of `lbry://@channel#1/video#2`; None for what is no such address."""
    if not isinstance(address, str) or not address.startswith("lbry://"):
        return None
    path = address.removeprefix("lbry://").replace("#", ":")
    return f"{BASE}/{quoted(path, '@:/')}" if path else None


def path_of(address: str | None) -> str:
    """Return the path of a claim, `@channel:1/video:2`, in an address of the site; empty where there is none."""
    path = path_in(address)
    if by_id := BY_ID.fullmatch(path):
        return f"{by_id[1]}:{by_id[2]}"
    inner = EMBED.fullmatch(path)
    found = CLAIM.fullmatch(inner[1] if inner else path)
    return found[1].replace("#", ":") if found else ""


def claim_id_in(*addresses: str | None) -> str | None:
    """Return the whole id of a claim that the first of these addresses names."""
    found = (IN_PATH.search(path_in(one)) for one in addresses)
    return next((one[1] for one in found if one), None)
