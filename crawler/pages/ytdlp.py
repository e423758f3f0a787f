"""A page as an extractor of yt-dlp tells it: its info dict as a record, or as links to what it lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast, get_args
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import Availability, LiveStatus, MediaType, Record, RecordKey, Video
from crawler.pages.base import Link, Listing, Page, known_fields
from crawler.pages.structured import videos
from crawler.pages.structured.addresses import is_home
from crawler.pages.structured.document import Document
from crawler.pages.structured.entities import candidates, is_other
from crawler.pages.structured.page import StructuredPage
from crawler.pages.structured.schema import Fields, merged
from crawler.pages.structured.values import date, http_url, language, line, text

GENERIC = "Generic"
"""The extractor for any page: its ids are parts of addresses, and its titles those of the page as they stand."""
MANIFEST = "manifest"
"""Protocol of a format that stands for all that a manifest lists, which is left unread."""
LISTS = frozenset({"playlist", "compat_list"})
REFERENCES = frozenset({"url", "url_transparent"})
ABOUT = frozenset({"website", "video"})
"""What a page with a player may say that it is, by `og:type` up to the dot."""
PLAYERS = (
    "//video[@src or source][not(@loop and @muted)][not(@autoplay and @muted and not(@controls))]"
    "|//script[contains(., 'jwplayer(') or contains(., 'videojs(') or contains(., 'flowplayer(')"
    " or contains(., 'kt_player(') or contains(., 'flashvars')]"
)
"""What plays a video on a page; not one that only decorates it."""
COUNTS = ("view_count", "like_count", "dislike_count", "comment_count", "repost_count", "channel_follower_count")
GENERIC_TELLS = ("duration", "age_limit", "live_status", "width", "height", "content_url", "media_type")
"""What the generic extractor knows for certain; the rest, the page's own structured data says better."""
LARGEST_COUNT = 10**15
LONGEST_S = 10**7
OLDEST = 120
"""Years of an age limit that could be one."""


class JudgedPage(StructuredPage):
    """A page by its structured data, which is also asked whether that is enough.

    Attributes:
        is_told: whether it is told already why there is no record.
    """

    is_told = False

    def records(self) -> Iterator[Record]:
        """Yield what the structured data tells; read once."""
        yield from self.known if self.is_told else self._told

    @cached_property
    def _told(self) -> list[Record]:
        return list(super().records())

    @cached_property
    def refusal(self) -> NotARecord | None:
        """Why this page is no record by its own words; None where it may be one."""
        try:
            self._told  # noqa: B018 - which reads it
        except NotARecord as refusal:
            return refusal
        return None

    @property
    def known(self) -> list[Record]:
        """The records, or none of a page that is refused."""
        return [] if self.refusal else self._told

    @property
    def is_whole(self) -> bool:
        """Whether the structured data alone gives all that the record of a video has to have.

        That is a title, when it was published, and how long it is, or that it is live.
        """
        video = next((one for one in self.known if isinstance(one, Video)), None)
        if video is None:
            return False
        is_live = video.live_status in {"is_live", "is_upcoming"}
        return video.published_at is not None and (video.duration is not None or is_live)

    @property
    def document(self) -> Document | None:
        """The page as HTML; None where it is none."""
        return self._document if self._is_html else None

    @property
    def may_be_a_video(self) -> bool:
        """Whether the page tells of a video, but not enough, or plays one and is about nothing else."""
        if self.known or self.refusal:
            return isinstance(next(iter(self.known), None), Video) and not self.is_whole
        document = self.document
        if document is None or is_home(self.url) or (document.og_type or "website").partition(".")[0] not in ABOUT:
            return False
        found = [each for graph in document.graphs for each in candidates(graph, document)]
        return not is_other(found) and len(document.selector.xpath(PLAYERS)[:2]) == 1


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

    # --- the record ---

    def records(self) -> Iterator[Record]:
        """Yield the video; of a list, what the page itself tells of who made it.

        Raises:
            NotARecord: it has no title or no id.
        """
        is_elsewhere = self.kind == "url" or (self.key == GENERIC and self.kind in REFERENCES)
        if self.kind in LISTS or is_elsewhere:
            yield from self.beside.known
        else:
            yield self._video

    @cached_property
    def _video(self) -> Video:
        beside = next((one for one in self.beside.known if isinstance(one, Video)), None)
        known = {name: getattr(beside, name) for name in known_fields(beside)} if beside else {}
        fields = {name: value for name, value in self._fields.items() if value is not None}
        if self.key == GENERIC:
            fields = {**{name: fields[name] for name in GENERIC_TELLS if name in fields}, **self._of_metas, **known}
        else:
            fields = {**known, **fields}
        if fields.get("live_status") in {"is_live", "is_upcoming"}:
            fields.pop("duration", None)
        title, url = fields.pop("title", None), self._url(known)
        number = url if self.key == GENERIC else identifier(self.info.get("id"))
        if not title or not number:
            raise NotARecord("shell", f"yt-dlp's {self.key} tells no {'id' if title else 'title'}")
        for name in ("id", "url"):
            fields.pop(name, None)
        return Video(
            site=StructuredPage.site if self.key == GENERIC else self.key.lower(),
            id=number,
            url=url,
            title=title,
            fetched_at=self.response.fetched_at,
            fetched_from=self.url,
            **fields,
        )

    def sources(self, record: Record) -> dict[str, str]:
        """Return `yt-dlp:` with the extractor, and for what it did not tell the part of the page that did."""
        if record not in self.beside.known and isinstance(record, Video):
            beside = next((one for one in self.beside.known if isinstance(one, Video)), None)
            others = self.beside.sources(beside) if beside else {}
            own = {name for name, value in self._fields.items() if value is not None} | {"id", "url"}
            by_ytdlp = f"yt-dlp:{self.key}"
            if self.key == GENERIC:
                own = set(GENERIC_TELLS) - set(others)
            return {
                name: by_ytdlp if name in own else others.get(name, self.beside.source or "OpenGraph")
                for name in known_fields(record)
            }
        return self.beside.sources(record)

    def _url(self, known: Mapping[str, Any]) -> str:
        told = http_url(self.info.get("webpage_url"), self.url)
        if told and self.key != GENERIC and urlsplit(told).netloc.lower() == self.response.host:
            return told
        if url := known.get("url"):
            return str(url)
        return self.beside.document.canonical if self.beside.document else self.url

    @cached_property
    def _of_metas(self) -> Fields:
        if self.beside.document is None:
            return {}
        told = merged([videos.of_metas(self.beside.document)])
        return {name: value for name, value in told.items() if value is not None}

    @cached_property
    def _fields(self) -> Fields:
        info, files = self.info, Files(self.info)
        return {
            "title": line(info.get("title")),
            "description": text(info.get("description")),
            "published_at": moment(info.get("timestamp")) or day(info.get("upload_date")),
            "updated_at": moment(info.get("modified_timestamp")) or day(info.get("modified_date")),
            "duration": None if self.kind == "multi_video" else seconds(info.get("duration")),
            **{name: count(info.get(name)) for name in COUNTS},
            **{name: line(info.get(name)) for name in ("uploader", "channel", "license")},
            **{name: identifier(info.get(name)) for name in ("uploader_id", "channel_id")},
            **{name: http_url(info.get(name), self.url) for name in ("uploader_url", "channel_url")},
            "thumbnail": http_url(largest_thumbnail(info), self.url),
            "tags": words(info.get("tags")),
            "categories": words(info.get("categories")),
            "language": language(info.get("language")),
            "age_limit": years(info.get("age_limit")),
            "live_status": live_status(info),
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
            yield from filter(None, map(entry_link, dicts(self.info.get("entries"))))
        elif self.kind in REFERENCES and (url := http_url(self.info.get("url"), self.url)):
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


def entry_link(entry: Mapping[str, Any]) -> Link | None:
    """Return the link of an entry of a list; None for an address that is none."""
    url = http_url(entry.get("url"), "")
    if url is None:
        return None
    if entry.get("is_list"):
        return Link(url, "listing", leads_to=frozenset({"video"}))
    return Link(url, "video")


# --- values of an info dict ---


class Files:
    """The formats of a video, as far as they say something of its files for certain."""

    def __init__(self, info: Mapping[str, Any]) -> None:
        told = dicts(info.get("formats")) or ([info] if info.get("url") and not info.get("_type") else [])
        self.formats = [one for one in told if isinstance(one.get("url"), str)]
        self.has_manifest = any(one.get("protocol") == MANIFEST for one in self.formats)
        self.info = info

    @property
    def media_type(self) -> MediaType | None:
        """`audio` where no format has a picture."""
        codecs = [one.get("vcodec") for one in self.formats]
        return "audio" if codecs and all(one == "none" for one in codecs) else None

    @cached_property
    def largest(self) -> Mapping[str, Any]:
        """The largest file; none where sizes are unknown, or a manifest may have a larger one."""
        if len(self.formats) == 1:
            return self.formats[0]
        sized = [one for one in self.formats if pixels(one.get("width")) and pixels(one.get("height"))]
        if self.has_manifest or not sized or len(sized) < len(self.formats):
            return {}
        return max(sized, key=lambda one: int(one["width"]) * int(one["height"]))

    @property
    def url(self) -> str | None:
        """Address of the largest file, or of the only manifest."""
        return self.largest.get("url")

    @property
    def width(self) -> int | None:
        """Its width."""
        return pixels(self.largest.get("width"))

    @property
    def height(self) -> int | None:
        """Its height."""
        return pixels(self.largest.get("height"))


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def number(value: Any, most: float) -> float | None:
    """Return a number from 0 to `most`."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= most else None


def count(value: Any) -> int | None:
    """Return a count."""
    found = number(value, LARGEST_COUNT)
    return int(found) if found is not None and found == int(found) else None


def years(value: Any) -> int | None:
    """Return an age limit; not 0, as extractors do not tell a video for all from one that nothing is said of."""
    found = count(value)
    return found if found and found <= OLDEST else None


def pixels(value: Any) -> int | None:
    """Return a width or height."""
    return count(value) or None


def seconds(value: Any) -> float | None:
    """Return a duration; never 0."""
    return number(value, LONGEST_S) or None


def identifier(value: Any) -> str | None:
    """Return an id, which some extractors have as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else line(value)


def moment(value: Any) -> str | None:
    """Return a Unix time in seconds as ISO 8601."""
    found = number(value, 2**33)
    return datetime.fromtimestamp(found, tz=UTC).isoformat() if found else None


def day(value: Any) -> str | None:
    """Return a day, `20260131`, as ISO 8601."""
    plain = line(value) or ""
    return (
        date(f"{plain[:4]}-{plain[4:6]}-{plain[6:]}") if len(plain) == len("20260131") and plain.isdecimal() else None
    )


def words(value: Any) -> list[str] | None:
    """Return a list of words; None for none, as extractors do not tell no tags from tags that they do not know."""
    found = [word for one in value if (word := line(one))] if isinstance(value, list) else []
    return list(dict.fromkeys(found)) or None


def one_of(value: Any, names: Any) -> Any:
    """Return one of the names of a field; None for another one."""
    return value if isinstance(value, str) and value in get_args(names) else None


def live_status(info: Mapping[str, Any]) -> LiveStatus | None:
    """Return whether it is live, as yt-dlp does from the two forms in which extractors say so."""
    if told := one_of(info.get("live_status"), LiveStatus):
        return cast("LiveStatus", told)
    if info.get("is_live") is True:
        return "is_live"
    if info.get("was_live") is True:
        return "was_live"
    return "not_live" if info.get("is_live") is False and info.get("was_live") is False else None


def largest_thumbnail(info: Mapping[str, Any]) -> Any:
    """Return the address of the thumbnail that yt-dlp would take for the best."""
    if isinstance(info.get("thumbnail"), str):
        return info["thumbnail"]

    def rank(one: Mapping[str, Any]) -> tuple[float, float, float]:
        width, height = (number(one.get(name), 10**6) or 0 for name in ("width", "height"))
        preference = one.get("preference")
        return (preference if isinstance(preference, int | float) else -1, width, height)

    found = [one for one in dicts(info.get("thumbnails")) if isinstance(one.get("url"), str)]
    return max(reversed(found), key=rank)["url"] if found else None
