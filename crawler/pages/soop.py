"""SOOP, which was AfreecaTV: recordings, uploads and clips, and stations, as its API answers of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import LiveStatus, MediaType, User, Video
from crawler.pages.base import Link, Site
from crawler.pages.embedded import identifier
from crawler.pages.nodes import Node, dig, node, whole, words
from crawler.pages.parts import PartsPage
from crawler.pages.rows import address, far_east_time, texts
from crawler.pages.structured import values
from crawler.pages.structured.schema import Fields

SITE = "soop"
DOMAINS = ("sooplive.com", "sooplive.co.kr", "afreecatv.com")
"""The site's names, the newest first."""
VIDEO_API_HOSTS = tuple(f"api.m.{domain}" for domain in DOMAINS)
STATION_API_HOSTS = (*(f"chapi.{domain}" for domain in DOMAINS), "bjapi.afreecatv.com")
HOSTS = (
    *VIDEO_API_HOSTS,
    *STATION_API_HOSTS,
    *(f"{part}.{domain}" for part in ("www", "ch", "bj", "vod", "play") for domain in DOMAINS),
)
USER_ID = re.compile(r"[0-9a-z_]{3,30}", re.ASCII)
STATION = re.compile(r"/(?:station/|api/)?([0-9a-z_]{3,30})(?:/.*)?")
REASONS = {-6221: "not_found", -6205: "private"}
"""Why there is no video, by the site's code."""
KINDS: dict[str, MediaType] = {"REVIEW": "livestream", "NORMAL": "video", "CLIP": "clip", "CATCH": "short"}
STATES: dict[str, LiveStatus] = {"REVIEW": "was_live", "NORMAL": "not_live"}
SIZE = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})")


def start_link(url: str) -> Link:
    """Return the link to the station that `url` names.

    Raises:
        NotARecord: it names none, or a video: those are only told to who posts a form.
    """
    parts = urlsplit(url)
    part = (parts.hostname or "").partition(".")[0]
    found = STATION.fullmatch(parts.path)
    if found and (part in {"ch", "bj", "chapi", "bjapi", "play"} or parts.path.startswith("/station/")):
        return Link(f"https://{STATION_API_HOSTS[1]}/api/{found[1]}/station", "user")
    raise NotARecord(
        "unknown_path",
        f"{url} names no station of SOOP that can be read: pass one like https://ch.sooplive.co.kr/NAME "
        "(videos are only told to who posts a form, which a crawl does not)",
    )


SOOP = Site(SITE, HOSTS, start_link)


class VideoAnswer(PartsPage):
    """A video, as the API for its player tells it."""

    site = SITE
    platform = SITE
    hosts = VIDEO_API_HOSTS
    path = r"/station/video/a/view/?"
    examples = ("https://api.m.sooplive.co.kr/station/video/a/view",)
    record_type = Video
    source = "video API"

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the answer tells.

        Raises:
            NotARecord: there is no such video, with the reason.
        """
        row = node(dig(self.response.json, "data"))
        number, code = identifier(row.get("title_no")), row.get("code")
        if number is None:
            reason = REASONS.get(code, "unavailable") if isinstance(code, int) else "not_found"
            raise NotARecord(reason, f"SOOP says {code}: {words(row.get('message')) or 'no reason'}")
        kind = str(row.get("file_type"))
        total_ms = whole(row.get("total_file_duration"))
        yield (
            self.source,
            {
                "id": number,
                "url": f"https://vod.{DOMAINS[1]}/player/{number}",
                "title": words(row.get("full_title")) or words(row.get("title")),
                "description": words(row.get("content")),
                "published_at": published_at(row),
                "duration": total_ms / 1000 if total_ms else None,
                "view_count": whole(row.get("view_cnt")),
                "like_count": whole(row.get("recommend_cnt")),
                "comment_count": whole(row.get("memo_cnt")),
                "thumbnail": address(row.get("thumb")),
                "tags": texts(row.get("hash_tags")),
                "categories": texts(row.get("category_tags")) or None,
                **people(row),
                **size(row.get("file_resolution")),
                "live_status": STATES.get(kind),
                "media_type": KINDS.get(kind),
                "availability": "needs_auth" if words(row.get("sub_upload_type")) else None,
            },
        )


def published_at(row: Node) -> str | None:
    """Return when it was published: for a recording, the end of the broadcast."""
    told = row.get("write_timestamp")
    if isinstance(told, int) and not isinstance(told, bool):
        return values.date(told)
    return far_east_time((words(row.get("write_tm")) or "").rpartition("~")[2].strip())


def people(row: Node) -> Fields:
    """Return who published it, and whose station shows it: of a clip, these may be two."""
    writer, owner = (user_id(row.get(name)) for name in ("writer_id", "bj_id"))
    name = words(row.get("writer_nick"))
    told: Fields = {"uploader": name, "uploader_id": writer, "uploader_url": station_url(writer) if writer else None}
    if owner:
        told |= {"channel_id": owner, "channel_url": station_url(owner), "channel": name if owner == writer else None}
    return told


def user_id(value: object) -> str | None:
    """Return the id of a user; None for what is none."""
    return value if isinstance(value, str) and USER_ID.fullmatch(value) else None


def station_url(owner: str) -> str:
    """Return the address of a user's station."""
    return f"https://ch.{DOMAINS[1]}/{owner}"


def size(told: object) -> Fields:
    """Return width and height of the best file."""
    found = SIZE.fullmatch(told) if isinstance(told, str) else None
    return {"width": int(found[1]), "height": int(found[2])} if found else {}


class StationAnswer(PartsPage):
    """A user's station, as the API tells it."""

    site = SITE
    platform = SITE
    hosts = STATION_API_HOSTS
    path = r"/api/[0-9a-z_]+/station/?"
    examples = ("https://chapi.sooplive.co.kr/api/name/station", "https://bjapi.afreecatv.com/api/name/station")
    record_type = User
    source = "station API"

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what the answer tells.

        Raises:
            NotARecord: there is no such station.
        """
        body = node(self.response.json)
        row = node(body.get("station"))
        owner = user_id(row.get("user_id"))
        if owner is None:
            raise NotARecord("not_found" if body else "no_json", f"{self.url} answered no station")
        yield (
            self.source,
            {
                "id": owner,
                "url": station_url(owner),
                "username": owner,
                "name": words(row.get("user_nick")),
                "description": words(dig(row, "display", "profile_text")),
                "avatar_url": address(body.get("profile_image")),
                "account_type": "channel",
                "follower_count": whole(dig(row, "upd", "fan_cnt")),
            },
        )
