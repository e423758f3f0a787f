"""Dailymotion's addresses: from the forms that people copy to those of its API."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.paths import split

SITE = "dailymotion"
BASE = "https://www.dailymotion.com"
API_HOST = "api.dailymotion.com"
API = f"https://{API_HOST}"
SHORT_HOST = "dai.ly"
HOSTS = (
    *("www.dailymotion.com", "dailymotion.com", "touch.dailymotion.com", "m.dailymotion.com"),
    *("geo.dailymotion.com", SHORT_HOST, "www.dai.ly", API_HOST),
)
PAGE_SIZE = 100
"""Rows of one request; more is refused."""
MOST_ROWS = 1_000
"""Rows of one list that the API shows, whatever it holds."""

VIDEO_FIELDS = ",".join((
    *("id", "title", "description", "url", "created_time", "updated_time", "duration", "views_total", "likes_total"),
    *("tags", "language", "explicit", "private", "mode", "onair", "channel", "thumbnail_url", "thumbnail_720_url"),
    *("thumbnail_1080_url", "embed_url", "owner.id", "owner.username", "owner.screenname", "owner.url"),
    "owner.followers_total",
))  # fmt: skip
USER_FIELDS = ",".join((
    *("id", "username", "screenname", "description", "url", "avatar_720_url", "cover_url", "country", "language"),
    *("created_time", "followers_total", "following_total", "videos_total", "views_total", "verified"),
    *("facebook_url", "twitter_url", "instagram_url", "website_url"),
))  # fmt: skip
"""What is asked for: all that the records have and everybody may read; one field too many, and nothing is answered."""

VIDEO_ID = re.compile(r"[xk][0-9A-Za-z]{2,30}", re.ASCII)
USER_ID = re.compile(r"x[0-9a-z]{2,12}", re.ASCII)
NAME = re.compile(r"[\w.-]{2,100}", re.ASCII)
VIDEO = re.compile(r"/(?:(?:embed|swf|crawler)/)?video/([xk][0-9A-Za-z]+)(?:[_/;].*)?")
PLAYER = re.compile(r"/player(?:/\w+)?\.html|/player/metadata/video/([xk][0-9A-Za-z]+)")
PLAYLIST = re.compile(r"/playlist/(x[0-9a-z]+)(?:[_/].*)?")
USER = re.compile(r"/(?:(?:old/)?user/)?([\w.-]+)(?:/(?:videos?|channels?|1)?)?/?")
NO_USERS = frozenset({
    "video", "videos", "embed", "swf", "player", "playlist", "search", "explore", "library", "signin", "signup",
    "register", "login", "logout", "legal", "about", "feed", "hub", "live", "partner", "upload", "settings", "cdn",
    "services", "sitemap.xml", "robots.txt", "topic", "topics", "crawler", "history", "user", "old",
})  # fmt: skip
"""First parts of addresses that are the site's own."""


def start_link(url: str) -> Link:
    """Return the link to what `url` names: a video, a user, or the videos of a user or playlist.

    Raises:
        NotARecord: it names none.
    """
    host, path, query = split(url)
    if video_id := video_id_of(host, path, query):
        return video_link(video_id)
    if host == SHORT_HOST:
        raise NotARecord("unknown_path", f"{url} names no video of Dailymotion: pass one like {BASE}/video/x…")
    if found := PLAYLIST.fullmatch(path):
        return list_link("playlist", found[1])
    found = USER.fullmatch(path)
    if found and found[1].casefold() not in NO_USERS and NAME.fullmatch(found[1]):
        return list_link("user", found[1]) if path.rstrip("/").endswith("/videos") else user_link(found[1])
    raise NotARecord(
        "unknown_path",
        f"{url} names no video, user or playlist of Dailymotion: pass one like {BASE}/video/x…, {BASE}/NAME or "
        f"{BASE}/playlist/x…",
    )


def video_id_of(host: str, path: str, query: dict[str, str]) -> str | None:
    """Return the id of the video that an address names, None for none."""
    if host == SHORT_HOST:
        named: str | None = path.strip("/").partition("/")[0]
    elif found := PLAYER.fullmatch(path):
        named = found[1] or query.get("video")
    else:
        found = VIDEO.fullmatch(path)
        named = found[1] if found else None
    return named if named and VIDEO_ID.fullmatch(named) else None


def video_url(video_id: str) -> str:
    """Return the address of a video's page."""
    return f"{BASE}/video/{video_id}"


def video_link(video_id: str) -> Link:
    """Return the link to a video in the API; one by a private id (`k…`) may have another id there."""
    key = video_key(video_id) if video_id.startswith("x") else None
    return Link(f"{API}/video/{video_id}?{urlencode({'fields': VIDEO_FIELDS}, safe=',')}", "video", key=key)


def user_link(name: str, *, is_id: bool = False) -> Link:
    """Return the link to a user in the API, by id or name: some names look like ids."""
    url = f"{API}/user/{quote(name)}?{urlencode({'fields': USER_FIELDS}, safe=',')}"
    return Link(url, "user", key=user_key(name) if is_id else None)


def list_link(kind: str, name: str, page: int = 1, created_before: int | None = None) -> Link:
    """Return the link to a page of the videos of a user or playlist, newest first, with the explicit ones."""
    query: dict[str, str | int] = {"fields": VIDEO_FIELDS, "family_filter": "false", "limit": PAGE_SIZE, "page": page}
    if kind == "user":
        query["sort"] = "recent"
    if created_before is not None:
        query["created_before"] = created_before
    url = f"{API}/{kind}/{quote(name)}/videos?{urlencode(query, safe=',')}"
    return Link(url, "listing", leads_to=frozenset({"video"}))


def video_key(video_id: str) -> RecordKey:
    """Return the key of a video."""
    return RecordKey("video", SITE, video_id)


def user_key(user_id: str) -> RecordKey:
    """Return the key of a user."""
    return RecordKey("user", SITE, user_id)
