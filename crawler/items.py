"""The two records, every field documented.

Plain dataclasses: pages fill them, the `validate` pipeline normalises and checks them once through
`ADAPTERS`. Names are yt-dlp's where it has one, meanings schema.org's. Unknown is None, never 0 or "".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, TypeAdapter

from crawler.fields import (
    Country,
    Language,
    Line,
    OptionalCount,
    OptionalLine,
    OptionalLines,
    OptionalSeconds,
    OptionalText,
    OptionalTime,
    OptionalUrl,
    Time,
    Url,
)


class RecordKey(NamedTuple):
    """What makes a record one: its kind, its site, its id there."""

    kind: str
    site: str
    id: str


def doc(text: str) -> object:
    """Describe a field, for the JSON Schema and the documentation made from it."""
    return Field(description=text)


PROVENANCE = doc("With `provenance=1`: which part of the page told each known field, such as `JSON-LD`; else null.")
CHANGED = doc("With `every=`: names of the fields that have changed since the last reading; null for the first one.")
AccountType = Literal["person", "channel", "organization"]
LiveStatus = Literal["not_live", "is_upcoming", "is_live", "post_live", "was_live"]
Availability = Literal["public", "unlisted", "private", "internal", "password", "needs_auth", "deleted", "unavailable"]
MediaType = Literal["video", "short", "livestream", "audio", "clip", "episode", "movie"]


@dataclass(slots=True, kw_only=True)
class User:
    """A person, channel or organization that publishes videos."""

    kind: Annotated[Literal["user"], doc("Always `user`.")] = "user"
    site: Annotated[Line, doc("The page class's site, such as `peertube`; `schema.org` for any other page.")]
    id: Annotated[Line, doc("The site's stable id, `name@host` on PeerTube; where there is none, the canonical URL.")]
    url: Annotated[Url, doc("Canonical URL.")]
    fetched_at: Annotated[Time, doc("When it was read, ISO 8601 UTC.")]
    fetched_from: Annotated[Url, doc("URL that was read.")]
    username: Annotated[OptionalLine, doc("Handle, without the `@`.")] = None
    name: Annotated[OptionalLine, doc("Display name.")] = None
    description: Annotated[OptionalText, doc("Whole text, line breaks as `\\n`.")] = None
    avatar_url: Annotated[OptionalUrl, doc("Largest avatar.")] = None
    banner_url: Annotated[OptionalUrl, doc("Largest banner.")] = None
    links: Annotated[OptionalLines, doc("URLs that the profile links to.")] = None
    account_type: Annotated[AccountType | None, doc("`person`, `channel` or `organization`.")] = None
    owner_id: Annotated[OptionalLine, doc("A channel's account: its `id`.")] = None
    owner_url: Annotated[OptionalUrl, doc("A channel's account: its `url`.")] = None
    host: Annotated[OptionalLine, doc("Federation: the host that the account lives on.")] = None
    follower_count: Annotated[OptionalCount, doc("Followers or subscribers.")] = None
    following_count: Annotated[OptionalCount, doc("Users that this one follows.")] = None
    video_count: Annotated[OptionalCount, doc("Videos that the site declares.")] = None
    view_count: Annotated[OptionalCount, doc("Views of all videos.")] = None
    like_count: Annotated[OptionalCount, doc("Likes of all videos.")] = None
    approximate: Annotated[OptionalLines, doc("Names of the fields that the site rounds, such as `1.2M`.")] = None
    is_verified: Annotated[bool | None, doc("Verified by the site.")] = None
    country: Annotated[Country, doc("ISO 3166-1 alpha-2.")] = None
    language: Annotated[Language, doc("BCP 47.")] = None
    tags: Annotated[OptionalLines, doc("Tags; an empty list where the site says there are none.")] = None
    created_at: Annotated[OptionalTime, doc("ISO 8601 UTC.")] = None
    updated_at: Annotated[OptionalTime, doc("ISO 8601 UTC.")] = None
    seed_meta: Annotated[dict[str, Any] | None, doc("What was said of the seed that led here.")] = None
    changed: Annotated[OptionalLines, CHANGED] = None
    provenance: Annotated[dict[str, str] | None, PROVENANCE] = None


@dataclass(slots=True, kw_only=True)
class Video:
    """A video page."""

    kind: Annotated[Literal["video"], doc("Always `video`.")] = "video"
    site: Annotated[Line, doc("The page class's site, such as `peertube`; `schema.org` for any other page.")]
    id: Annotated[Line, doc("The site's stable id, the UUID on PeerTube; where there is none, the canonical URL.")]
    url: Annotated[Url, doc("Canonical URL.")]
    fetched_at: Annotated[Time, doc("When it was read, ISO 8601 UTC.")]
    fetched_from: Annotated[Url, doc("URL that was read.")]
    title: Annotated[Line, doc("Title.")]
    description: Annotated[OptionalText, doc("Whole text, line breaks as `\\n`.")] = None
    published_at: Annotated[OptionalTime, doc("First published on this site, ISO 8601 UTC.")] = None
    updated_at: Annotated[OptionalTime, doc("ISO 8601 UTC.")] = None
    duration: Annotated[OptionalSeconds, doc("Seconds; null while live.")] = None
    view_count: Annotated[OptionalCount, doc("Views.")] = None
    like_count: Annotated[OptionalCount, doc("Likes.")] = None
    dislike_count: Annotated[OptionalCount, doc("Dislikes.")] = None
    comment_count: Annotated[OptionalCount, doc("Comments.")] = None
    repost_count: Annotated[OptionalCount, doc("Shares.")] = None
    approximate: Annotated[OptionalLines, doc("Names of the fields that the site rounds, such as `1.2M`.")] = None
    uploader: Annotated[OptionalLine, doc("Display name of the account that published it.")] = None
    uploader_id: Annotated[OptionalLine, doc("That account's `id`.")] = None
    uploader_url: Annotated[OptionalUrl, doc("That account's `url`.")] = None
    channel: Annotated[OptionalLine, doc("Display name of the channel.")] = None
    channel_id: Annotated[OptionalLine, doc("The channel's `id`.")] = None
    channel_url: Annotated[OptionalUrl, doc("The channel's `url`.")] = None
    channel_follower_count: Annotated[OptionalCount, doc("Followers of the channel, where the page tells them.")] = None
    thumbnail: Annotated[OptionalUrl, doc("Largest thumbnail.")] = None
    tags: Annotated[OptionalLines, doc("Tags; an empty list where the site says there are none.")] = None
    categories: Annotated[OptionalLines, doc("Categories, in the site's words.")] = None
    language: Annotated[Language, doc("BCP 47.")] = None
    license: Annotated[OptionalLine, doc("Licence, in the site's words.")] = None
    age_limit: Annotated[OptionalCount, doc("Years; 0 where the site says it is for all.")] = None
    is_family_friendly: Annotated[bool | None, doc("False where the site marks it as sensitive.")] = None
    live_status: Annotated[LiveStatus | None, doc("yt-dlp's words: `not_live`, `is_upcoming`, `is_live`, …")] = None
    availability: Annotated[Availability | None, doc("Who can see it.")] = None
    media_type: Annotated[MediaType | None, doc("`video`, `short`, `livestream`, …")] = None
    width: Annotated[OptionalCount, doc("Pixels, of the largest file.")] = None
    height: Annotated[OptionalCount, doc("Pixels, of the largest file.")] = None
    embed_url: Annotated[OptionalUrl, doc("Page for an iframe.")] = None
    content_url: Annotated[OptionalUrl, doc("Media file or playlist, the largest.")] = None
    seed_meta: Annotated[dict[str, Any] | None, doc("What was said of the seed that led here.")] = None
    changed: Annotated[OptionalLines, CHANGED] = None
    provenance: Annotated[dict[str, str] | None, PROVENANCE] = None


Record = User | Video
ADAPTERS: dict[type[Record], TypeAdapter[Record]] = {User: TypeAdapter(User), Video: TypeAdapter(Video)}
"""What normalises and checks the fields of each record."""


def key_of(record: Record) -> RecordKey:
    """Return the key under which `record` is one, in all instances."""
    return RecordKey(record.kind, record.site, record.id)
