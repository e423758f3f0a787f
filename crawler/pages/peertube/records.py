"""From PeerTube's JSON to records; read what is there, prefer the newer name, never fail on a missing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from crawler.items import Availability, RecordKey, User, Video
from crawler.pages.base import Response
from crawler.pages.embedded import address
from crawler.pages.nodes import Node, dig, node, nodes
from crawler.pages.peertube.urls import SITE
from crawler.pages.structured import values
from crawler.pages.structured.schema import Fields

AVAILABILITY: Mapping[int, Availability] = {1: "public", 2: "unlisted", 3: "private", 4: "internal", 5: "password"}
LIVE_STATES = {4: "is_upcoming", 5: "post_live"}
"""Video states (`state.id`) of a live stream that is not running."""


def rows_of(body: Any) -> list[Node]:
    """Return the rows of a list of the API, without what is no object."""
    return nodes(dig(body, "data"))


def whole(value: Any) -> int | None:
    """Return a number of things; None for what is none, a text of digits too."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def actor_id(actor: Node) -> str | None:
    """Return `name@host` of an account or channel."""
    return f"{actor['name']}@{actor['host']}" if actor.get("name") and actor.get("host") else None


def is_instance(account: Node) -> bool:
    """Tell whether `account` is an instance's own actor, which is no user."""
    return account.get("name") == "peertube"


def is_local(row: Node, response: Response) -> bool:
    """Tell whether an account, channel or video lives on the instance that answered."""
    if isinstance(row.get("isLocal"), bool):
        return bool(row["isLocal"])
    host = row.get("host") or node(row.get("account")).get("host")
    return host is None or str(host).lower() == response.host


def account(row: Node, response: Response) -> User:
    """Return the record of an account."""
    return actor(row, response, account_type="person", banner_url=None)


def channel(row: Node, response: Response) -> User:
    """Return the record of a channel, with the account that owns it."""
    owner = node(row.get("ownerAccount"))
    return actor(
        row,
        response,
        account_type="channel",
        owner_id=actor_id(owner),
        owner_url=owner.get("url"),
        banner_url=image(row, "banners", "banner", response),
        video_count=row.get("videosCount"),
    )


def actor(row: Node, response: Response, **more: Any) -> User:
    return User(
        site=SITE,
        id=actor_id(row) or "",
        url=row.get("url") or response.url,
        fetched_at=response.fetched_at,
        fetched_from=response.url,
        username=row.get("name"),
        name=row.get("displayName"),
        description=row.get("description"),
        avatar_url=image(row, "avatars", "avatar", response),
        host=row.get("host"),
        follower_count=row.get("followersCount"),
        following_count=row.get("followingCount"),
        created_at=row.get("createdAt"),
        updated_at=row.get("updatedAt"),
        **more,
    )


def video_key(row: Node) -> RecordKey:
    """Return the key of a video; its UUID is the same on every instance."""
    return RecordKey("video", SITE, str(row.get("uuid") or ""))


def video(row: Node, response: Response, activity: Node | None = None) -> Video:
    """Return the record of a video.

    Args:
        row: a list row or the whole object of `/api/v1/videos/{id}`.
        response: where it stood.
        activity: the same video in an ActivityPub outbox, with the tags and the whole text that a list row lacks.
    """
    uploader, its_channel = node(row.get("account")), node(row.get("channel"))
    live = bool(row.get("isLive"))
    width, height, content_url = largest_file(row, activity or {})
    return Video(
        site=SITE,
        id=video_key(row).id,
        url=row.get("url") or response.url,
        fetched_at=response.fetched_at,
        fetched_from=response.url,
        title=row.get("name") or "",
        description=activity.get("content") if activity else description(row),
        published_at=row.get("publishedAt"),
        updated_at=row.get("updatedAt"),
        duration=None if live else row.get("duration") or None,
        view_count=row.get("views"),
        like_count=row.get("likes"),
        dislike_count=row.get("dislikes"),
        comment_count=row.get("comments"),
        uploader=uploader.get("displayName"),
        uploader_id=actor_id(uploader),
        uploader_url=uploader.get("url"),
        channel=its_channel.get("displayName"),
        channel_id=actor_id(its_channel),
        channel_url=its_channel.get("url"),
        channel_follower_count=its_channel.get("followersCount"),
        thumbnail=thumbnail(row, response),
        tags=tags(row, activity),
        categories=label_list(node(row.get("category"))),
        language=node(row.get("language")).get("id"),
        license=label(node(row.get("licence"))),
        **rating(row.get("nsfw")),
        live_status=live_status(node(row.get("state")).get("id"), live=live),
        availability=AVAILABILITY.get(whole(node(row.get("privacy")).get("id")) or 0),
        media_type="livestream" if live else "video",
        width=width,
        height=height,
        embed_url=address(row.get("embedUrl") or row.get("embedPath"), response),
        content_url=content_url,
    )


def description(row: Node) -> str | None:
    """Return the whole text; until version 4 the details cut it, too, and had no other name for what they cut."""
    told = row.get("description")
    return values.uncut(told) if isinstance(told, str) and "truncatedDescription" not in row else told


def tags(row: Node, activity: Node | None) -> list[str] | None:
    """Return the tags; None where neither source tells them."""
    if activity is None:
        return row.get("tags")
    if not isinstance(activity.get("tag"), list):
        return None
    return [str(tag["name"]) for tag in nodes(activity["tag"]) if tag.get("type") == "Hashtag" and tag.get("name")]


def label(constant: Node) -> str | None:
    """Return the name of a category or licence; None for the site's `Unknown`, which has no id."""
    return constant.get("label") if constant.get("id") is not None else None


def label_list(constant: Node) -> list[str] | None:
    name = label(constant)
    return [name] if name else None


def rating(sensitive: Any) -> Fields:
    """Return for whom a video is, where that is told."""
    if not isinstance(sensitive, bool):
        return {}
    return {"age_limit": 18 if sensitive else 0, "is_family_friendly": not sensitive}


def live_status(state: Any, *, live: bool) -> Any:
    """Return the status in yt-dlp's words: a list row of a live stream is only shown while it runs.

    Of all else it is unknown: the replay of a stream is not told from a video that was uploaded.
    """
    return LIVE_STATES.get(whole(state) or 0, "is_live") if live else None


def largest_file(row: Node, activity: Node) -> tuple[int | None, int | None, str | None]:
    """Return width and height in pixels and the URL of the largest video file that either source names.

    A height without a width is the shorter side, which of an upright video is the width.
    """
    files = nodes(row.get("files"))
    for playlist in nodes(row.get("streamingPlaylists")):
        files += nodes(playlist.get("files"))
    found = [
        (pixels(file.get("height") or node(file.get("resolution")).get("id")), file.get("width"), file.get("fileUrl"))
        for file in files
    ]
    links = nodes(activity.get("url"))
    links += [nested for link in links for nested in nodes(link.get("tag"))]  # of an HLS playlist
    found += [
        (pixels(link.get("height")), link.get("width"), link.get("href"))
        for link in links
        if str(link.get("mediaType")).startswith("video/") and isinstance(link.get("href"), str)
    ]
    if not found:
        return None, None, None
    height, width, url = max(found, key=lambda file: file[0])
    return (pixels(width), height, url) if pixels(width) and height else (None, None, url)


def pixels(value: Any) -> int:
    """Return a number of pixels, 0 for what is none."""
    return whole(value) or 0


def thumbnail(row: Node, response: Response) -> str | None:
    """Return the largest thumbnail: `thumbnails[]` since 8.1, before that the preview."""
    return image(row, "thumbnails", "thumbnail", response) or address(
        row.get("previewPath") or row.get("thumbnailPath"), response
    )


def image(row: Node, plural: str, singular: str, response: Response) -> str | None:
    """Return the URL of the widest image: `fileUrl` since 7.1, `path` before; a single one until 6.0."""
    images = nodes(row.get(plural) or [row.get(singular)])
    if not images:
        return None
    widest = max(images, key=lambda found: pixels(found.get("width")))
    return widest.get("fileUrl") or address(widest.get("path"), response)


def origin(url: str) -> str:
    """Return scheme and host of `url`, where an account or channel lives, with a slash."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"
