"""Odysee's pages of videos and channels, of which only the head tells anything, and its oEmbed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from crawler.errors import NotARecord
from crawler.items import AccountType, Record, User, Video
from crawler.pages.base import Page, RecordPage, Response, refuse_status
from crawler.pages.languages import bcp47
from crawler.pages.nodes import dig, node, whole
from crawler.pages.odysee import urls
from crawler.pages.oembed import OEmbedPage
from crawler.pages.structured import values
from crawler.pages.structured.document import Document
from crawler.pages.texts import first_said

DEFAULT_LOCALE = "en_US"
"""Stands where a claim names no language."""
CUT = "..."
"""Ends a description that the site has cut, however short it is without the markup that was in it."""
FILLED_IN = ("View on Odysee:", "View ")
"""Begins a description that the site made up."""
PLACE_HOLDER = "v2-og.png"
SITE_TITLES = ("odysee", "lbry.tv")


class Head(RecordPage):
    """What the head of a page says of a claim."""

    site = urls.SITE

    def __init__(self, response: Response, document: Document) -> None:
        super().__init__(response)
        self.document = document
        self.described = document.video_object

    def meta(self, *names: str) -> str | None:
        """Return the content of the first of these `<meta>`s that there is."""
        return values.line(self.document.metas.first(*names))

    def id(self) -> str:
        """Return the claim's id, or its address's part of it where the page does not tell all of it."""
        told = (values.text(self.described.get(name)) for name in ("contentUrl", "embedUrl", "url"))
        whole_id = urls.claim_id_in(*told, self.meta("og:video"), self.url)
        return whole_id or urls.path_of(self.canonical_url()) or urls.path_of(self.url)

    def canonical_url(self) -> str:
        """Return the page's own address."""
        told = values.http_url(values.text(self.described.get("url")) or self.meta("og:url"), self.url)
        path = urls.path_of(told) or urls.path_of(self.url)
        return urls.page_url(f"lbry://{path}") or self.url

    def description(self) -> str | None:
        """Return the text, unless it was cut or made up."""
        told = values.text(self.described.get("description")) or values.text(
            self.document.metas.first("og:description", "description")
        )
        return None if not told or told.endswith(CUT) or told.startswith(FILLED_IN) else told

    def tags(self) -> list[str] | None:
        """Return the tags, all of them stand in the keywords."""
        told = (self.meta("keywords") or "").split(",")
        return [tag for one in told if (tag := values.line(one)) and not tag.startswith("c:")] or None

    def language(self) -> str | None:
        """Return the language that the claim names."""
        told = self.meta("og:locale")
        return None if told == DEFAULT_LOCALE else bcp47(told)

    def picture(self) -> str | None:
        """Return the picture; the site's own is none."""
        found = values.http_url(values.text(self.described.get("thumbnailUrl")) or self.meta("og:image"), self.url)
        return None if found and found.endswith(PLACE_HOLDER) else found


class HeadVideo(Head):
    """The page of a video."""

    record_type: ClassVar = Video

    def title(self) -> str:
        """Return the title."""
        return values.line(self.described.get("name")) or self.meta("og:title") or ""

    def published_at(self) -> str | None:
        """Return the date of release."""
        return values.date(self.described.get("uploadDate") or self.meta("og:video:release_date"))

    def duration(self) -> float | None:
        """Return the seconds."""
        return values.duration(self.described.get("duration")) or values.duration(self.meta("og:video:duration"))

    def uploader(self) -> str | None:
        """Return the channel's name."""
        return values.line(dig(self.described, "author", "name")) or self.channel_handle

    def uploader_url(self) -> str | None:
        """Return the channel's address."""
        told = urls.path_of(values.text(dig(self.described, "author", "url"))) or self.channel_path
        return urls.page_url(f"lbry://{told}") if told else None

    def channel(self) -> str | None:
        """Return the channel's name."""
        return self.uploader()

    def channel_url(self) -> str | None:
        """Return the channel's address."""
        return self.uploader_url()

    def thumbnail(self) -> str | None:
        """Return the picture."""
        return self.picture()

    def width(self) -> int | None:
        """Return the width; the one of OpenGraph is made up where there is none."""
        return whole(self.described.get("width")) or None

    def height(self) -> int | None:
        """Return the height."""
        return whole(self.described.get("height")) or None

    def embed_url(self) -> str | None:
        """Return the address of the player."""
        return values.http_url(values.text(self.described.get("embedUrl")) or self.meta("og:video"), self.url)

    def content_url(self) -> str | None:
        """Return the file."""
        return values.http_url(self.described.get("contentUrl"), self.url)

    @property
    def channel_path(self) -> str:
        """The channel in the page's address, `@channel:1`; empty where it names none."""
        path = urls.path_of(self.canonical_url())
        return path.partition("/")[0] if path.startswith("@") and "/" in path else ""

    @property
    def channel_handle(self) -> str | None:
        """The channel's handle; better than nothing where its title is not told."""
        told = self.meta("og:video:series") or self.channel_path.partition(":")[0]
        return told or None


class HeadChannel(Head):
    """The page of a channel."""

    record_type: ClassVar = User

    def username(self) -> str | None:
        """Return the handle."""
        return urls.path_of(self.canonical_url()).partition(":")[0].removeprefix("@") or None

    def name(self) -> str | None:
        """Return the title."""
        return self.meta("og:title")

    def avatar_url(self) -> str | None:
        """Return the picture."""
        return self.picture()

    def account_type(self) -> AccountType:
        """Return that it is a channel."""
        return "channel"


class WebPage(Page):
    """The page of a video or a channel, which a crawl asks the API for instead.

    The robots.txt that was published with the site's program lets only Twitter's robot in.
    """

    site = urls.SITE
    platform = urls.SITE
    hosts = ("odysee.com", "lbry.tv")
    path = r"/(?:\$/embed/[^/]+(?:/[^/]+)?|%24/embed/[^/]+(?:/[^/]+)?|(?!\$|%24|api/|public/)[^/]+(?:/[^/]+)?)/?"
    examples = (
        "https://odysee.com/@kites:1/how-to-fly:2",
        "https://odysee.com/@kites:1",
        "https://odysee.com/$/embed/how-to-fly/0123456789abcdef0123456789abcdef01234567",
    )
    source = "HTML"

    def records(self) -> Iterator[Record]:
        """Yield the video or the channel.

        Raises:
            NotARecord: the page shows neither.
        """
        refuse_status(self.response.status)
        document = Document(self.response)
        page = HeadVideo(self.response, document)
        told = page.meta("og:url")
        if not urls.path_of(told) or (page.meta("og:title") or SITE_TITLES[0]).casefold().startswith(SITE_TITLES):
            raise NotARecord("shell", f"{self.url} says only what the site is called")
        og_type = document.og_type
        if page.described or og_type.startswith("video"):
            yield from page.records()
        elif "/" not in urls.path_of(told) and urls.path_of(told).startswith("@"):
            yield from HeadChannel(self.response, document).records()
        else:
            raise NotARecord("not_a_video", f"{self.url} is of the type {og_type or 'unknown'}")


class Embedding(OEmbedPage):
    """A video's oEmbed."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("odysee.com",)
    path = r"/(?:\$|%24)/oembed/?"
    examples = ("https://odysee.com/$/oembed?url=https%3A%2F%2Fodysee.com%2F%40kites%3A1%2Fhow-to-fly%3A2&format=json",)

    def records(self) -> Iterator[Record]:
        """Yield the video.

        Raises:
            NotARecord: there is none.
        """
        refuse_status(self.response.status)
        if not (self.told.title and urls.path_of(self.embed_url())):
            error = node(self.response.json).get("error")
            said = first_said(error, self.response.text, otherwise="no such video")
            reason = "not_a_video" if "not associated with a video" in said else "not_found"
            raise NotARecord(reason, f"Odysee says: {said}")
        yield from super().records()

    def id(self) -> str:
        """Return the claim's id, or its address's part of it where the answer does not tell all of it."""
        return urls.claim_id_in(self.embed_url()) or urls.path_of(self.embed_url())

    def canonical_url(self) -> str:
        """Return the address of the page that people see."""
        return urls.page_url(f"lbry://{urls.path_of(self.embed_url())}") or self.url

    def uploader(self) -> str | None:
        """Return the channel's name; `Anonymous` stands for none."""
        return super().uploader() if self.uploader_url() else None

    def uploader_url(self) -> str | None:
        """Return the channel's address."""
        path = urls.path_of(self.told.author_url)
        return urls.page_url(f"lbry://{path}") if path else None

    def channel(self) -> str | None:
        """Return the channel's name."""
        return self.uploader()

    def channel_url(self) -> str | None:
        """Return the channel's address."""
        return self.uploader_url()

    def embed_url(self) -> str | None:
        """Return the address of the player."""
        told = super().embed_url()
        return told.partition("?")[0] if told else None
