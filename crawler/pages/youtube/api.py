"""YouTube's Data API v3: videos by up to 50 ids, channels, the rows of playlists. The key is nowhere in here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from http import HTTPStatus
from typing import ClassVar

from crawler.errors import Exhausted, NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.base import Link, Listing, Page, refuse_code
from crawler.pages.nodes import Node, dig, node, nodes, whole, words
from crawler.pages.paths import parameter
from crawler.pages.youtube import api_records, urls

HOSTS = (urls.API_HOST, "www.googleapis.com")
SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg", "rateLimitExceeded"})
"""What the API says where no request will be answered for a while, whichever it is."""
NOT_LET_IN = frozenset({
    *("keyInvalid", "keyExpired", "accessNotConfigured", "ipRefererBlocked"),
    *("API_KEY_INVALID", "CONSUMER_SUSPENDED", "SERVICE_DISABLED", "API_KEY_SERVICE_BLOCKED"),
})  # fmt: skip
"""What it says where the key itself is not let in."""
KEYS = re.compile(r"AIza[\w-]+|(?<=api_key:)[^'\"\s]+")
"""Keys, which the API's own errors can name."""
UNSEEN = frozenset({"private", "privacyStatusUnspecified"})
"""Rows of a playlist that stand for videos that are private or deleted."""


class ApiPage(Page):
    """An answer of the API that is a list."""

    site = urls.SITE
    source = "Data API v3"

    @property
    def body(self) -> Node:
        """The object that was answered."""
        return node(self.response.json)

    @property
    def rows(self) -> list[Node]:
        """The objects of the answer; the API leaves the list out where it has none."""
        return nodes(self.body.get("items"))

    def asked_for(self, name: str) -> str:
        """Return a parameter of the request, empty where it has none."""
        return parameter(self.url, name)

    def parts(self) -> frozenset[str]:
        """Return the parts that were asked for: what is missing in these, the site does not have."""
        return frozenset(self.asked_for("part").split(","))


class Videos(ApiPage):
    """Videos by id; those that are private, deleted, or never were are left out by the API."""

    def records(self) -> Iterator[Record]:
        """Yield the videos.

        Raises:
            NotARecord: only one was asked for, and it is not there, or none has a title.
        """
        if not self.rows and "," not in self.asked_for("id"):
            raise gone()
        named = [row for row in self.rows if is_id(urls.VIDEO_ID, row) and words(dig(row, "snippet", "title"))]
        if self.rows and not named:
            raise NotARecord("shell", f"{self.url} tells no titles: ask for part=snippet, too")
        yield from (api_records.video(row, self.response, self.parts()) for row in named)

    def links(self) -> Iterator[Link]:
        """Yield their channels."""
        ids = sorted({found for row in self.rows if (found := urls.channel_id(dig(row, "snippet", "channelId")))})
        for first in range(0, len(ids), urls.BATCH):
            yield urls.api_channel(id=",".join(ids[first : first + urls.BATCH]))

    def refusals(self) -> Iterator[tuple[RecordKey, NotARecord]]:
        """Yield the ids of a batch that the API leaves out."""
        there = {str(row.get("id")) for row in self.rows}
        for video_id in self.asked_for("id").split(","):
            if video_id and video_id not in there:
                yield urls.video_key(video_id), gone()


class Channels(ApiPage):
    """A channel by id, handle or old user name."""

    def records(self) -> Iterator[Record]:
        """Yield the channel.

        Raises:
            NotARecord: there is none.
        """
        if not self.rows:
            raise NotARecord("not_found", "closed, terminated, or it never existed (the API does not tell which)")
        yield from (api_records.channel(row, self.response) for row in self.rows if is_id(urls.CHANNEL_ID, row))

    def links(self) -> Iterator[Link]:
        """Yield the playlists of their uploads."""
        for row in self.rows:
            uploads = dig(row, "contentDetails", "relatedPlaylists", "uploads")
            if isinstance(uploads, str) and uploads:
                yield urls.api_items(uploads)


class PlaylistItems(ApiPage):
    """Rows of a playlist, such as the uploads of a channel: its videos are asked for in one batch a page."""

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the videos that can be seen."""
        rows = [row for row in self.rows if str(dig(row, "status", "privacyStatus")) not in UNSEEN]
        told = [dig(row, "contentDetails", "videoId") or dig(row, "snippet", "resourceId", "videoId") for row in rows]
        return list(dict.fromkeys(one for one in told if isinstance(one, str) and urls.VIDEO_ID.fullmatch(one)))

    def links(self) -> Iterator[Link]:
        """Yield the channel whose uploads these are, the videos of this page in batches, and the next page."""
        if channel_id := urls.uploader_of(self.asked_for("playlistId")):
            yield urls.api_channel(id=channel_id)
        for first in range(0, len(self.ids), urls.BATCH):
            yield urls.api_videos(self.ids[first : first + urls.BATCH])
        following = self.body.get("nextPageToken")
        if isinstance(following, str) and urls.PAGE_TOKEN.fullmatch(following) and self.rows:
            yield urls.api_items(self.asked_for("playlistId"), following)

    def listing(self) -> Listing:
        """Return the playlist, or for one of uploads the channel's videos."""
        playlist = self.asked_for("playlistId") or str(dig(self.rows, 0, "snippet", "playlistId") or "")
        channel_id = urls.uploader_of(playlist)
        return Listing(f"videos of {channel_id}" if channel_id else f"playlist {playlist}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from map(urls.video_key, self.ids)

    def total(self) -> int | None:
        """Return the number of rows that the playlist declares, hidden ones among them."""
        return whole(dig(self.body, "pageInfo", "totalResults"))


def is_id(pattern: re.Pattern[str], row: Node) -> bool:
    """Tell whether an object has an id of this kind."""
    told = row.get("id")
    return isinstance(told, str) and bool(pattern.fullmatch(told))


def gone() -> NotARecord:
    """Return the error for a video that the API says nothing of."""
    return NotARecord("not_found", "private, deleted, or it never existed (the API does not tell which)")


READERS: dict[str, type[ApiPage]] = {
    "youtube#videoListResponse": Videos,
    "youtube#channelListResponse": Channels,
    "youtube#playlistItemListResponse": PlaylistItems,
}
"""What reads a list, by what the API calls it."""


class Answer(Page):
    """Any answer of the API, which says itself what it is."""

    site = urls.SITE
    source = ApiPage.source
    platform = urls.SITE
    hosts = HOSTS
    path = r"/youtube/v3/[^/]+/?"
    examples = (
        f"{urls.API}/videos?part=snippet&id=abcdefghijk",
        f"{urls.API}/channels?part=snippet&forHandle=@handle",
        f"{urls.API}/playlistItems?part=contentDetails&playlistId=UUabcdefghijklmnopqrstuv",
    )
    statuses: ClassVar[frozenset[int]] = frozenset({400, 401, 403, 404, 410})

    @cached_property
    def read(self) -> ApiPage:
        """The page for what was answered.

        Raises:
            Exhausted: the API answers nothing more for now, or not with this key.
            NotARecord: it refused, or answered something else.
        """
        status, body = self.response.status, node(self.response.json)
        error = node(body.get("error"))
        if status >= HTTPStatus.BAD_REQUEST or error:
            refuse(whole(error.get("code")) or status, error)
        reader = READERS.get(str(body.get("kind")))
        if reader is None:
            raise NotARecord(
                "no_record" if "kind" in body else "no_json",
                f"{self.url} answered no list of videos, channels or rows of a playlist",
            )
        return reader(self.response)

    def records(self) -> Iterator[Record]:
        """Yield the records."""
        yield from self.read.records()

    def links(self) -> Iterator[Link]:
        """Yield where they lead to."""
        yield from self.read.links()

    def refusals(self) -> Iterator[tuple[RecordKey, NotARecord]]:
        """Yield what was asked for and is not there."""
        yield from self.read.refusals()

    def listing(self) -> Listing | None:
        """Return the listing that this is a page of."""
        return self.read.listing()

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of its rows."""
        yield from self.read.members()

    def total(self) -> int | None:
        """Return the number of rows that it declares."""
        return self.read.total()


def refuse(status: int, error: Node) -> None:
    """Say why the API refused.

    Raises:
        Exhausted: it answers nothing more for now, or not with this key.
        NotARecord: what was asked for is not there, or not for the public.
    """
    told = {str(dig(one, "reason")) for name in ("errors", "details") for one in nodes(error.get(name))}
    said = KEYS.sub("…", str(error.get("message") or f"HTTP {status}"))[:300]
    if told & SPENT:
        raise Exhausted(
            "quota",
            f"YouTube's Data API answers no more ({min(told & SPENT)}): the project that YOUTUBE_API_KEY belongs to "
            "has used up its quota, by default 10,000 requests a day. It is renewed at midnight in California: start "
            "the same line again then, which goes on where this one ends, or ask Google for more.",
        )
    if told & NOT_LET_IN or "API key" in said:
        raise Exhausted(
            "bad_key",
            f"YouTube's Data API does not accept YOUTUBE_API_KEY ({said}): check it, and that "
            "the YouTube Data API v3 is switched on in its project, and start the same line again.",
        )
    refuse_code(status, f"the Data API says: {said}")
    raise NotARecord("api_error", f"the Data API says: {said}")
