"""Chzzk's addresses: from those that people copy to those of its API."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link

SITE = "chzzk"
BASE = "https://chzzk.naver.com"
API_HOST = "api.chzzk.naver.com"
API = f"https://{API_HOST}/service"
PAGE_SIZE = 30
VIDEO_ID = re.compile(r"\d{1,12}", re.ASCII)
CHANNEL_ID = re.compile(r"[0-9a-f]{32}")
AT_HOME = re.compile(r"/(?:(video|live)/)?([0-9a-z]+)(?:/(?:videos|community|about|clips))?/?")


def start_link(url: str) -> Link:
    """Return the link to what `url` names, in the API.

    Raises:
        NotARecord: it names nothing that can be read.
    """
    parts = urlsplit(url)
    if parts.netloc.lower() == API_HOST:
        return Link(url, "listing")
    found = AT_HOME.fullmatch(parts.path)
    kind, name = (found[1], found[2]) if found else (None, "")
    if kind == "video" and VIDEO_ID.fullmatch(name):
        return video_link(name)
    if kind != "video" and CHANNEL_ID.fullmatch(name):
        return live_link(name) if kind else channel_link(name)
    raise NotARecord(
        "unknown_path", f"{url} names no video or channel of Chzzk: pass one like {BASE}/video/1980 or {BASE}/ID"
    )


def video_link(number: str) -> Link:
    """Return the link to a video."""
    return Link(f"{API}/v3/videos/{number}", "video", key=RecordKey("video", SITE, number))


def live_link(channel_id: str) -> Link:
    """Return the link to what a channel streams, or has streamed last."""
    return Link(f"{API}/v3/channels/{channel_id}/live-detail", "video")


def channel_link(channel_id: str) -> Link:
    """Return the link to a channel."""
    return Link(f"{API}/v1/channels/{channel_id}", "user", key=RecordKey("user", SITE, channel_id))


def videos_link(channel_id: str) -> Link:
    """Return the link to the first page of a channel's videos, the newest first."""
    query = urlencode({"sortType": "LATEST", "pagingType": "PAGE", "page": 0, "size": PAGE_SIZE})
    return Link(f"{API}/v1/channels/{channel_id}/videos?{query}", "listing", leads_to=frozenset({"video"}))
