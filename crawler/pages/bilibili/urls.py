"""Bilibili's addresses, and its two kinds of ids: `av170001` and `BV17x411w7KC` are one video."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link

SITE = "bilibili"
BASE = "https://www.bilibili.com"
API_HOST, SPACE_HOST = "api.bilibili.com", "space.bilibili.com"
HOSTS = ("www.bilibili.com", "bilibili.com", "m.bilibili.com", API_HOST, SPACE_HOST)

BVID = re.compile(r"BV1[1-9A-HJ-NP-Za-km-z]{9}", re.ASCII)
VIDEO = re.compile(rf"/video/(?:({BVID.pattern})|(?:av|AV)([1-9]\d{{0,15}}))/?")
SPACE = re.compile(r"/(?:space/)?([1-9]\d*)(?:/.*)?")

ALPHABET = "FcwAPNKTMug3GV5Lj7EJnHpWsx4tb8haYeviqBz6rkCy12mUSDQX9RdoZf"
XOR, AIDS = 23442827791579, 1 << 51
PLACES = (11, 10, 3, 8, 4, 6, 5, 7, 9)
"""Where the digits stand in a BV id, the lowest first."""


def bvid_of(aid: int) -> str | None:
    """Return the BV id of an av number, by the method that the site's own scripts have; None for what is too large."""
    if aid >= AIDS:
        return None
    digits = list("BV1000000000")
    rest = (AIDS | aid) ^ XOR
    for place in PLACES:
        rest, digit = divmod(rest, len(ALPHABET))
        digits[place] = ALPHABET[digit]
    return "".join(digits)


def start_link(url: str) -> Link:
    """Return the link to what `url` names: a video or a user.

    Raises:
        NotARecord: it names none.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    found = VIDEO.fullmatch(parts.path)
    if found and (bvid := found[1] or bvid_of(int(found[2]))):
        return Link(video_url(bvid), "video", key=RecordKey("video", SITE, bvid))
    if (host == SPACE_HOST or parts.path.startswith("/space/")) and (found := SPACE.fullmatch(parts.path)):
        return user_link(found[1])
    if host == API_HOST:
        return Link(url, "video" if "/view" in parts.path else "user")
    raise NotARecord(
        "unknown_path",
        f"{url} names no video or user of Bilibili: pass one like {BASE}/video/BV… or https://{SPACE_HOST}/12",
    )


def video_url(bvid: str) -> str:
    """Return the address of a video's page."""
    return f"{BASE}/video/{bvid}"


def user_url(mid: str) -> str:
    """Return the address of a user's page."""
    return f"https://{SPACE_HOST}/{mid}"


def user_link(mid: str) -> Link:
    """Return the link to a user's page."""
    return Link(user_url(mid), "user", key=RecordKey("user", SITE, mid))
