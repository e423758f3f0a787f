"""Twitch: recordings and clips, as far as their pages tell anything without the site's own API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import MediaType, Record, RecordKey
from crawler.pages.base import Link, Page, Platform, refuse_status
from crawler.pages.paths import parameter
from crawler.pages.structured import StructuredVideoPage
from crawler.pages.structured.values import line

SITE = "twitch"
BASE = "https://www.twitch.tv"
HOSTS = ("www.twitch.tv", "m.twitch.tv", "go.twitch.tv")
CLIP_HOST, PLAYER_HOST = "clips.twitch.tv", "player.twitch.tv"
LOGIN = r"[A-Za-z0-9_]{2,25}"
SLUG = r"[A-Za-z][\w-]{4,100}"
VOD_PATH = rf"/(?:videos|{LOGIN}/v(?:ideo)?)/\d{{5,12}}/?"
CLIP_PATH = rf"/{LOGIN}/clip/{SLUG}/?"
SHORT_CLIP_PATH = rf"/(?:{LOGIN}/)?{SLUG}/?"
NO_CHANNELS = r"(?!(?:directory|downloads|jobs|p|search|settings|store|turbo|videos)(?:/|$))"
CHANNEL_PATH = rf"/{NO_CHANNELS}{LOGIN}(?:/(?:about|clips|home|schedule|videos))?/?"
ON_TWITCH = re.compile(r"(?P<title>.+\S) - (?P<channel>\S+) on Twitch", re.DOTALL)
"""What the site makes of a recording's title and its channel."""
CLIP_SUMMARY = re.compile(r"Watch (?P<channel>.+?)'s clip titled \"(?P<title>.+)\"")
"""What the site writes where a clip has no description: its title there is `channel - title`."""
RECORDING_SUMMARY = re.compile(r"\S+ went live on Twitch\. Catch up on their (?:.+ )?VOD now\.")
PROCESSING = "/404_processing_"
"""In the address of the picture of what is still being recorded, or is not ready."""


class TwitchVideo(StructuredVideoPage):
    """A recording or a clip: most of its pages are shells that a script fills, some have structured data.

    Its classes go by their hosts alone, as a path means something else on each.
    """

    site = SITE

    def id(self) -> str:
        """Return the last part of the address."""
        return urlsplit(self.url).path.rstrip("/").rpartition("/")[2]

    @property
    def whole_title(self) -> str:
        """The title as JSON-LD has it, where nothing is the site's own, also after `| Twitch`."""
        told, begun = line(self.document.video_object.get("name")), self.structured.title
        return told if told and told.startswith(begun) else begun

    @property
    def named(self) -> re.Match[str] | None:
        """What the site made of a title and a channel, where it did."""
        return ON_TWITCH.fullmatch(self.whole_title)

    @property
    def clip_named(self) -> re.Match[str] | None:
        """What the site's own description of a clip names."""
        return CLIP_SUMMARY.fullmatch(line(self.structured.description) or "")

    def title(self) -> str:
        """Return the title alone."""
        found = self.clip_named or self.named
        return found["title"] if found else self.whole_title

    def description(self) -> str | None:
        """Return the description, unless the site made it."""
        is_made = self.clip_named or RECORDING_SUMMARY.fullmatch(line(self.structured.description) or "")
        return None if is_made else self.structured.description

    @property
    def is_processing(self) -> bool:
        """Whether it is still being recorded, or not ready."""
        return PROCESSING in (self.structured.thumbnail or "")

    def duration(self) -> float | None:
        """Return the seconds, which grow as long as it is being recorded."""
        return None if self.is_processing else self.structured.duration

    def thumbnail(self) -> str | None:
        """Return the picture; the one that stands for none is none."""
        return None if self.is_processing else self.structured.thumbnail

    @property
    def login(self) -> str | None:
        """The channel's name in addresses, which stands before the rest where this address is of a longer form."""
        return None

    def channel(self) -> str | None:
        """Return the channel."""
        found = self.clip_named or self.named
        return found["channel"] if found else self.structured.channel

    def channel_url(self) -> str | None:
        """Return the channel's address."""
        login = self.login or self.channel() or ""
        return f"{BASE}/{login.lower()}" if re.fullmatch(LOGIN, login) else None

    def links(self) -> Iterator[Link]:
        """Yield nothing: what a page leads to are shells."""
        yield from ()


class Recording(TwitchVideo):
    """A recording of a broadcast, or an upload."""

    hosts = HOSTS
    path = VOD_PATH
    examples = (f"{BASE}/videos/123456789", f"{BASE}/kites/v/123456789")

    @property
    def login(self) -> str | None:
        """The channel, where the address is of the older form."""
        parts = urlsplit(self.url).path.strip("/").split("/")
        return parts[0] if len(parts) > len(("videos", "id")) else None

    def uploader(self) -> str | None:
        """Return the channel."""
        return self.channel() or self.structured.uploader

    def uploader_url(self) -> str | None:
        """Return the channel's address."""
        return self.channel_url() or self.structured.uploader_url

    def canonical_url(self) -> str:
        """Return the address without the channel."""
        return vod_url(self.id())


class Clip(TwitchVideo):
    """A clip, below its channel, which did not make it itself."""

    hosts: ClassVar[tuple[str, ...]] = HOSTS
    path = CLIP_PATH
    examples = (f"{BASE}/kites/clip/FairWindyKite-abc_123",)

    @property
    def login(self) -> str | None:
        """The channel, where the address has it."""
        parts = urlsplit(self.url).path.strip("/").split("/")
        return parts[0] if len(parts) > 1 else None

    def media_type(self) -> MediaType:
        """Return that it is a clip."""
        return "clip"

    def canonical_url(self) -> str:
        """Return the address that does not need the channel."""
        return clip_url(self.id())


class ShortClip(Clip):
    """A clip, by its own address."""

    hosts = (CLIP_HOST,)
    path = SHORT_CLIP_PATH
    examples = (f"https://{CLIP_HOST}/FairWindyKite-abc_123",)


class Channel(Page):
    """A channel: its page tells nothing that holds for longer than a broadcast."""

    site = SITE
    hosts = HOSTS
    path = CHANNEL_PATH
    examples = (f"{BASE}/kites", f"{BASE}/kites/videos")

    def records(self) -> Iterator[Record]:
        """Refuse it.

        Raises:
            NotARecord: always.
        """
        yield from ()
        refuse_status(self.response.status)
        raise no_channel(self.url)


class Twitch(Platform):
    """The site, known by its hosts."""

    name = SITE
    hosts = (*HOSTS, "twitch.tv", CLIP_HOST, PLAYER_HOST)

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to the recording or clip that `url` names.

        Raises:
            NotARecord: it names none.
        """
        parts = urlsplit(url)
        video_id, slug = parameter(url, "video").removeprefix("v"), parameter(url, "clip")
        if re.fullmatch(VOD_PATH, parts.path):
            video_id = parts.path.rstrip("/").rpartition("/")[2]
        elif re.fullmatch(CLIP_PATH, parts.path) or (
            parts.hostname == CLIP_HOST and parts.path != "/embed" and re.fullmatch(SHORT_CLIP_PATH, parts.path)
        ):
            slug = parts.path.rstrip("/").rpartition("/")[2]
        if video_id.isdecimal():
            return (Link(vod_url(video_id), "video", key=RecordKey("video", SITE, video_id)),)
        if re.fullmatch(SLUG, slug):
            return (Link(clip_url(slug), "video", key=RecordKey("video", SITE, slug)),)
        if re.fullmatch(CHANNEL_PATH, parts.path):
            raise no_channel(url)
        raise NotARecord("unknown_path", f"{url} names no recording or clip of Twitch: pass one like {BASE}/videos/…")


TWITCH = Twitch()


def vod_url(video_id: str) -> str:
    """Return the address of a recording."""
    return f"{BASE}/videos/{video_id}"


def clip_url(slug: str) -> str:
    """Return the address of a clip."""
    return f"https://{CLIP_HOST}/{slug}"


def no_channel(url: str) -> NotARecord:
    """Return the error for a channel, with what can be had instead."""
    return NotARecord(
        "shell", f"{url}: a script fills Twitch's channel pages from an API that is not open; pass {BASE}/videos/…"
    )
