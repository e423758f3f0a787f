"""Vimeo's addresses: from the forms that people copy to the one of each thing."""

from __future__ import annotations

import re
from typing import Any

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.paths import split

SITE = "vimeo"
BASE = "https://vimeo.com"
PLAYER_HOST, API_HOST = "player.vimeo.com", "api.vimeo.com"
HOSTS = ("vimeo.com", "www.vimeo.com", PLAYER_HOST)

ID = re.compile(r"\d{1,15}", re.ASCII)
HASH = re.compile(r"[\da-f]{6,40}", re.ASCII)
NAME = re.compile(r"[A-Za-z][\w-]{0,99}", re.ASCII)
NUMBERED = re.compile(r"user(\d{1,15})", re.ASCII)
"""Name of a user who has chosen none: their id."""
VIDEO_PATH = (
    r"/(?:channels/[^/]+/|groups/[^/]+/videos/|(?:album|showcase)/[^/]+/video/)?(\d{1,15})"
    r"(?:/([\da-f]{6,40}))?/?"
)
VIDEO = re.compile(VIDEO_PATH)
PLAYER = re.compile(r"/video/(\d{1,15})(?:/config)?/?")
USER = re.compile(r"/([A-Za-z][\w-]{0,99})/?", re.ASCII)
USER_VIDEOS = re.compile(r"/([A-Za-z][\w-]{0,99})/videos(?:/page:\d+(?:/sort:\w+)?)?/?", re.ASCII)
NO_USERS = frozenset({
    "about", "album", "albums", "api", "app", "blog", "business", "careers", "categories", "channels",
    "cookie_policy", "create", "dmca", "enterprise", "event", "events", "explore", "faq", "features", "feed",
    "for-hire", "forgot_password", "groups", "guidelines", "help", "home", "inbox", "integrations", "jobs", "join",
    "library", "live", "log_in", "log_out", "login", "manage", "moogaloop", "music", "musicstore", "notifications",
    "ondemand", "ott", "partners", "plus", "press", "pricing", "privacy", "pro", "review", "search", "settings",
    "showcase", "showcases", "site_map", "solutions", "staff-picks", "stats", "stock", "store", "students",
    "subscriptions", "tag", "templates", "terms", "tools", "upgrade", "upload", "users", "video", "videos",
    "video-maker", "videoschool", "watch", "watchlater",
})  # fmt: skip
"""First parts of addresses that are the site's own."""
OWN = "|".join(map(re.escape, sorted(NO_USERS)))
USER_NAME = rf"(?!(?:{OWN})(?:/|$))[A-Za-z][\w-]{{0,99}}"


def start_link(url: str) -> Link:
    """Return the link to what `url` names: a video, a user, or a user's videos.

    Raises:
        NotARecord: it names none.
    """
    host, path, query = split(url)
    if (found := PLAYER.fullmatch(path)) and host == PLAYER_HOST:
        return video_link(found[1], query.get("h"))
    if path == "/moogaloop.swf" and ID.fullmatch(query.get("clip_id", "")):
        return video_link(query["clip_id"])
    if found := VIDEO.fullmatch(path):
        return Link(f"{BASE}{path.rstrip('/')}", "video", key=video_key(found[1]))
    for pattern, kind in ((USER, "user"), (USER_VIDEOS, "listing")):
        if (found := pattern.fullmatch(path)) and found[1] not in NO_USERS:
            return user_link(found[1]) if kind == "user" else videos_link(found[1])
    raise NotARecord(
        "unknown_path", f"{url} names no video or user of Vimeo: pass one like {BASE}/76979871 or {BASE}/NAME"
    )


def video_url(video_id: str, unlisted_hash: str | None = None) -> str:
    """Return the address of a video's page; one that is not listed opens only with its hash."""
    return f"{BASE}/{video_id}/{unlisted_hash}" if unlisted_hash else f"{BASE}/{video_id}"


def player_url(video_id: str, unlisted_hash: str | None = None) -> str:
    """Return the address of the player for other sites."""
    suffix = f"?h={unlisted_hash}" if unlisted_hash else ""
    return f"https://{PLAYER_HOST}/video/{video_id}{suffix}"


def video_link(video_id: str, unlisted_hash: str | None = None) -> Link:
    """Return the link to a video's page."""
    told = unlisted_hash if unlisted_hash and HASH.fullmatch(unlisted_hash) else None
    return Link(video_url(video_id, told), "video", key=video_key(video_id))


def user_link(name: str, user_id: str | None = None) -> Link:
    """Return the link to a user's page, which is told the id that is known of the user."""
    known = user_id or number_in(name)
    return Link(f"{BASE}/{name}", "user", key=user_key(known) if known else None, carry={"id": known} if known else {})


def videos_link(name: str, user_id: str | None = None) -> Link:
    """Return the link to the list of a user's videos, which is told the id that is known of the user."""
    known = {"id": user_id} if user_id else {}
    return Link(f"{BASE}/{name}/videos", "listing", leads_to=frozenset({"video"}), carry=known)


def video_key(video_id: str) -> RecordKey:
    """Return the key of a video."""
    return RecordKey("video", SITE, video_id)


def user_key(user_id: str) -> RecordKey:
    """Return the key of a user."""
    return RecordKey("user", SITE, user_id)


def user_url(told: Any) -> str | None:
    """Return the address of a user, `/name` or absolute, as it is written today; None for what is none."""
    name = name_in(told)
    return f"{BASE}/{name}" if name else None


def name_in(told: Any) -> str | None:
    """Return the name in the address of a user."""
    if not isinstance(told, str):
        return None
    host, path, _ = split(told)
    found = USER.fullmatch(path) if host in {"", "vimeo.com"} else None
    return found[1] if found and found[1] not in NO_USERS else None


def number_in(name: str | None) -> str | None:
    """Return the id of a user that their name or address is made of."""
    found = NUMBERED.fullmatch((name or "").rpartition("/")[2])
    return found[1] if found else None
