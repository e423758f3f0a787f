"""From the objects of the Data API to records; the API gives every count as text."""

from __future__ import annotations

from crawler.items import Availability, LiveStatus, User, Video
from crawler.pages.base import Response
from crawler.pages.nodes import Node, dig, node, whole, words
from crawler.pages.rows import texts
from crawler.pages.structured import values
from crawler.pages.youtube import numbers, urls
from crawler.pages.youtube.channel import keywords
from crawler.pages.youtube.state import widest
from crawler.pages.youtube.video import ADULT_YEARS, SHORT_MOST_S

CATEGORIES = {
    "1": "Film & Animation", "2": "Autos & Vehicles", "10": "Music", "15": "Pets & Animals", "17": "Sports",
    "19": "Travel & Events", "20": "Gaming", "22": "People & Blogs", "23": "Comedy", "24": "Entertainment",
    "25": "News & Politics", "26": "Howto & Style", "27": "Education", "28": "Science & Technology",
    "29": "Nonprofits & Activism", "30": "Movies", "43": "Shows", "44": "Trailers",
}  # fmt: skip
"""Names of the categories, as the pages of the site have them."""
LICENSES = {"creativeCommon": "Creative Commons Attribution license (reuse allowed)"}
"""What the pages call a licence; they say nothing of YouTube's own."""
AVAILABILITY: dict[str, Availability] = {"public": "public", "unlisted": "unlisted", "private": "private"}
LIVE: dict[str, LiveStatus] = {"live": "is_live", "upcoming": "is_upcoming"}
AGE_RESTRICTED = "ytAgeRestricted"


def video(row: Node, response: Response, parts: frozenset[str]) -> Video:
    """Return the record of a video.

    Args:
        row: the object.
        response: where it stood.
        parts: the parts that were asked for.
    """
    snippet, details, status = (node(row.get(name)) for name in ("snippet", "contentDetails", "status"))
    video_id, channel_id = str(row["id"]), words(snippet.get("channelId"))
    live_status = live_status_of(row, parts)
    duration = None if live_status in LIVE.values() else values.duration(words(details.get("duration")))
    ratings = node(details.get("contentRating"))
    restricted = ratings.get("ytRating") == AGE_RESTRICTED if "contentDetails" in row else None
    owner, owner_url = words(snippet.get("channelTitle")), urls.channel_url(channel_id) if channel_id else None
    statistics = node(row.get("statistics"))
    return Video(
        site=urls.SITE,
        id=video_id,
        url=urls.video_url(video_id),
        fetched_at=response.fetched_at,
        fetched_from=response.url,
        title=words(snippet.get("title")) or "",
        description=words(snippet.get("description")),
        published_at=values.date(snippet.get("publishedAt")),
        duration=duration,
        view_count=whole(statistics.get("viewCount")),
        like_count=whole(statistics.get("likeCount")),  # missing where the owner hides it
        comment_count=whole(statistics.get("commentCount")),  # missing where they are switched off
        uploader=owner,
        uploader_id=channel_id,
        uploader_url=owner_url,
        channel=owner,
        channel_id=channel_id,
        channel_url=owner_url,
        thumbnail=thumbnail(snippet),
        tags=texts(snippet.get("tags")),
        categories=[name] if (name := CATEGORIES.get(str(snippet.get("categoryId")))) else None,
        language=values.language(snippet.get("defaultAudioLanguage")),
        license=LICENSES.get(str(status.get("license"))),
        age_limit=ADULT_YEARS if restricted else None if restricted is None or ratings else 0,
        is_family_friendly=False if restricted else None,
        live_status=live_status,
        availability="needs_auth" if restricted else availability(status, statistics, parts),
        media_type="video" if live_status == "not_live" and (duration or 0) > SHORT_MOST_S else None,
        embed_url=f"{urls.BASE}/embed/{video_id}" if status.get("embeddable") is True else None,
    )


def live_status_of(row: Node, parts: frozenset[str]) -> LiveStatus | None:
    """Return the status; of what is over, the API does not tell a stream from a première."""
    broadcast = str(dig(row, "snippet", "liveBroadcastContent"))
    if broadcast in LIVE:
        return LIVE[broadcast]
    has_been = "liveStreamingDetails" in row or "liveStreamingDetails" not in parts
    return "not_live" if broadcast == "none" and not has_been else None


def availability(status: Node, statistics: Node, parts: frozenset[str]) -> Availability | None:
    """Return who can see it; None where no views are told: what is for members alone is called public, too."""
    if "statistics" in parts and "viewCount" not in statistics:
        return None
    return AVAILABILITY.get(str(status.get("privacyStatus")))


def channel(row: Node, response: Response) -> User:
    """Return the record of a channel."""
    snippet, branding = node(row.get("snippet")), node(row.get("brandingSettings"))
    statistics = node(row.get("statistics"))
    is_hidden = statistics.get("hiddenSubscriberCount") is True
    followers = None if is_hidden else whole(statistics.get("subscriberCount"))
    said = words(dig(branding, "channel", "keywords"))
    handle = words(snippet.get("customUrl")) or ""
    return User(
        site=urls.SITE,
        id=str(row["id"]),
        url=urls.channel_url(str(row["id"])),
        fetched_at=response.fetched_at,
        fetched_from=response.url,
        username=handle.removeprefix("@") if handle.startswith("@") else None,
        name=words(snippet.get("title")),
        description=words(snippet.get("description")),
        avatar_url=thumbnail(snippet),
        banner_url=words(dig(branding, "image", "bannerExternalUrl")),
        account_type="channel",
        follower_count=followers,
        video_count=whole(statistics.get("videoCount")),
        view_count=whole(statistics.get("viewCount")),
        approximate=["follower_count"] if followers and numbers.is_rounded(followers) else None,
        country=words(snippet.get("country")),
        language=values.language(snippet.get("defaultLanguage")),
        tags=keywords(said) if said else None,
        created_at=values.date(snippet.get("publishedAt")),
    )


def thumbnail(snippet: Node) -> str | None:
    """Return the widest of the pictures, which have names here."""
    return widest(list(node(snippet.get("thumbnails")).values()))
