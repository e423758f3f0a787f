"""PeerTube's addresses: from the URLs that people copy to those of its API, and its short ids."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link

SITE = "peertube"
PAGE_SIZE = 100
"""Rows asked for at once; more is answered with 400."""
OVERLAP = 10
"""Rows by which pages overlap: as many may vanish from the list during a walk, and none is missed."""
OUTBOX_SIZE = 50
"""Videos of an ActivityPub outbox page; the most that is allowed."""
FLICKR_BASE58 = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"

VIDEO = re.compile(r"/(?:w|videos/(?:watch|embed)|api/v1/videos)/([\w-]+)/?(?:;.*)?")
ACCOUNT = re.compile(r"/(?:a|accounts|api/v1/accounts)/([^/]+)(?:/.*)?")
CHANNEL = re.compile(r"/(?:c|video-channels|api/v1/video-channels)/([^/]+)(?:/.*)?")
EITHER = re.compile(r"/@([^/]+)(?:/.*)?")
WHOLE_HOST = re.compile(
    r"/?|/(?:home|about|videos)/?|/about/.*"
    r"|/videos/(?:browse|local|trending|hot|best|most-liked|recently-added|overview)/?"
)


def start_links(url: str) -> tuple[Link, ...]:
    """Return the API links of what `url` names: a video, an account, a channel, or the whole instance."""
    parts = urlsplit(url)
    base, path = f"{parts.scheme}://{parts.netloc.lower()}", unquote(parts.path)
    if path.startswith(("/w/p/", "/videos/watch/playlist/")):
        raise NotARecord("playlist", f"{url} is a playlist: pass a video, a user, a channel, or {base}")
    if found := VIDEO.fullmatch(path):
        return (video_link(base, found[1]),)
    if found := ACCOUNT.fullmatch(path):
        return (account_link(base, found[1]),)
    if found := CHANNEL.fullmatch(path):
        return (channel_link(base, found[1]),)
    if found := EITHER.fullmatch(path):
        return (replace(account_link(base, found[1]), otherwise=channel_link(base, found[1]).url),)
    if WHOLE_HOST.fullmatch(path):
        return instance_links(base)
    raise NotARecord(
        "unknown_path", f"{url} names no video, user or channel of a PeerTube site: to crawl all of it pass {base}"
    )


def instance_links(base: str) -> tuple[Link, ...]:
    """Return where users and videos of an instance are found; those that only check come last."""
    return (
        Link(f"{base}/api/v1/server/stats", "listing", priority=10),
        Link(listing_url(base, "accounts", sort="createdAt"), "listing", priority=5),
        Link(listing_url(base, "video-channels", sort="createdAt"), "listing", priority=5),
        Link(f"{base}/api/v1/server/following?start=0&count={PAGE_SIZE}", "listing", outward=True, optional=True),
        Link(f"{base}/sitemap.xml", "listing", last=True, optional=True),
        Link(videos_url(base, "videos", "createdAt", isLocal="true"), "listing", last=True),
    )


def listing_url(base: str, path: str, start: int = 0, **query: str) -> str:
    """Return the URL of a page of a list of the API."""
    return f"{base}/api/v1/{path}?{urlencode({'start': start, 'count': PAGE_SIZE} | query)}"


def videos_url(base: str, path: str, sort: str, **query: str) -> str:
    """Return the URL of the first page of a list of videos, with those that the site marks as sensitive."""
    return listing_url(base, path, 0, sort=sort, nsfw="both", **query)


def next_url(url: str, rows: int, total: int | None = None) -> str | None:
    """Return the URL of the page after one of `rows` rows; None after the last.

    A page with fewer rows than asked for is the last, unless a `total` that can be trusted says otherwise.
    """
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    start, count = int(query.get("start", 0)), int(query.get("count", 15))
    if not rows or (rows < count and start + rows >= (total or 0)):
        return None
    query["start"] = str(start + max(1, rows - OVERLAP))
    return parts._replace(query=urlencode(query)).geturl()


def video_link(base: str, video_id: str, *, last: bool = False) -> Link:
    """Return the link to a video by UUID, short UUID or number."""
    whole = long_uuid(video_id)
    key = RecordKey("video", SITE, whole) if whole else None
    return Link(f"{base}/api/v1/videos/{whole or quote(video_id, errors='replace')}", "video", key=key, last=last)


def account_link(base: str, handle: str, *, last: bool = False) -> Link:
    """Return the link to an account by name or name@host."""
    return actor_link(base, "accounts", handle, last=last)


def channel_link(base: str, handle: str, *, last: bool = False) -> Link:
    """Return the link to a channel by name or name@host."""
    return actor_link(base, "video-channels", handle, last=last)


def actor_link(base: str, path: str, handle: str, *, last: bool) -> Link:
    handle = local_handle(base, handle)
    name = unquote(handle)
    key = RecordKey("user", SITE, name if "@" in name else f"{name}@{urlsplit(base).netloc}")
    return Link(f"{base}/api/v1/{path}/{handle}", "user", key=key, last=last)


def local_handle(base: str, handle: str) -> str:
    """Return `handle` as the API's paths take it: without the host where that is the instance's own."""
    name, at, host = unquote(handle).strip().removeprefix("@").partition("@")
    own = host.lower() == urlsplit(base).netloc.lower()
    return quote(name if own else name + at + host.lower(), safe="@", errors="replace")


def long_uuid(text: str) -> str | None:
    """Return the UUID that `text` writes in full or in short (22 characters of base 58); None for other text."""
    try:
        if len(text) > len("q6rcyvgNheq69riucSYo6w"):
            return str(uuid.UUID(text))
        number = 0
        for character in text:
            number = number * 58 + FLICKR_BASE58.index(character)
        return str(uuid.UUID(int=number)) if len(text) > len("12345678901234567890") else None
    except ValueError:
        return None
