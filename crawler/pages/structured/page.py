"""Any page by its structured data: JSON-LD, microdata, OpenGraph, Twitter cards, oEmbed, merged field by field."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import Record, User, Video
from crawler.pages.base import Link, Page, Response, known_fields, refuse_status
from crawler.pages.structured import hyperlinks, oembed, profiles, sitemaps, videos
from crawler.pages.structured.document import Document
from crawler.pages.structured.entities import Subject, is_here, subject_of, words_of
from crawler.pages.structured.oembed import OEmbed
from crawler.pages.structured.refusals import refuse_by_place, refuse_by_title, refuse_shell
from crawler.pages.structured.schema import Fields, merged
from crawler.pages.structured.titles import is_slogan

MAX_JSON_BYTES = 2**20
"""An oEmbed answer is a few hundred bytes; larger JSON is something else."""
METAS = "metas"
"""Source of what one of the `<meta>`s told; which, is looked up when it is asked for."""


class StructuredPage(Page):
    """Any page: a video, a profile, an oEmbed answer, a sitemap, or only links."""

    site = "schema.org"
    source = "JSON-LD"

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self._told: dict[str, str] = {}
        self._oembed: OEmbed | None = None
        self._was_asked = False

    def records(self) -> Iterator[Record]:
        """Yield the video or the user that this page is about; nothing where it is about something else."""
        if self._record is not None:
            yield self._record

    def sources(self, record: Record) -> dict[str, str]:
        """Return for each known field the syntax that told it: `JSON-LD`, `OpenGraph`, `link rel=canonical`, …."""
        if not self._is_html:
            return dict.fromkeys(known_fields(record), oembed.SOURCE)
        look_up = videos.source_of_meta if isinstance(record, Video) else profiles.source_of_meta
        of_address = dict.fromkeys(("id", "url"), self.document.address[1])
        told = {**self._told, **of_address}
        named = {name: told.get(name, METAS) for name in known_fields(record)}
        return {name: look_up(self.document, name) if of == METAS else of for name, of in named.items()}

    def wants(self) -> Link | None:
        """Return the oEmbed answer that a video's page links to, where that may tell what the page does not."""
        if self._was_asked or self.response.is_error or not self._is_html:
            return None
        try:
            record = self._record
        except NotARecord:
            return None
        if not isinstance(record, Video) or (record.uploader and record.thumbnail):
            return None
        url = self.document.oembed_url
        return Link(url, "video", optional=True) if url else None

    def add(self, response: Response | None) -> None:
        """Take the oEmbed answer."""
        self._was_asked = True
        told = OEmbed.of(response) if response is not None and not response.is_error else None
        if told is not None and told.is_video and not self._is_of_another(told):
            self._oembed = told
            self.__dict__.pop("_record", None)  # read anew, with what is told here

    def _is_of_another(self, told: OEmbed) -> bool:
        """Tell whether an oEmbed answer names another page of this site, and another title."""
        record = self._record
        own, its = words_of(record.title if isinstance(record, Video) else ""), words_of(told.title or "")
        urls = filter(None, (told.page_url, told.asked_url))
        is_other = any(is_here(url, self.document) is False for url in urls)
        return is_other and not (its and (its in own or own in its))

    def links(self) -> Iterator[Link]:
        """Yield where this page or sitemap leads to, on its own host."""
        if self.response.is_error:
            return
        if sitemaps.is_sitemap(self.response):
            yield from sitemaps.links(self.response)
        elif self._is_html:
            yield from hyperlinks.links(self.document)

    @cached_property
    def _record(self) -> Record | None:
        refuse_status(self.response.status)
        if not self._is_html:
            return oembed.video(self.response) if self._may_be_json else None
        document = self.document
        refuse_by_place(self.url)
        subject = subject_of(document)
        if subject is None:
            refuse_by_title(document, [document.metas.first("og:title"), document.title, *document.headings[:3]])
            refuse_shell(document)
            return None
        return self._video(subject) if subject.kind == "video" else self._user(subject)

    @cached_property
    def document(self) -> Document:
        """The page, to look up in it what its record does not tell."""
        return Document(self.response)

    @cached_property
    def _is_html(self) -> bool:
        content_type = self.response.headers.get("content-type", "").casefold()
        if content_type:
            return "html" in content_type
        start = self.response.body[:200].lstrip(sitemaps.BLANKS)
        return start.startswith(b"<") and not sitemaps.is_sitemap(self.response)

    @property
    def _may_be_json(self) -> bool:
        return self.response.body[:200].lstrip().startswith(b"{") and len(self.response.body) <= MAX_JSON_BYTES

    def _video(self, subject: Subject) -> Video:
        document = self.document
        told = [(entity.graph.source, videos.of_node(entity)) for entity in subject.entities]
        told.append((METAS, videos.of_metas(document)))
        if self._oembed is not None:
            told.append((oembed.SOURCE, videos.of_oembed(document, self._oembed)))
        fields, self._told = merged(videos.agreeing(told))
        thin = fields.get("duration") is None and fields.get("published_at") is None
        if thin:
            refuse_by_title(document, [fields.get("title")])
        if thin and not subject.entities and is_slogan(fields.get("title") or "", document.brands, document.headings):
            raise NotARecord("shell", f"title {fields['title']!r} is the site's own")
        if fields.get("live_status") in {"is_live", "is_upcoming"}:
            fields["duration"] = None
        self._refuse_nameless("title", fields.get("title"))
        return Video(**self._common(), **fields)

    def _user(self, subject: Subject) -> User:
        document = self.document
        told = [(entity.graph.source, profiles.of_node(entity)) for entity in subject.entities]
        told += [(entity.graph.source, profiles.of_profile_page(entity)) for entity in subject.pages]
        fields, self._told = merged([*told, (METAS, profiles.of_metas(document))])
        refuse_by_title(document, [fields.get("name")])
        self._refuse_nameless("name", fields.get("name"))
        return User(**self._common(), **fields)

    def _common(self) -> Fields:
        canonical = self.document.canonical
        return {
            "site": self.site,
            "id": canonical,
            "url": canonical,
            "fetched_at": self.response.fetched_at,
            "fetched_from": self.url,
        }

    def _refuse_nameless(self, name: str, title: str | None) -> None:
        """Refuse the page when its title or name is missing or the site's."""
        site = (self.document.site_name or urlsplit(self.url).hostname or "").casefold()
        if title is None or title.casefold() == site:
            raise NotARecord("shell", f"{name} {title!r} is missing or the site's own")
