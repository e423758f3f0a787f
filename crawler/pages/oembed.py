"""oEmbed answers: what a site tells of one of its videos to those who want to show it elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

from parsel import Selector

from crawler.errors import NotARecord
from crawler.items import Video
from crawler.pages.base import RecordPage, Response
from crawler.pages.structured.jsonld import unescaped
from crawler.pages.structured.values import duration, http_url, line, text

SOURCE = "oEmbed"
MAX_HTML_CHARS = 50_000
FILE = re.compile(r"\.(?:mp4|webm|m3u8|mpd|mov|m4v|ogv|flv|jpe?g|png|gif|webp)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OEmbed:
    """An oEmbed answer. Its width and height are the player's, so nothing here tells them.

    Attributes:
        row: the answer as it is, for what only one site says.
        url: where it was read.
    """

    row: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""

    @classmethod
    def of(cls, response: Response) -> Self | None:
        """Return the answer that `response` is, None where it is something else."""
        row = response.json
        if not isinstance(row, Mapping) or str(row.get("version")) not in {"1.0", "1"}:
            return None
        kinds = {"video", "rich", "photo", "link"}
        return cls(row, response.url) if isinstance(row.get("type"), str) and row["type"] in kinds else None

    @property
    def is_video(self) -> bool:
        """Whether it says that it is of a video."""
        return bool(self.row.get("type") == "video")

    @property
    def title(self) -> str | None:
        """The title."""
        return line(unescaped(self.row.get("title")))

    @property
    def description(self) -> str | None:
        """The description, which some sites add."""
        return text(unescaped(self.row.get("description")))

    @property
    def author_name(self) -> str | None:
        """The display name of who made it."""
        return line(unescaped(self.row.get("author_name")))

    @property
    def author_url(self) -> str | None:
        """The address of who made it."""
        return http_url(self.row.get("author_url"), self.url)

    @property
    def provider_name(self) -> str | None:
        """What the site calls itself."""
        return line(unescaped(self.row.get("provider_name")))

    @property
    def thumbnail(self) -> str | None:
        """The address of the picture."""
        return http_url(self.row.get("thumbnail_url"), self.url)

    @property
    def duration(self) -> float | None:
        """Seconds, which some sites add."""
        return duration(self.row.get("duration"))

    @property
    def embed_url(self) -> str | None:
        """The address of the player, as the HTML in the answer has it."""
        html = text(self.row.get("html")) or ""
        if "<iframe" not in html or len(html) > MAX_HTML_CHARS:
            return None
        return http_url(Selector(text=html, type="html").xpath("//iframe/@src").get(), self.url)

    @property
    def asked_url(self) -> str | None:
        """The address that the answer was asked for."""
        return http_url(parse_qs(urlsplit(self.url).query).get("url", [""])[0], self.url)

    @property
    def page_url(self) -> str | None:
        """The address of the page that it is of: the one that it names, else the one that it was asked for."""
        own = http_url(self.row.get("url"), self.url)
        return own if own and not FILE.search(urlsplit(own).path) else self.asked_url


class OEmbedPage(RecordPage):
    """An oEmbed answer of one site as the record of a video.

    A subclass says `hosts`, `path` and `site`, and by `id()` and `canonical_url()` which video it is.
    """

    record_type = Video
    source: ClassVar[str] = SOURCE

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.told = OEmbed.of(response) or OEmbed({}, response.url)

    def id(self) -> str:
        """Return the video's id.

        Raises:
            NotARecord: the answer is none of a video.
        """
        raise NotImplementedError

    def title(self) -> str | None:
        """Return the title.

        Raises:
            NotARecord: there is none.
        """
        if self.told.title is None:
            raise NotARecord("unavailable", f"{self.url} names no title: the video is private, or it is none")
        return self.told.title

    def description(self) -> str | None:
        """Return the description."""
        return self.told.description

    def duration(self) -> float | None:
        """Return the seconds."""
        return self.told.duration

    def uploader(self) -> str | None:
        """Return the name of who published it."""
        return self.told.author_name

    def uploader_url(self) -> str | None:
        """Return the address of who published it."""
        return self.told.author_url

    def thumbnail(self) -> str | None:
        """Return the picture."""
        return self.told.thumbnail

    def embed_url(self) -> str | None:
        """Return the player."""
        return self.told.embed_url
