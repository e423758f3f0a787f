"""A talk: as the API tells it, whole or as a row, and as its page does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from http import HTTPStatus

from parsel import Selector

from crawler.errors import NotARecord
from crawler.items import Record, Video
from crawler.pages.base import REASONS, Link, RecordPage
from crawler.pages.languages import bcp47
from crawler.pages.media_ccc import urls
from crawler.pages.nodes import Node, node, nodes, whole
from crawler.pages.structured import values
from crawler.pages.structured.counts import exact
from crawler.pages.structured.document import Document

LICENSE = re.compile(r"(?:licen[sc]ed?|lizenz)[^\n]{0,80}?(https?://creativecommons\.org/[\w./-]+)", re.IGNORECASE)
GUID = re.compile(r"/([\w-]{18,40})[.-](?:timeline|thumbnails)\.", re.ASCII)
"""In the names of pictures that are made for each talk; talks to 2016 have other guids than UUIDs."""
GUID_OF_POSTER = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-hd)?(?:_preview)?\.\w{3,4}")
"""How the name of a talk's large picture ends, since such pictures are named after talks."""
BREAK = "\0"
OF_VIDEO = ("video/", "vnd.voc/", "application/vnd.rn-realmedia")
"""How the types of videos begin; `vnd.voc/h264-hd` is one of the archive's own, to 2016."""
MP4 = {"video/mp4", "vnd.voc/h264-hd", "vnd.voc/h264-lq", "vnd.voc/h264-sd"}
SECONDS = re.compile(r'"duration"\s*:\s*"PT(\d{1,6})S"')
VIDEO_PLAYER = "//video | //*[contains(@class, 'player') and contains(@class, 'video')]"
GONE = re.compile(r"not found|404|does not exist|doesn't exist", re.IGNORECASE)


class TalkRecord(RecordPage):
    """The fields of a talk, from the object that the API has of it."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("media.ccc.de",)
    record_type = Video

    @cached_property
    def talk(self) -> Node:
        """The object."""
        return node(self.response.json)

    @cached_property
    def recordings(self) -> list[Node]:
        """Its files."""
        return nodes(self.talk.get("recordings"))

    @cached_property
    def largest(self) -> Node:
        """The largest of the videos, not one of slides only; of two the one in the language that was spoken, as mp4."""
        spoken = self.talk.get("original_language")
        videos = [one for one in self.recordings if str(one.get("mime_type")).startswith(OF_VIDEO)]

        def rank(one: Node) -> tuple[bool, int, bool, bool]:
            shows_talk = not str(one.get("folder")).startswith("slides")
            return shows_talk, whole(one.get("height")) or 0, one.get("language") == spoken, one.get("mime_type") in MP4

        return max(videos, key=rank, default={})

    def id(self) -> str:
        """Return the guid, which is the same in all parts of the site."""
        return values.line(self.talk.get("guid")) or ""

    def slug(self) -> str:
        """Return the name in the address."""
        link = self.talk.get("frontend_link")
        told = urls.last_part(link) if isinstance(link, str) and "/v/" in link else ""  # to 2015: `/browse/…`
        return values.line(self.talk.get("slug")) or told

    def canonical_url(self) -> str:
        """Return the address of the page that people see."""
        return urls.page_url(slug) if (slug := self.slug()) else self.url

    def title(self) -> str:
        """Return the title.

        Raises:
            NotARecord: there is none.
        """
        title = values.line(self.talk.get("title"))
        if title is None:
            raise NotARecord("shell", f"the talk {self.id()} has no title")
        return title

    def description(self) -> str | None:
        """Return the whole text."""
        return values.text(self.talk.get("description"))

    def published_at(self) -> str | None:
        """Return when it was put here, which is not when the talk was given."""
        return values.date(self.talk.get("release_date"))

    def updated_at(self) -> str | None:
        """Return when anything of it was changed."""
        return values.date(self.talk.get("updated_at"))

    def duration(self) -> float | None:
        """Return the seconds."""
        told = (whole(self.talk.get(name)) for name in ("duration", "length"))
        return next((float(one) for one in told if one), None)

    def view_count(self) -> int | None:
        """Return the views."""
        return whole(self.talk.get("view_count"))

    def uploader(self) -> str | None:
        """Return who spoke."""
        persons = self.talk.get("persons")
        named = [name for one in (persons if isinstance(persons, list) else []) if (name := values.line(one))]
        return ", ".join(named) or None

    def channel(self) -> str | None:
        """Return the title of the conference."""
        return values.line(self.talk.get("conference_title"))

    def channel_id(self) -> str | None:
        """Return the acronym of the conference."""
        return urls.last_part(self.talk.get("conference_url")).removesuffix(".json") or None

    def channel_url(self) -> str | None:
        """Return the address of the conference."""
        return urls.conference_url(acronym) if (acronym := self.channel_id()) else None

    def thumbnail(self) -> str | None:
        """Return the picture, the large one."""
        told = (values.http_url(self.talk.get(name), self.url) for name in ("poster_url", "thumb_url"))
        return next((one for one in told if one), None)

    def tags(self) -> list[str] | None:
        """Return the tags, some of which are numbers of the schedule."""
        told = self.talk.get("tags")
        return [tag for one in told if (tag := values.line(one))] if isinstance(told, list) else None

    def language(self) -> str | None:
        """Return the language that was spoken; of `deu-eng` the second is a translation."""
        told = self.talk.get("original_language")
        return bcp47(told.partition("-")[0]) if isinstance(told, str) else None

    def license(self) -> str | None:
        """Return the licence, where the text ends with it."""
        found = LICENSE.search(self.description() or "")
        return found[1] if found else None

    def width(self) -> int | None:
        """Return the width of the largest file."""
        return whole(self.largest.get("width")) or None

    def height(self) -> int | None:
        """Return the height of the largest file."""
        return whole(self.largest.get("height")) or None

    def embed_url(self) -> str | None:
        """Return the address of the player."""
        return f"{urls.page_url(slug)}/oembed" if (slug := self.slug()) else None

    def content_url(self) -> str | None:
        """Return the largest file."""
        return values.http_url(self.largest.get("recording_url"), self.url)

    def links(self) -> Iterator[Link]:
        """Yield the conference."""
        if acronym := self.channel_id():
            yield urls.conference_link(acronym)


class Talk(TalkRecord):
    """A talk in the API. No robots.txt of the API's host is known to refuse anything."""

    path = r"/public/events/(?!(?:recent|search|popular|unpopular)(?:\.json)?/?$)[^/]+/?"
    examples = ("https://api.media.ccc.de/public/events/0a0a0a0a-1111-4222-8333-444444444444",)
    source = "public API"

    def records(self) -> Iterator[Record]:
        """Yield the talk.

        Raises:
            NotARecord: there is none, or it is no video.
        """
        if not self.response.is_error:
            refuse_error(self.response.json, self.url, "guid")
            told = [str(one.get("mime_type")) for one in self.recordings]
            if any(one.startswith("audio/") for one in told) and not self.largest:
                raise NotARecord("not_a_video", f"{self.url} has only sound")
        yield from super().records()


class TalkPage(TalkRecord):
    """The page of a talk, of which its markup and its JSON-LD tell parts; what it rounds is not read."""

    path = r"/v/[^/]+/?"
    examples = ("https://media.ccc.de/v/kites2024-7-how_to_fly",)
    source = "HTML"

    @cached_property
    def document(self) -> Document:
        """The page."""
        return Document(self.response)

    @cached_property
    def talk(self) -> Node:
        """What the page tells, in the shape of the API's object."""
        metas, select = self.document.metas, self.document.selector
        conference = select.xpath("(//*[contains(@class, 'conference')]/descendant-or-self::a/@href)[1]").get() or ""
        files = select.xpath("//video//source[@src]")
        languages = set(files.xpath("@data-lang").getall())
        # Its JSON-LD is broken for titles with quotation marks.
        released = values.text(self.document.video_object.get("uploadDate")) or self.beside("icon-upload")
        return {
            "guid": self.guid(metas.first("og:image")) or self.slug(),
            "title": metas.first("og:title") or select.xpath("string((//h1)[1])").get(),
            "description": self.text(),
            "original_language": languages.pop() if len(languages) == 1 else None,
            "release_date": released or self.released_on_its_day(),
            "duration": self.seconds(),
            "view_count": exact(self.beside("icon-eye"), "en"),
            "persons": select.xpath("//p[contains(@class, 'persons')]//a/text()").getall(),
            "tags": select.xpath("//*[contains(@class, 'tags')]//a/text()").getall() or None,
            "poster_url": metas.first("og:image"),
            "conference_title": select.xpath(
                "string(//*[contains(@class, 'player-header')]//*[@class='caption'])"
            ).get(),
            "conference_url": conference if "/c/" in conference else None,
            "recordings": [
                {"mime_type": one.root.get("type"), "recording_url": one.root.get("src")} for one in files[:1]
            ],
        }

    def slug(self) -> str:
        """Return the name in the address."""
        return urls.last_part(self.url)

    def guid(self, poster: str | None) -> str | None:
        """Return the guid, which stands only in the names of pictures."""
        of_poster = GUID_OF_POSTER.search(urls.last_part(poster))
        found = GUID.search(self.response.text) or of_poster
        return found[1] if found else None

    def records(self) -> Iterator[Record]:
        """Yield the talk.

        Raises:
            NotARecord: the page is none of a talk.
        """
        if not self.response.is_error and not self.is_talk:
            refuse_page(self.document, "talk")
        if self.document.selector.xpath("//audio") and not self.document.selector.xpath(VIDEO_PLAYER):
            raise NotARecord("not_a_video", f"{self.url} has only sound")
        yield from super().records()

    @property
    def is_talk(self) -> bool:
        """Whether the page is one of a talk."""
        has_player = self.document.selector.xpath("(//*[contains(@class, 'player-header')] | //video)[1]")
        return bool(self.talk["title"]) and (self.document.og_type.startswith("video") or bool(has_player))

    def seconds(self) -> int | None:
        """Return the duration; the one beside the player is of whole minutes."""
        scripts = self.document.selector.xpath("//script[@type='application/ld+json']/text()").getall()[:5]
        found = (SECONDS.search(one) for one in scripts)
        return next((int(one[1]) for one in found if one), None)

    def beside(self, icon: str) -> str | None:
        """Return the text beside an icon of the list below the player."""
        found = self.document.selector.xpath("(//li[span[contains(@class, $icon)]])[1]", icon=icon)
        return values.line(found.xpath("string()").get())

    def released_on_its_day(self) -> str | None:
        """Return the day of the talk where the page says that it is the one of the release, too."""
        day = self.document.selector.xpath("(//li[span[contains(@class, 'icon-calendar-o')]])[1]")
        return values.line(day.xpath("string()").get()) if "release" in (day.xpath("span/@title").get() or "") else None

    def text(self) -> str | None:
        """Return the description: paragraphs in one, which HTML does not know, so that they stand after it."""
        start = self.document.selector.xpath("(//p[contains(@class, 'description')])[1]")
        after = start.xpath("following-sibling::*")
        end = next((number for number, one in enumerate(after) if one.root.tag != "p"), len(after))
        paragraphs = (lines_of(one) for one in [*start, *after[:end]])
        return "\n\n".join(one for one in paragraphs if one) or None


def lines_of(paragraph: Selector) -> str:
    """Return the text of a paragraph, in which a line that ends has a `<br>` after its end, or in place of it."""
    parts = (one.root if isinstance(one.root, str) else BREAK for one in paragraph.xpath(".//text() | .//br"))
    return re.sub(rf"\n?{BREAK}\n?", "\n", "".join(parts)).strip()


def refuse_page(document: Document, kind: str) -> None:
    """Refuse a page that shows nothing of the kind that its address is of.

    Raises:
        NotARecord: always, with the reason.
    """
    said = f"{document.title or ''} {' '.join(document.headings[:3])}"[:500]
    reason = "not_found" if GONE.search(said) else "shell"
    raise NotARecord(reason, f"{document.response.url} shows no {kind}: {said[:200]!r}")


def refuse_error(body: object, url: str, needed: str) -> None:
    """Refuse an answer that is not of a thing.

    Raises:
        NotARecord: with the reason.
    """
    found = node(body)
    if not values.line(found.get(needed)):
        status = whole(found.get("status"))
        said = values.line(found.get("error")) or values.line(found.get("message")) or "no such thing"
        if found and (status or "error" in found or "message" in found):
            raise NotARecord(REASONS.get(status or HTTPStatus.NOT_FOUND, "not_found"), f"media.ccc.de says: {said}")
        raise NotARecord("no_json", f"{url} answered no object with a {needed}")
