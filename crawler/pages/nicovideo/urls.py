"""nicovideo's addresses: from the forms that people copy to the one of each thing."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link

SITE = "nicovideo"
BASE = "https://www.nicovideo.jp"
EXT_HOST, API_HOST, PUBLIC_API_HOST = "ext.nicovideo.jp", "nvapi.nicovideo.jp", "public.api.nicovideo.jp"
CHANNEL_HOST, SHORT_HOST = "ch.nicovideo.jp", "nico.ms"
SEARCH_HOSTS = ("api.search.nicovideo.jp", "snapshot.search.nicovideo.jp")
HOSTS = (
    *("www.nicovideo.jp", "nicovideo.jp", "sp.nicovideo.jp", "embed.nicovideo.jp", "commons.nicovideo.jp"),
    *(EXT_HOST, API_HOST, PUBLIC_API_HOST, CHANNEL_HOST, SHORT_HOST, *SEARCH_HOSTS),
)
PAGE_SIZE = 100
HEADERS = {"X-Frontend-Id": "6", "X-Frontend-Version": "0"}
"""Without these the API for lists answers with 400."""

VIDEO_ID = re.compile(r"(?:sm|nm|so|ss|ax|yo|nl|ig|na|cw|z[a-e]|om|sk|yk|ca|cd|fx|sd)[1-9]\d{0,17}", re.ASCII)
NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
WATCH = re.compile(r"/(?:watch|shorts|thumb|thumb_watch)/([a-z]{2}\d+|\d+)/?")
GETTHUMBINFO = re.compile(r"/api/getthumbinfo/([a-z]{2}\d+|\d+)/?")
USER = re.compile(r"/user/([1-9]\d*)(/video)?/?")
CHANNEL = re.compile(r"/(ch[1-9]\d*)/?")


def start_link(url: str) -> Link:
    """Return the link to what `url` names: a video, a user or a channel.

    Raises:
        NotARecord: it names none.
    """
    parts = urlsplit(url)
    host, path = (parts.hostname or "").lower(), parts.path
    if host == SHORT_HOST and (VIDEO_ID.fullmatch(path.strip("/")) or NUMBER.fullmatch(path.strip("/"))):
        return video_link(path.strip("/"))
    if found := GETTHUMBINFO.fullmatch(path):
        return Link(url, "video", key=video_key(found[1]) if VIDEO_ID.fullmatch(found[1]) else None)
    if found := WATCH.fullmatch(path):
        return video_link(found[1])
    if found := USER.fullmatch(path):
        return videos_link(found[1]) if found[2] else user_link(found[1])
    if host == CHANNEL_HOST and (found := CHANNEL.fullmatch(path)):
        return channel_link(found[1])
    if host in {PUBLIC_API_HOST, API_HOST}:
        return Link(url, "user" if host == PUBLIC_API_HOST else "listing", headers=HEADERS)
    raise NotARecord(
        "unknown_path",
        f"{url} names no video, user or channel of nicovideo: pass one like {BASE}/watch/sm…, {BASE}/user/… or "
        f"https://{CHANNEL_HOST}/ch…",
    )


def video_url(video_id: str) -> str:
    """Return the address of a video's page."""
    return f"{BASE}/{'shorts' if video_id.startswith('ss') else 'watch'}/{video_id}"


def user_url(user_id: str) -> str:
    """Return the address of a user's page, of a channel's for an id like `ch12`."""
    return f"https://{CHANNEL_HOST}/{user_id}" if user_id.startswith("ch") else f"{BASE}/user/{user_id}"


def video_key(video_id: str) -> RecordKey:
    """Return the key of a video."""
    return RecordKey("video", SITE, video_id)


def video_link(video_id: str) -> Link:
    """Return the link to a video's page; a number alone is that of a comment thread, which names a video, too."""
    return Link(video_url(video_id), "video", key=video_key(video_id) if VIDEO_ID.fullmatch(video_id) else None)


def user_link(user_id: str) -> Link:
    """Return the link to a user's page."""
    return Link(user_url(user_id), "user", key=RecordKey("user", SITE, user_id))


def channel_link(channel_id: str) -> Link:
    """Return the link to a channel, by an id like `ch12`, in the API that tells of them."""
    query = {"channelIds": channel_id.removeprefix("ch"), "responseGroup": "detail"}
    url = f"https://{PUBLIC_API_HOST}/v1/channels.json?{urlencode(query)}"
    return Link(url, "user", key=RecordKey("user", SITE, channel_id))


def videos_link(user_id: str) -> Link:
    """Return the link to the first page of a user's videos."""
    query = urlencode({"pageSize": PAGE_SIZE, "page": 1})
    url = f"https://{API_HOST}/v1/users/{user_id}/videos?{query}"
    return Link(url, "listing", leads_to=frozenset({"video"}), headers=HEADERS)


def uploader_link(user_id: str) -> Link:
    """Return the link to who published a video: a user or a channel."""
    return channel_link(user_id) if user_id.startswith("ch") else user_link(user_id)
