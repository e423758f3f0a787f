"""Reads any page by its structured data: JSON-LD, microdata, OpenGraph and Twitter cards, merged field by field."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.items import Record, User, Video
from crawler.pages.base import Link, Page
from crawler.pages.structured import hyperlinks, profiles, sitemaps, videos
from crawler.pages.structured.document import Document
from crawler.pages.structured.entities import Subject, subject_of
from crawler.pages.structured.refusals import (
    FIRST_ERROR,
    refuse_by_place,
    refuse_by_status,
    refuse_by_title,
    refuse_shell,
)
from crawler.pages.structured.schema import Fields, merged


class StructuredPage(Page):
    """Any page: a video, a profile, a sitemap, or only links."""

    site = "schema.org"

    def records(self) -> Iterator[Record]:
        """Yield the video or the user that this page is about; nothing where it is about something else."""
        refuse_by_status(self.response.status)
        if not self._is_html:
            return
        document = self._document
        refuse_by_place(self.url)
        subject = subject_of(document)
        if subject is None:
            refuse_by_title(document, [document.metas.first("og:title"), document.title, *document.headings[:3]])
            refuse_shell(document)
            return
        yield self._video(subject) if subject.kind == "video" else self._user(subject)

    def links(self) -> Iterator[Link]:
        """Yield where this page or sitemap leads to, on its own host."""
        if self.response.status >= FIRST_ERROR:
            return
        if sitemaps.is_sitemap(self.response):
            yield from sitemaps.links(self.response)
        elif self._is_html:
            yield from hyperlinks.links(self._document)

    @cached_property
    def _document(self) -> Document:
        return Document(self.response)

    @property
    def _is_html(self) -> bool:
        content_type = self.response.headers.get("content-type", "").casefold()
        if content_type:
            return "html" in content_type
        return not sitemaps.is_sitemap(self.response) and self.response.body[:200].lstrip(
            b"\xef\xbb\xbf \t\r\n"
        ).startswith(b"<")

    def _video(self, subject: Subject) -> Video:
        document = self._document
        fields = merged([*map(videos.of_node, subject.entities), videos.of_metas(document)])
        thin = fields.get("duration") is None and fields.get("published_at") is None
        if thin:
            refuse_by_title(document, [fields.get("title")])
        if fields.get("live_status") in {"is_live", "is_upcoming"}:
            fields["duration"] = None
        return Video(**self._common(), title=self._title(fields, "title"), **fields)

    def _user(self, subject: Subject) -> User:
        document = self._document
        pages = map(profiles.of_profile_page, subject.pages)
        fields = merged([*map(profiles.of_node, subject.entities), *pages, profiles.of_metas(document)])
        refuse_by_title(document, [fields.get("name")])
        self._title(dict(fields), "name")
        return User(**self._common(), **fields)

    def _common(self) -> Fields:
        canonical = self._document.canonical
        return {
            "site": self.site,
            "id": canonical,
            "url": canonical,
            "fetched_at": self.response.fetched_at,
            "fetched_from": self.url,
        }

    def _title(self, fields: Fields, name: str) -> str:
        """Take the title or name out of `fields`; refuse the page when that is missing or the site's."""
        title = fields.pop(name, None)
        site = (self._document.site_name or urlsplit(self.url).hostname or "").casefold()
        if not isinstance(title, str) or title.casefold() == site:
            raise NotARecord("shell", f"{name} {title!r} is missing or the site's own")
        return title
