"""What the sample site is about: accounts, channels, videos. No host, no format: those are the server's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tests.site.words import short_uuid

Fate = Literal["listed", "muted", "upcoming", "unlisted", "blocked", "private", "internal", "password", "deleted"]
"""What became of a video. Lists show `listed` only; `muted` is of a hidden account, `upcoming` a live to come."""
READABLE: frozenset[Fate] = frozenset({"listed", "muted", "upcoming", "unlisted"})
"""Fates whose detail answers 200."""
IN_OUTBOX: frozenset[Fate] = READABLE | {"blocked", "deleted"}
"""Fates that an account's outbox holds."""

CATEGORIES = dict(enumerate((
    "Music", "Films", "Vehicles", "Art", "Sports", "Travels", "Gaming", "People", "Comedy", "Entertainment",
    "News & Politics", "How To", "Education", "Activism", "Science & Technology", "Animals", "Kids", "Food",
), start=1))  # fmt: skip
LICENCES = dict(enumerate((
    "Attribution", "Attribution - Share Alike", "Attribution - No Derivatives", "Attribution - Non Commercial",
    "Attribution - Non Commercial - Share Alike", "Attribution - Non Commercial - No Derivatives",
    "Public Domain Dedication",
), start=1))  # fmt: skip
LANGUAGES = {
    "en": "English",
    "ko": "Korean",
    "fr": "French",
    "ar": "Arabic",
    "ja": "Japanese",
    "zh-Hans": "Simplified Chinese",
}


@dataclass(frozen=True, slots=True)
class Image:
    """An avatar or banner: its width in pixels and the stem of its file's name."""

    width: int
    stem: str


@dataclass(slots=True, kw_only=True)
class Account:
    """A person; `host` is None on the site's own host. A hidden one is muted by the administrators."""

    id: int
    name: str
    host: str | None
    display_name: str
    description: str | None
    created: datetime
    updated: datetime
    followers: int
    following: int
    avatars: tuple[Image, ...] = ()
    hidden: bool = False


@dataclass(slots=True, kw_only=True)
class Channel(Account):
    """A channel of an account."""

    owner: Account
    banners: tuple[Image, ...] = ()
    support: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A media file: pixels, bytes, the stem of its name."""

    height: int
    width: int
    size: int
    stem: str


@dataclass(slots=True, kw_only=True)
class Video:
    """A video; `duration` is in seconds, 0 while live."""

    id: int
    uuid: str
    name: str
    description: str | None
    channel: Channel
    created: datetime
    published: datetime
    updated: datetime
    originally: datetime | None
    duration: int
    views: int
    likes: int
    dislikes: int
    category: int | None
    licence: int | None
    language: str | None
    nsfw: bool
    tags: tuple[str, ...]
    files: tuple[File, ...]
    picture: str
    fate: Fate = "listed"
    is_live: bool = False
    short: str = field(init=False)

    def __post_init__(self) -> None:
        self.short = short_uuid(self.uuid)

    @property
    def account(self) -> Account:
        return self.channel.owner

    @property
    def is_local(self) -> bool:
        return self.channel.host is None


@dataclass(frozen=True, slots=True)
class Share:
    """An account that announces a video of another one."""

    account: Account
    video: Video
