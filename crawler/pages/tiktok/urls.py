"""TikTok's addresses: from the forms that people copy to the one of each thing."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.paths import parameter, path_in

SITE = "tiktok"
BASE = "https://www.tiktok.com"
HOSTS = ("www.tiktok.com", "tiktok.com", "m.tiktok.com")
SHORT_HOSTS = ("vm.tiktok.com", "vt.tiktok.com")
"""Hosts whose every address redirects to a video or a profile."""
VIDEO_PATH = (
    r"/@[^/]*/(?:video|photo)/\d{6,20}/?|/share/video/\d{6,20}/?|/v/\d{6,20}(?:\.html)?/?|/embed(?:/v\d)?/\d{6,20}/?"
    r"|/api/item/detail/?|/node/share/video/@[^/]+/\d{6,20}/?"
)
PROFILE_PATH = r"/@[^/]+/?|/api/user/detail/?|/node/share/user/@[^/]+/?"
"""Pages, and the answers that the site's scripts get: those can be read, but are asked for by nobody else."""
OEMBED_PATH = r"/oembed/?"
IN_PATH = re.compile(r"/(?:video|photo|v|embed(?:/v\d)?)/(\d{6,20})(?:\.html)?/?$")
HANDLE = re.compile(r"[\w.-]{1,60}")
NOBODY = "_"
"""Handle in a video's address where it is not known: the site corrects it."""


def start_link(url: str) -> Link:
    """Return the link to what `url` names: a video, a profile, or where a short address leads.

    Raises:
        NotARecord: it names none.
    """
    path = path_in(url)
    if re.fullmatch(OEMBED_PATH, path) and (asked := parameter(url, "url")) and "/oembed" not in asked:
        return start_link(asked)
    is_short = path and urlsplit(url).hostname in SHORT_HOSTS
    if is_short or (path.startswith("/t/") and len(path) > len("/t/")):
        return Link(url, "video")
    if video_id := video_id_of(path):
        return video_link(handle_of(path), video_id)
    if (handle := handle_of(path)) and path.strip("/").count("/") == 0:
        return Link(profile_url(handle), "user")
    raise NotARecord(
        "unknown_path",
        f"{url} names no video and no profile of TikTok: pass one like {BASE}/@handle/video/… or {BASE}/@handle",
    )


def video_id_of(path: str) -> str | None:
    """Return the id of the video that a path names, None for none."""
    found = IN_PATH.search(path) if re.fullmatch(VIDEO_PATH, path) else None
    return found[1] if found else None


def handle_of(path: str) -> str | None:
    """Return the handle that a path begins with."""
    handle = path.removeprefix("/@").partition("/")[0] if path.startswith("/@") else ""
    return handle if HANDLE.fullmatch(handle) else None


def video_url(handle: str | None, video_id: str) -> str:
    """Return the address of a video's page."""
    return f"{BASE}/@{quote(handle or NOBODY)}/video/{video_id}"


def profile_url(handle: str) -> str:
    """Return the address of a profile."""
    return f"{BASE}/@{quote(handle)}"


def video_link(handle: str | None, video_id: str) -> Link:
    """Return the link to a video's page."""
    return Link(video_url(handle, video_id), "video", key=RecordKey("video", SITE, video_id))


def nameless(video_id: str) -> str:
    """Return the title of a video that has no caption."""
    return f"TikTok video #{video_id}"
