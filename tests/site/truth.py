"""What a crawl of the sample site must bring home, to the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.site.catalogue import Catalogue
from tests.site.model import CATEGORIES, LICENCES, Account, Channel, Image, Video
from tests.site.shapes import Shapes

Fields = dict[str, Any]
"""Expected values by the names of the records' fields. A field that is not named may have any value."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The sets that are exact, by the records' `id`.

    Attributes:
        host: host and port of the site.
        persons: users of type person, hidden accounts included, the server's own actor not.
        channels: users of type channel.
        videos: listed local videos.
        listed_persons: the persons that a list of accounts shows.
        unlisted: local videos that no list shows, with the reason.
        addresses: every URL on which the site answers for a user or a video.
        forbidden: paths that robots.txt forbids and pages link to: never to be requested.
        oddities: paths that are no record, with what is odd about them.
    """

    host: str
    persons: Mapping[str, Fields]
    channels: Mapping[str, Fields]
    videos: Mapping[str, Fields]
    listed_persons: frozenset[str] = frozenset()
    unlisted: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, frozenset[str]] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
    oddities: Mapping[str, str] = field(default_factory=dict)

    @property
    def users(self) -> dict[str, Fields]:
        """Persons and channels."""
        return {**self.persons, **self.channels}


def peertube_truth(catalogue: Catalogue, base: str, version: int = 6) -> Truth:
    """The truth of a catalogue that is served as a PeerTube of this version at `base`."""
    shapes = Shapes(base, version)
    persons, channels = catalogue.local_accounts, catalogue.local_channels
    local = [video for video in catalogue.videos if video.is_local]
    addresses = {
        **{actor_id(shapes, one): pages(base, one.name, "a", "accounts") for one in persons},
        **{actor_id(shapes, one): pages(base, one.name, "c", "video-channels") for one in channels},
        **{one.uuid: frozenset({f"{base}/w/{one.short}", f"{base}/videos/watch/{one.uuid}"}) for one in local},
    }
    return Truth(
        host=urlsplit(base).netloc,
        persons={actor_id(shapes, one): person_fields(shapes, one) for one in persons},
        channels={actor_id(shapes, one): channel_fields(shapes, one) for one in channels},
        videos={one.uuid: video_fields(shapes, one) for one in local if one.fate == "listed"},
        listed_persons=frozenset(actor_id(shapes, one) for one in persons if not one.hidden),
        unlisted={one.uuid: one.fate for one in local if one.fate != "listed"},
        addresses=addresses,
    )


def actor_id(shapes: Shapes, actor: Account) -> str:
    return f"{actor.name}@{shapes.host_of(actor)}"


def pages(base: str, name: str, short: str, long: str) -> frozenset[str]:
    tail = {"a": "video-channels", "c": "videos"}[short]
    return frozenset(
        f"{base}/{path}" for path in (f"{short}/{name}", f"{short}/{name}/{tail}", f"{long}/{name}", f"@{name}")
    )


def utc(time: datetime) -> str:
    """A time as a record holds it: milliseconds only where there are any."""
    text = time.isoformat(timespec="milliseconds" if time.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def actor_fields(shapes: Shapes, actor: Account) -> Fields:
    return {
        "site": "peertube",
        "id": actor_id(shapes, actor),
        "username": actor.name,
        "name": actor.display_name,
        "description": actor.description,
        "avatar_url": largest(shapes, actor.avatars, "avatars"),
        "host": shapes.host_of(actor),
        "follower_count": actor.followers,
        "following_count": actor.following,
        "created_at": utc(actor.created),
        "updated_at": utc(actor.updated),
    }


def person_fields(shapes: Shapes, account: Account) -> Fields:
    return actor_fields(shapes, account) | {"url": shapes.account_url(account), "account_type": "person"}


def channel_fields(shapes: Shapes, channel: Channel) -> Fields:
    return actor_fields(shapes, channel) | {
        "url": shapes.channel_url(channel),
        "account_type": "channel",
        "banner_url": largest(shapes, channel.banners, "banners"),
        "owner_id": actor_id(shapes, channel.owner),
        "owner_url": shapes.account_url(channel.owner),
    }


def largest(shapes: Shapes, images: tuple[Image, ...], folder: str) -> str | None:
    if not images:
        return None
    return f"{shapes.base}/lazy-static/{folder}/{max(images, key=lambda image: image.width).stem}.png"


def video_fields(shapes: Shapes, video: Video) -> Fields:
    """`url` is the one that the API and ActivityPub give; `Truth.addresses` has the others."""
    file = max(video.files, key=lambda file: file.height, default=None)
    return {
        "site": "peertube",
        "id": video.uuid,
        "url": shapes.video_url(video),
        "title": video.name,
        "description": video.description,
        "published_at": utc(video.published),
        "updated_at": utc(video.updated),
        "duration": None if video.is_live else float(video.duration),
        "view_count": video.views,
        "like_count": video.likes,
        "dislike_count": video.dislikes,
        "uploader": video.account.display_name,
        "uploader_id": actor_id(shapes, video.account),
        "uploader_url": shapes.account_url(video.account),
        "channel": video.channel.display_name,
        "channel_id": actor_id(shapes, video.channel),
        "channel_url": shapes.channel_url(video.channel),
        "thumbnail": f"{shapes.base}/lazy-static/previews/{video.picture}.jpg",
        "tags": list(video.tags),
        "categories": None if video.category is None else [CATEGORIES[video.category]],
        "language": video.language,
        "license": None if video.licence is None else LICENCES[video.licence],
        "is_family_friendly": not video.nsfw,
        "live_status": "is_live" if video.is_live else None,
        "availability": "public",
        "media_type": "livestream" if video.is_live else "video",
        "width": shapes.width(file).get("width") if file else None,
        "height": file.height if file and shapes.width(file) else None,
        "embed_url": f"{shapes.base}/videos/embed/{video.uuid}",
        "content_url": shapes.file_url(file) if file else None,
    }
