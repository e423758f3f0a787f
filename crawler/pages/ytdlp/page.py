"""A page as an extractor tells it: its info dict as a record, or as links to what it lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import Availability, MediaType, Record, RecordKey, User, Video
from crawler.pages.base import Link, Listing, Page, known_fields
from crawler.pages.nodes import nodes
from crawler.pages.structured import videos
from crawler.pages.structured.page import StructuredPage
from crawler.pages.structured.schema import Fields, merged
from crawler.pages.structured.values import date, http_url, language, line, text
from crawler.pages.ytdlp.judged import JudgedPage
from crawler.pages.ytdlp.values import (
    Files,
    count,
    identifier,
    largest_thumbnail,
    live_status,
    moment,
    one_of,
    seconds,
    words,
    years,
)

GENERIC = "Generic"
"""The extractor for any page: its ids are parts of addresses, and its titles those of the page as they stand."""
LISTS = frozenset({"playlist", "compat_list"})
"""Types of results that are lists; a `multi_video` is one video in parts, and its entries are not asked for."""
PUBLISHERS = (
    ("uploader", "uploader_id", "uploader_url"),
    ("channel", "channel_id", "channel_url", "channel_follower_count"),
)
"""Fields that together name one who publishes."""
COUNTS = ("view_count", "like_count", "dislike_count", "comment_count", "repost_count", "channel_follower_count")
GENERIC_TELLS = ("duration", "age_limit", "live_status", "width", "height", "content_url", "media_type")
"""What the generic extractor knows for certain; the rest, the page's own structured data says better."""


class InfoPage(Page):
    """A page that an extractor has read.

    Args:
        beside: the page by its structured data.
        info: what the extractor has told, as plain values, with the `extractor_key`.
        follows: whether the hyperlinks of the page are wanted too.
    """

    def __init__(self, beside: JudgedPage, info: Mapping[str, Any], *, follows: bool) -> None:
        super().__init__(beside.response)
        self.beside = beside
        self.info = info
        self.follows = follows
        self.key = str(info.get("extractor_key") or GENERIC)

    @property
    def kind(self) -> str:
        """What yt-dlp calls the type of the result: `video`, `url`, `playlist` and so on."""
        return line(self.info.get("_type")) or "video"

    @property
    def _is_elsewhere(self) -> bool:
        """Whether the video is one of another page, of which this one only shows the player."""
        if self.kind == "url_transparent":
            return self.key == GENERIC or line(self.info.get("title")) is None
        return self.kind == "url"

    # --- the record ---

    def records(self) -> Iterator[Record]:
        """Yield the video, and the user whose page it is; of a list, what the page itself tells.

        Raises:
            NotARecord: it has no title or no id.
        """
        if self.kind in LISTS or self._is_elsewhere:
            yield from self.beside.known
        else:
            yield self._video
            yield from (one for one in self.beside.known if isinstance(one, User))

    @property
    def _told_beside(self) -> Video | None:
        """The video that the structured data tells of."""
        return next((one for one in self.beside.known if isinstance(one, Video)), None)

    @cached_property
    def _video(self) -> Video:
        beside = self._told_beside
        known = {name: getattr(beside, name) for name in known_fields(beside)} if beside else {}
        fields = {name: value for name, value in self._fields.items() if value is not None}
        if self.key == GENERIC:
            fields = {**{name: fields[name] for name in GENERIC_TELLS if name in fields}, **self._of_metas, **known}
        else:
            known = without_others(known, fields)
            fields = {**known, **fields}
        if fields.get("live_status") in {"is_live", "is_upcoming"}:
            fields.pop("duration", None)
        title, url = fields.pop("title", None), self._url(known)
        number = url if self.key == GENERIC else identifier(self.info.get("id"))
        if not title or not number:
            raise NotARecord("shell", f"yt-dlp's {self.key} tells no {'id' if title else 'title'}")
        for name in ("id", "url", "approximate"):
            fields.pop(name, None)
        return Video(
            site=StructuredPage.site if self.key == GENERIC else self.key.lower(),
            id=number,
            url=url,
            title=title,
            approximate=self._rounded(fields),
            fetched_at=self.response.fetched_at,
            fetched_from=self.url,
            **fields,
        )

    def _rounded(self, fields: Mapping[str, Any]) -> list[str] | None:
        """Return the names of the counts that are those of the structured data, which rounds them."""
        beside = self._told_beside
        by_extractor = {} if self.key == GENERIC else self._fields
        names = (beside.approximate if beside else None) or ()
        return [name for name in names if name in fields and by_extractor.get(name) is None] or None

    def sources(self, record: Record) -> dict[str, str]:
        """Return `yt-dlp:` with the extractor, and for what it did not tell the part of the page that did."""
        if record not in self.beside.known and isinstance(record, Video):
            others = self.beside.sources(self._told_beside) if self._told_beside else {}
            own = {name for name, value in self._fields.items() if value is not None} | {"id", "url"}
            by_ytdlp = f"yt-dlp:{self.key}"
            if self.key == GENERIC:
                own = set(GENERIC_TELLS) - set(others) - set(self._of_metas)
            return {name: by_ytdlp if name in own else others.get(name, "HTML head") for name in known_fields(record)}
        return self.beside.sources(record)

    def _url(self, known: Mapping[str, Any]) -> str:
        told = http_url(self.info.get("webpage_url"), self.url)
        if told and self.key != GENERIC and urlsplit(told).netloc.lower() == self.response.host:
            return told
        if url := known.get("url"):
            return str(url)
        return self.beside.html.canonical if self.beside.html else self.url

    @property
    def _day(self) -> str | None:
        """The day of the upload; None where the structured data tells the time on that day."""
        day, beside = date(self.info.get("upload_date")), self._told_beside
        told = (beside.published_at if beside else None) or ""
        return None if day and told[: len("2026-01-01")] == day[: len("2026-01-01")] else day

    @cached_property
    def _of_metas(self) -> Fields:
        if self.beside.html is None:
            return {}
        told, _ = merged([("", videos.of_metas(self.beside.html))])
        return {name: value for name, value in told.items() if value is not None}

    @cached_property
    def _fields(self) -> Fields:
        info, files, live = self.info, Files(self.info), live_status(self.info)
        counts = [name for name in COUNTS if live != "is_live" or name != "view_count"]  # some tell who watches now
        return {
            "title": line(info.get("title")),
            "description": text(info.get("description")),
            "published_at": moment(info.get("timestamp")) or self._day,
            "updated_at": moment(info.get("modified_timestamp")) or date(info.get("modified_date")),
            "duration": None if self.kind == "multi_video" else seconds(info.get("duration")),
            **{name: count(info.get(name)) for name in counts},
            **{name: line(info.get(name)) for name in ("uploader", "channel", "license")},
            **{name: identifier(info.get(name)) for name in ("uploader_id", "channel_id")},
            **{name: http_url(info.get(name), self.url) for name in ("uploader_url", "channel_url")},
            "thumbnail": http_url(largest_thumbnail(info), self.url),
            "tags": words(info.get("tags")),
            "categories": words(info.get("categories")),
            "language": language(info.get("language")),
            "age_limit": years(info.get("age_limit")),
            "live_status": live,
            "availability": one_of(info.get("availability"), Availability),
            "media_type": one_of(info.get("media_type"), MediaType) or files.media_type,
            "width": files.width,
            "height": files.height,
            "content_url": http_url(files.url, self.url),
        }

    # --- where it leads to ---

    def links(self) -> Iterator[Link]:
        """Yield the entries of a list, the page that it refers to, and who made it."""
        if self.kind in LISTS and self.key != GENERIC:
            yield from filter(None, map(entry_link, nodes(self.info.get("entries"))))
        elif self._is_elsewhere and (url := page_url(self.info.get("url"), self.url)):
            yield Link(url, "video")
        for name in ("channel_url", "uploader_url"):
            if url := http_url(self.info.get(name), self.url):
                yield Link(url, "user")
        if self.follows:
            yield from self.beside.links()

    def listing(self) -> Listing | None:
        """Return the list that this page is of."""
        if self.kind not in LISTS or self.key == GENERIC:
            return None
        return Listing(f"{self.key.lower()} {identifier(self.info.get('id')) or self.url}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield nothing: under which keys the entries will be recorded depends on what reads their pages."""
        yield from ()


def without_others(known: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what structured data tells, without a publisher that is another one than the extractor names."""
    others: set[str] = set()
    for names in PUBLISHERS:
        both = [name for name in names if name in told and name in known]
        if both and all(told[name] != known[name] for name in both):
            others.update(names)
    return {name: value for name, value in known.items() if name not in others}


def page_url(address: Any, base: str) -> str | None:
    """Return the absolute address of a page; None for a media file, which is not to be fetched."""
    url = http_url(address, base)
    return None if url is None or videos.MEDIA_FILE.search(urlsplit(url).path) else url


def entry_link(entry: Mapping[str, Any]) -> Link | None:
    """Return the link of an entry of a list; None for an address that is none."""
    url = page_url(entry.get("url"), "")
    if url is None:
        return None
    if entry.get("is_list"):
        return Link(url, "listing", leads_to=frozenset({"video"}))
    return Link(url, "video")
