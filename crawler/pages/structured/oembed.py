"""oEmbed answers: what a site tells of one of its videos to those who want to show it elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from parsel import Selector

from crawler.errors import NotARecord
from crawler.items import Video
from crawler.pages.base import Response
from crawler.pages.paths import parameter
from crawler.pages.structured.addresses import are_one_site, is_home, without_tracking
from crawler.pages.structured.jsonld import unescaped
from crawler.pages.structured.schema import Fields
from crawler.pages.structured.values import duration, http_url, line, text, uncut

SOURCE = "oEmbed"
MAX_HTML_CHARS = 50_000
FILE = re.compile(r"\.(?:mp4|webm|m3u8|mpd|mov|m4v|ogv|flv|jpe?g|png|gif|webp)$", re.IGNORECASE)
SITE = "schema.org"


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
        whole = html.encode(errors="replace").decode()  # half a character of UTF-16 is none of HTML's
        return http_url(Selector(text=whole, type="html").xpath("//iframe/@src").get(), self.url)

    @property
    def asked_url(self) -> str | None:
        """The address that the answer was asked for."""
        return http_url(parameter(self.url, "url"), self.url)

    @property
    def page_url(self) -> str | None:
        """The address of the page that it is of: the one that it names, else the one that it was asked for."""
        own = http_url(self.row.get("url"), self.url)
        return own if own and not FILE.search(urlsplit(own).path) else self.asked_url

    def fields(self, brands: Collection[str] = ()) -> Fields:
        """Return what it tells of its video; the site itself is no uploader.

        Args:
            brands: what the site calls itself, lower case.
        """
        holder = self.author_url if self.author_url and not is_home(self.author_url) else None
        own = holder is None and (self.author_name or "").casefold() in {*brands, (self.provider_name or "").casefold()}
        return {
            "title": self.title,
            "description": uncut(self.description),
            "duration": self.duration,
            "thumbnail": self.thumbnail,
            "uploader": None if own else self.author_name,
            "uploader_url": holder,
            "embed_url": self.embed_url,
        }


def video(response: Response) -> Video | None:
    """Return the video that an oEmbed answer is of; None for what is no such answer, or is of something else.

    Raises:
        NotARecord: it does not say for sure which video it is of.
    """
    told = OEmbed.of(response)
    if told is None or not told.is_video:
        return None
    url = address(told)
    if url is None:
        raise NotARecord("unnamed", f"{response.url} is of a video, but does not say of which")
    if told.title is None:
        raise NotARecord("shell", f"{response.url} names no title")
    return Video(site=SITE, id=url, url=url, fetched_at=response.fetched_at, fetched_from=response.url, **told.fields())


def address(told: OEmbed) -> str | None:
    """Return the page of the video: on the site that answered, and no home page."""
    own = (url for url in (told.page_url, told.asked_url) if url and are_one_site(url, told.url) and not is_home(url))
    found = next(own, None)
    return without_tracking(found.partition("#")[0]) if found else None
