"""Answers of Chzzk's API: videos, streams, channels, a channel's videos."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import LiveStatus, MediaType, Record, RecordKey, User, Video
from crawler.pages.base import Link, Listing, Page, RecordPage, refuse_code, refuse_status
from crawler.pages.chzzk.urls import (
    API,
    API_HOST,
    BASE,
    CHANNEL_ID,
    SITE,
    channel_link,
    video_link,
    videos_link,
)
from crawler.pages.nodes import Node, dig, node, nodes, whole, words
from crawler.pages.paths import parameter, with_parameter
from crawler.pages.rows import address, far_east_time, texts
from crawler.pages.structured import values

ADULT_YEARS = 19
"""What the site calls adult, by Korean law."""
LIVE: dict[str, LiveStatus] = {"OPEN": "is_live", "CLOSE": "was_live"}
KINDS: dict[str, MediaType] = {"REPLAY": "livestream", "UPLOAD": "video"}


def channel_in(url: str) -> str:
    """Return the id of the channel in an address of the API."""
    return url.partition("/channels/")[2].partition("/")[0]


class Answer(Page):
    """An answer of the API: `{"code": 200, "content": …}`."""

    site = SITE
    platform = SITE
    hosts = (API_HOST,)
    source = "REST API"

    @cached_property
    def content(self) -> Node:
        """What was answered.

        Raises:
            NotARecord: nothing, or an error.
        """
        body = node(self.response.json)
        refuse_status(self.response.status)
        refuse_code(body.get("code"), words(body.get("message")))
        found = node(body.get("content"))
        if not found:
            raise NotARecord("not_found", f"{self.url} answered no content")
        return found


class Watched(Answer, RecordPage):
    """What videos and streams tell alike, in fields of like names."""

    record_type = Video
    number = ""
    """Name of the field that the id stands in."""
    prefix = ""
    """What the names of other fields begin with."""

    def id(self) -> str:
        """Return the number, by which alone a stream is told from the next one at its address.

        Raises:
            NotARecord: the answer has none.
        """
        number = whole(self.content.get(self.number))
        if number is None or not self.title():
            raise NotARecord("not_found", f"{self.url} tells no {self.number}")
        return str(number)

    def title(self) -> str:
        """Return the title."""
        return words(self.content.get(f"{self.prefix}Title")) or ""

    def channel(self) -> str | None:
        """Return the channel's name."""
        return words(dig(self.content, "channel", "channelName"))

    def channel_id(self) -> str | None:
        """Return the channel's id."""
        channel_id = dig(self.content, "channel", "channelId")
        return channel_id if isinstance(channel_id, str) and CHANNEL_ID.fullmatch(channel_id) else None

    def channel_url(self) -> str | None:
        """Return the channel's address."""
        channel_id = self.channel_id()
        return f"{BASE}/{channel_id}" if channel_id else None

    uploader, uploader_id, uploader_url = channel, channel_id, channel_url

    def tags(self) -> list[str] | None:
        """Return the tags."""
        return texts(self.content.get("tags"))

    def categories(self) -> list[str] | None:
        """Return the category, in the site's words."""
        told = words(self.content.get(f"{self.prefix}CategoryValue"))
        return [told] if told else None

    def is_family_friendly(self) -> bool | None:
        """Return whether it is for all."""
        told = self.content.get("adult")
        return not told if isinstance(told, bool) else None

    def age_limit(self) -> int | None:
        """Return 19 for what is for adults."""
        is_for_all = self.is_family_friendly()
        return None if is_for_all is None else 0 if is_for_all else ADULT_YEARS

    def links(self) -> Iterator[Link]:
        """Yield the channel."""
        if channel_id := self.channel_id():
            yield channel_link(channel_id)


class VideoPage(Watched):
    """A video: uploaded, or the replay of a stream."""

    path = r"/service/v\d/videos/\d+/?"
    examples = (f"{API}/v3/videos/1980",)
    number, prefix = "videoNo", "video"

    def canonical_url(self) -> str:
        """Return the address of its page."""
        return f"{BASE}/video/{self.id()}"

    def published_at(self) -> str | None:
        """Return when it was published."""
        at_ms = whole(self.content.get("publishDateAt"))
        return values.date(at_ms) if at_ms else far_east_time(self.content.get("publishDate"))

    def duration(self) -> float | None:
        """Return the seconds."""
        return whole(self.content.get("duration")) or None

    def view_count(self) -> int | None:
        """Return the views of the video; those of the stream that it shows are told apart."""
        return whole(self.content.get("readCount"))

    def thumbnail(self) -> str | None:
        """Return its picture."""
        return address(self.content.get("thumbnailImageUrl"))

    def live_status(self) -> LiveStatus | None:
        """Return whether it was a stream."""
        if words(self.content.get("liveOpenDate")) or self.media_type() == "livestream":
            return "was_live"
        return "not_live" if self.media_type() else None

    def media_type(self) -> MediaType | None:
        """Return `livestream` for a replay."""
        return KINDS.get(words(self.content.get("videoType")) or "")


class Live(Watched):
    """What a channel streams, or has streamed last."""

    path = r"/service/v\d/channels/[^/]+/live-detail/?"
    examples = (f"{API}/v3/channels/0123456789abcdef0123456789abcdef/live-detail",)
    number, prefix = "liveId", "live"

    def id(self) -> str:
        """Return `live-` and the stream's number: videos are numbered apart, so that one may have the same number.

        Raises:
            NotARecord: the answer has none.
        """
        return f"live-{super().id()}"

    def canonical_url(self) -> str:
        """Return the address that the channel's streams have."""
        return f"{BASE}/live/{self.channel_id() or channel_in(self.url)}"

    def published_at(self) -> str | None:
        """Return when it began."""
        return far_east_time(self.content.get("openDate"))

    def view_count(self) -> int | None:
        """Return how many have watched."""
        return whole(self.content.get("accumulateCount"))

    def thumbnail(self) -> str | None:
        """Return its picture."""
        return address(self.content.get("liveImageUrl")) or address(self.content.get("defaultThumbnailImageUrl"))

    def live_status(self) -> LiveStatus | None:
        """Return whether it is on."""
        return LIVE.get(words(self.content.get("status")) or "")

    def media_type(self) -> MediaType:
        """Return that it is a stream."""
        return "livestream"


class Channel(Answer, RecordPage):
    """A channel."""

    path = r"/service/v\d/channels/[^/]+/?"
    examples = (f"{API}/v1/channels/0123456789abcdef0123456789abcdef",)
    record_type = User

    def id(self) -> str:
        """Return the channel's id; of a channel that never was, all is answered but that.

        Raises:
            NotARecord: it is none.
        """
        told = self.content.get("channelId")
        if not isinstance(told, str) or not CHANNEL_ID.fullmatch(told):
            raise NotARecord("not_found", f"{self.url} answered no channel")
        return told

    def canonical_url(self) -> str:
        """Return the address of its page."""
        return f"{BASE}/{self.id()}"

    def name(self) -> str | None:
        """Return its name."""
        return words(self.content.get("channelName"))

    def description(self) -> str | None:
        """Return what it says of itself."""
        return words(self.content.get("channelDescription"))

    def avatar_url(self) -> str | None:
        """Return its picture."""
        return address(self.content.get("channelImageUrl"))

    def account_type(self) -> str:
        """Return that it is a channel."""
        return "channel"

    def follower_count(self) -> int | None:
        """Return the followers."""
        return whole(self.content.get("followerCount"))

    def is_verified(self) -> bool | None:
        """Return whether the site has verified it."""
        told = self.content.get("verifiedMark")
        return told if isinstance(told, bool) else None

    def links(self) -> Iterator[Link]:
        """Yield its videos."""
        yield videos_link(self.id())


class ChannelVideos(Answer):
    """A page of a channel's videos."""

    path = r"/service/v\d/channels/[^/]+/videos/?"
    examples = (f"{API}/v1/channels/0123456789abcdef0123456789abcdef/videos?page=0&size=30",)

    @property
    def numbers(self) -> list[str]:
        """The numbers of the videos."""
        found = (whole(row.get("videoNo")) for row in nodes(self.content.get("data")))
        return list(dict.fromkeys(str(number) for number in found if number is not None))

    def records(self) -> Iterator[Record]:
        """Yield nothing: the rows lack what the videos themselves tell.

        Raises:
            NotARecord: there is no such list.
        """
        _ = self.content
        yield from ()

    def links(self) -> Iterator[Link]:
        """Yield the videos, and the next page."""
        yield from map(video_link, self.numbers)
        page = whole(parameter(self.url, "page")) or 0
        if self.numbers and page + 1 < (whole(self.content.get("totalPages")) or 0):
            url = with_parameter(self.url, "page", str(page + 1))
            yield Link(url, "listing", leads_to=frozenset({"video"}))

    def listing(self) -> Listing:
        """Return the channel's videos."""
        return Listing(f"videos of {channel_in(self.url)}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from (RecordKey("video", SITE, number) for number in self.numbers)

    def total(self) -> int | None:
        """Return how many there are."""
        return whole(self.content.get("totalCount"))
