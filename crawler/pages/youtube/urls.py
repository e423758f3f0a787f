"""YouTube's addresses: from the forms that people copy to the one of each thing, as a page or in the Data API."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.paths import split

SITE = "youtube"
BASE = "https://www.youtube.com"
HOSTS = ("www.youtube.com", "youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be")
"""Hosts whose addresses name videos, channels and playlists of YouTube."""
PLAYER_HOSTS = ("www.youtube-nocookie.com", "youtube-nocookie.com")
CONSENT_HOST = "consent.youtube.com"
API_HOST = "youtube.googleapis.com"
API = f"https://{API_HOST}/youtube/v3"
BATCH = 50
"""Ids or rows of one request to the Data API; more is answered with 400."""

VIDEO_ID = re.compile(r"[\w-]{11}", re.ASCII)
CHANNEL_ID = re.compile(r"UC[\w-]{22}", re.ASCII)
PLAYLIST_ID = re.compile(r"(?:PL|UU|FL|OL|EL|TL|SP|PU)[\w-]{8,}", re.ASCII)
"""Lists that have an end: a mix (`RD…`) is made up anew for each visitor, `WL` and `LL` are the visitor's own."""
LIST_PATHS = frozenset({"/playlist", "/watch", "/embed/videoseries"})
PAGE_TOKEN = re.compile(r"[\w.=+/-]+", re.ASCII)
IN_PATH = re.compile(r"/(?:shorts|live|embed|v|e)/([^/]+)/?.*")
CHANNEL = re.compile(r"/(?:(channel|user|c)/([^/]+)|@([^/]+))(?:/(\w+))?/?.*")
NO_CHANNELS = (
    "about|account|ads|api|attribution_link|browse|c|channel|channels|clip|create_channel|creators|dashboard|e|embed|error"
    "|explore|feed|feeds|gaming|hashtag|howyoutubeworks|iframe_api|index|inbox|jobs|kids|live|live_dashboard|logout|movies"
    "|music|new|oembed|oops|playlist|post|premium|press|redirect|reporthistory|results|search|shared|shorts|signin|signup"
    "|source|sports|storefront|t|testtube|trends|trending|tv|upload|user|v|verify_age|w|watch|watch_popup|youtubei|yt"
)
"""First parts of addresses that are the site's own."""
SHORT_NAME = rf"/(?!(?i:{NO_CHANNELS})/?$)([A-Za-z0-9]{{3,60}})/?"
"""A channel by the name that it chose before there were handles, without anything before it."""
TABS = ("videos", "shorts", "streams")
"""The tabs of a channel that list its videos."""
VIDEO_PARTS = "contentDetails,liveStreamingDetails,snippet,statistics,status"
CHANNEL_PARTS = "brandingSettings,contentDetails,snippet,statistics"
ITEM_PARTS = "contentDetails,status"


def start_link(url: str, *, uses_api: bool) -> Link:
    """Return the link to what `url` names: a video, a channel, one of a channel's tabs, or a playlist.

    Raises:
        NotARecord: it names none.
    """
    host, path, query = split(url)
    if host == CONSENT_HOST:
        raise NotARecord(
            "consent", f"{url} is YouTube's consent screen: pass the address of the video or channel itself"
        )
    if video_id := video_id_of(host, path, query):
        return api_videos([video_id]) if uses_api else video_link(video_id)
    if PLAYLIST_ID.fullmatch(query.get("list", "")) and path.rstrip("/") in LIST_PATHS:
        return api_items(query["list"]) if uses_api else playlist_link(query["list"])
    if found := CHANNEL.fullmatch(path):
        return channel_start(found[1] or "@", found[2] or found[3], found[4] or "", uses_api=uses_api)
    if host in {"youtube.com", "m.youtube.com"} and (found := re.fullmatch(SHORT_NAME, path)):
        return Link(f"{BASE}/{found[1]}", "user")
    raise NotARecord(
        "unknown_path",
        f"{url} names no video, channel or playlist of YouTube: pass one like {BASE}/watch?v=…, {BASE}/@handle or "
        f"{BASE}/playlist?list=…",
    )


def video_id_of(host: str, path: str, query: dict[str, str]) -> str | None:
    """Return the id of the video that an address names, None for none."""
    if host == "youtu.be":
        named = path.strip("/").partition("/")[0]
    elif path.rstrip("/") in {"/watch", "/watch_popup"}:
        named = query.get("v", "")
    else:
        found = IN_PATH.fullmatch(path)
        named = found[1] if found else ""
    return named if VIDEO_ID.fullmatch(named) and named != "videoseries" else None


def channel_start(form: str, name: str, tab: str, *, uses_api: bool) -> Link:
    """Return the link to a channel by its id, handle, or old name; `/c/` names are not in the API, so read as pages."""
    if form == "channel" and not CHANNEL_ID.fullmatch(name):
        raise NotARecord("unknown_path", f"{name} is no id of a channel: those are UC and 22 more characters")
    if uses_api and form != "c":
        if form == "channel" and tab in TABS:
            return api_items(uploads_of(name))
        argument = {"channel": "id", "user": "forUsername", "@": "forHandle"}[form]
        return api_channel(**{argument: f"@{name}" if form == "@" else name})
    address = f"{BASE}/{'@' if form == '@' else f'{form}/'}{quote(name)}"
    if tab in TABS:
        return Link(f"{address}/{tab}", "listing")
    if tab == "live":
        return Link(f"{address}/live", "video")
    return Link(address, "user", key=channel_key(name) if form == "channel" else None)


# --- pages ---


def video_url(video_id: str) -> str:
    """Return the address of a video's page."""
    return f"{BASE}/watch?v={video_id}"


def channel_url(channel_id: str) -> str:
    """Return the address of a channel's page: the one that no change of its name makes wrong."""
    return f"{BASE}/channel/{channel_id}"


def video_link(video_id: str) -> Link:
    """Return the link to a video's page."""
    return Link(video_url(video_id), "video", key=video_key(video_id))


def channel_link(channel_id: str) -> Link:
    """Return the link to a channel's page."""
    return Link(channel_url(channel_id), "user", key=channel_key(channel_id))


def playlist_link(playlist_id: str) -> Link:
    """Return the link to a playlist's page."""
    return Link(f"{BASE}/playlist?list={playlist_id}", "listing", leads_to=frozenset({"video"}))


def video_key(video_id: str) -> RecordKey:
    """Return the key of a video."""
    return RecordKey("video", SITE, video_id)


def channel_id(told: Any) -> str | None:
    """Return the id of a channel; None for what is none."""
    return told if isinstance(told, str) and CHANNEL_ID.fullmatch(told) else None


def channel_key(channel_id: str) -> RecordKey:
    """Return the key of a channel."""
    return RecordKey("user", SITE, channel_id)


def absolute(address: str | None) -> str | None:
    """Return an address on the site as people see it, `http://www.youtube.com/@Queen` as https; None for others."""
    host, path, _ = split(address or "")
    return f"{BASE}{quote(path, safe='/@')}" if host in {"", "youtube.com"} and path.startswith("/") else None


# --- the Data API ---


def api_videos(ids: Iterable[str]) -> Link:
    """Return the link to videos by id, up to `BATCH` of them in one request, in one order for the same ids."""
    wanted = sorted(set(ids))
    url = f"{API}/videos?{urlencode({'part': VIDEO_PARTS, 'id': ','.join(wanted)}, safe=',')}"
    if len(wanted) == 1:
        return Link(url, "video", key=video_key(wanted[0]))
    return Link(url, "listing", leads_to=frozenset({"video"}))


def join_videos(urls: Iterable[str]) -> Link | None:
    """Return the link to all videos that links of the API are to; None where one of these is to something else."""
    asked = [split(url)[2].get("id", "") if url.startswith(f"{API}/videos?") else "" for url in urls]
    return api_videos(one for ids in asked for one in ids.split(",")) if asked and all(asked) else None


def api_channel(**named: str) -> Link:
    """Return the link to a channel by `id`, `forHandle` or `forUsername`, or to several by ids with commas."""
    url = f"{API}/channels?{urlencode({'part': CHANNEL_PARTS, **named}, safe=',@')}"
    if "," in named.get("id", ""):
        return Link(url, "listing", leads_to=frozenset({"user"}))
    return Link(url, "user", key=channel_key(named["id"]) if "id" in named else None)


def api_items(playlist_id: str, page_token: str = "") -> Link:
    """Return the link to a page of the rows of a playlist."""
    query = {"part": ITEM_PARTS, "playlistId": playlist_id, "maxResults": BATCH}
    query |= {"pageToken": page_token} if page_token else {}
    return Link(f"{API}/playlistItems?{urlencode(query, safe=',')}", "listing", leads_to=frozenset({"video"}))


def uploads_of(channel_id: str) -> str:
    """Return the id of the playlist of all that a channel has uploaded."""
    return f"UU{channel_id.removeprefix('UC')}"


def uploader_of(playlist_id: str) -> str | None:
    """Return the id of the channel whose uploads a playlist is; None for a playlist that somebody made."""
    channel_id = f"UC{playlist_id.removeprefix('UU')}"
    return channel_id if playlist_id.startswith("UU") and CHANNEL_ID.fullmatch(channel_id) else None
