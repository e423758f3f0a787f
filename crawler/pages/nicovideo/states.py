"""What watch pages of nicovideo hold as JSON, of the Flash player (to 2017), of 2017 to 2020, and since."""

from __future__ import annotations

from typing import Any

from crawler.pages.embedded import identifier
from crawler.pages.nicovideo import urls
from crawler.pages.nodes import Node, dig, node, nodes, whole, words
from crawler.pages.rows import address, far_east_time, texts
from crawler.pages.structured import values
from crawler.pages.structured.schema import Fields
from crawler.pages.texts import plain

ADULT_YEARS = 18
HONORIFIC = " さん"
"""What pages of 2017 to 2020 put after the name of a user."""
PICTURES = ("ogp", "player", "largeUrl", "middleUrl", "url")
"""Names of a thumbnail, the largest first."""


def common(video_id: Any, *, embeddable: bool = False) -> Fields:
    """Return what follows from the id."""
    if not isinstance(video_id, str) or not urls.VIDEO_ID.fullmatch(video_id):
        return {}
    kind = "short" if video_id.startswith("ss") else "video"
    player = {"embed_url": f"https://embed.nicovideo.jp/watch/{video_id}"} if embeddable else {}
    return {"id": video_id, "url": urls.video_url(video_id), "media_type": kind, **player}


def owner(user_id: Any, name: Any) -> Fields:
    """Return the user who published a video; one without an id has left the site."""
    number = identifier(user_id)
    if number is None:
        return {"uploader": words(name)}
    return {"uploader": words(name), "uploader_id": number, "uploader_url": urls.user_url(number)}


def channel(channel_id: Any, name: Any) -> Fields:
    """Return the channel that published a video, by an id like `ch12` or its number."""
    number = identifier(channel_id.removeprefix("ch") if isinstance(channel_id, str) else channel_id)
    if number is None:
        return {}
    told, url = f"ch{number}", urls.user_url(f"ch{number}")
    names = {"uploader": words(name), "channel": words(name)}
    return {**names, "uploader_id": told, "uploader_url": url, "channel_id": told, "channel_url": url}


def publisher(of_channel: Any, user: Any, honorific: str = "") -> Fields:
    """Return the channel that published a video, or else the user, whose name may be followed by an `honorific`."""
    told = channel(dig(of_channel, "id"), dig(of_channel, "name"))
    return told or owner(dig(user, "id"), (words(dig(user, "nickname")) or "").removesuffix(honorific))


def adult(*told: Any) -> Fields:
    """Return for whom a video is, where one flag or another says it."""
    flags = [one for one in told if isinstance(one, bool)]
    if not flags:
        return {}
    return {"age_limit": ADULT_YEARS, "is_family_friendly": False} if any(flags) else {"age_limit": 0}


def today(data: Node) -> Fields:
    """Return what a page since 2020 tells."""
    video, count = node(data.get("video")), node(dig(data, "video", "count"))
    genre = node(data.get("genre"))
    pictures = node(video.get("thumbnail"))
    items = dig(data, "tag", "items")
    has_genre = genre.get("isNotSet") is not True and genre.get("key") != "none"
    return {
        **common(video.get("id"), embeddable=video.get("isEmbedPlayerAllowed") is True),
        "title": words(video.get("title")),
        "description": plain(video.get("description")),
        "published_at": far_east_time(video.get("registeredAt")),
        "duration": values.duration(video.get("duration")),
        "view_count": whole(count.get("view")),
        "like_count": whole(count.get("like")),
        "comment_count": whole(count.get("comment")),
        "thumbnail": next((found for name in PICTURES if (found := address(pictures.get(name)))), None),
        "tags": texts(items, "name"),
        "categories": [label] if has_genre and (label := words(genre.get("label"))) else None,
        **adult(dig(video, "rating", "isAdult")),
        **publisher(data.get("channel"), data.get("owner")),
        "availability": availability(video, node(dig(data, "payment", "video"))),
        **size(node(data.get("media"))),
    }


def size(media: Node) -> Fields:
    """Return width and height of the largest file: each has its own since 2023, and a part `metadata` before."""
    of_delivery = nodes(dig(media, "delivery", "movie", "videos"))
    files = nodes(dig(media, "domand", "videos")) or [node(dig(one, "metadata", "resolution")) for one in of_delivery]
    sizes = [(whole(one.get("width")) or 0, whole(one.get("height")) or 0) for one in files]
    width, height = max(sizes, key=lambda one: one[0] * one[1], default=(0, 0))
    return {"width": width, "height": height} if width and height else {}


def availability(video: Node, payment: Node) -> str | None:
    """Return who can see a video."""
    if video.get("isPrivate") is True:
        return "private"
    if video.get("isAuthenticationRequired") is True:
        return "needs_auth"
    if any(payment.get(name) is True for name in ("isPpv", "isAdmission", "isPremium", "isContinuationBenefit")):
        return "needs_auth"
    return "public" if video.get("isPrivate") is False and payment else None


def of_2017(data: Node) -> Fields:
    """Return what a page of 2017 to 2020 tells."""
    video = node(data.get("video"))
    return {
        **common(video.get("id")),
        "title": words(video.get("originalTitle")) or words(video.get("title")),
        "description": plain(words(video.get("originalDescription")) or video.get("description")),
        "published_at": far_east_time(video.get("originalPostedDateTime") or video.get("postedDateTime")),
        "duration": values.duration(video.get("duration")),
        "view_count": whole(video.get("viewCount")),
        "comment_count": whole(dig(data, "thread", "commentCount")),
        "thumbnail": address(video.get("largeThumbnailURL")) or address(video.get("thumbnailURL")),
        "tags": texts(data.get("tags"), "name"),
        **adult(video.get("isR18"), video.get("isAdult")),
        **publisher(data.get("channel"), data.get("owner"), HONORIFIC),
        "width": whole(video.get("width")) or None,
        "height": whole(video.get("height")) or None,
    }


def of_flash(data: Node) -> Fields:
    """Return what a page with the Flash player tells."""
    video = node(data.get("videoDetail"))
    return {
        **common(video.get("id")),
        "title": words(video.get("title_original")) or words(video.get("title")),
        "description": plain(words(video.get("description_original")) or video.get("description")),
        "published_at": far_east_time(video.get("postedAt")),
        "duration": values.duration(video.get("length")),
        "view_count": whole(video.get("viewCount")),
        "comment_count": whole(video.get("commentCount")),
        "thumbnail": address(video.get("thumbnail")),
        "tags": texts(video.get("tagList"), "tag"),
        **adult(video.get("isR18"), video.get("is_adult")),
        **publisher(data.get("channelInfo"), data.get("uploaderInfo")),
        "width": whole(video.get("width")) or None,
        "height": whole(video.get("height")) or None,
    }
