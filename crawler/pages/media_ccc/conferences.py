"""Conferences of media.ccc.de, and its lists of talks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import AccountType, Record, RecordKey, User
from crawler.pages.base import Link, Listing, Page, RecordPage, refuse_status
from crawler.pages.media_ccc import urls
from crawler.pages.media_ccc.talks import refuse_error, refuse_page
from crawler.pages.nodes import Node, node, nodes
from crawler.pages.structured import values
from crawler.pages.structured.document import Document


class ConferenceRecord(RecordPage):
    """The fields of a conference: the channel of its talks."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("media.ccc.de",)
    record_type = User

    @cached_property
    def conference(self) -> Node:
        """The object that the API has of it."""
        return node(self.response.json)

    def id(self) -> str:
        """Return the acronym."""
        return values.line(self.conference.get("acronym")) or ""

    def canonical_url(self) -> str:
        """Return the address of the page that people see."""
        return urls.conference_url(self.id())

    def username(self) -> str | None:
        """Return the acronym."""
        return self.id()

    def name(self) -> str | None:
        """Return the title."""
        return values.line(self.conference.get("title"))

    def description(self) -> str | None:
        """Return the whole text."""
        return values.text(self.conference.get("description"))

    def avatar_url(self) -> str | None:
        """Return the logo."""
        return values.http_url(self.conference.get("logo_url"), self.url)

    def profile_links(self) -> list[str] | None:
        """Return the conference's own site."""
        link = values.http_url(self.conference.get("link"), self.url)
        return [link] if link else None

    def account_type(self) -> AccountType:
        """Return that it is a channel."""
        return "channel"

    def updated_at(self) -> str | None:
        """Return when anything of it was changed."""
        return values.date(self.conference.get("updated_at"))


class Conference(ConferenceRecord):
    """A conference in the API, with rows of all its talks; the files stand only in each talk's own object."""

    path = r"/public/conferences/[^/]+/?"
    examples = ("https://api.media.ccc.de/public/conferences/kites2024",)
    source = "public API"

    def records(self) -> Iterator[Record]:
        """Yield the conference.

        Raises:
            NotARecord: there is none.
        """
        if not self.response.is_error:
            refuse_error(self.response.json, self.url, "acronym")
        yield from super().records()

    def links(self) -> Iterator[Link]:
        """Yield its talks."""
        yield from talks(self.conference)

    def listing(self) -> Listing:
        """Return the talks of this conference."""
        return Listing(f"videos of {self.id()}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of its talks."""
        yield from (link.key for link in talks(self.conference) if link.key)

    def total(self) -> int | None:
        """Return the number of its talks, which all stand here."""
        told = self.conference.get("events")
        return len(nodes(told)) if isinstance(told, list) else None


class ConferencePage(ConferenceRecord):
    """The page of a conference."""

    path = r"/c/[^/]+/?"
    examples = ("https://media.ccc.de/c/kites2024",)
    source = "HTML"

    @cached_property
    def document(self) -> Document:
        """The page."""
        return Document(self.response)

    @cached_property
    def conference(self) -> Node:
        """What the page tells, in the shape of the API's object."""
        header = self.document.selector.xpath("//*[contains(@class, 'events-header')]")
        return {
            "acronym": urls.last_part(self.url),
            "title": header.xpath("string(.//h1)").get(),
            "logo_url": header.xpath("(.//img/@src)[1]").get(),
        }

    def records(self) -> Iterator[Record]:
        """Yield the conference.

        Raises:
            NotARecord: the page is none of a conference.
        """
        if not self.response.is_error and not self.name():
            refuse_page(self.document, "conference")
        yield from super().records()

    def links(self) -> Iterator[Link]:
        """Yield its talks."""
        found = self.document.selector.xpath("//*[contains(@class, 'event-preview')]//a/@href").getall()
        slugs = dict.fromkeys(urls.last_part(one) for one in found if "/v/" in one)
        yield from (urls.event_link(slug) for slug in slugs if slug)


class Talks(Page):
    """A list of talks of several conferences, or of conferences."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("media.ccc.de",)
    path = r"/public/(?:events|conferences)/?|/public/events/(?:recent|search|popular|unpopular)(?:\.json)?/?"
    examples = ("https://api.media.ccc.de/public/events/recent", "https://api.media.ccc.de/public/conferences")
    source = "public API"

    @cached_property
    def body(self) -> Node:
        """What was answered.

        Raises:
            NotARecord: it is no list.
        """
        body = node(self.response.json)
        refuse_status(self.response.status)
        if not isinstance(body.get("events", body.get("conferences")), list):
            raise NotARecord("no_json", f"{self.url} answered no list of talks or conferences")
        return body

    def links(self) -> Iterator[Link]:
        """Yield the talks and the conferences."""
        yield from talks(self.body)
        acronyms = (values.line(row.get("acronym")) for row in nodes(self.body.get("conferences")))
        yield from (urls.conference_link(one) for one in acronyms if one)

    def listing(self) -> Listing:
        """Return this list, by its name."""
        names = {"recent": "recent videos", "conferences": "conferences"}
        last = urls.last_part(self.url).removesuffix(".json")
        is_of_users = "events" not in self.body
        return Listing(f"{names.get(last, last)} of media.ccc.de", "user" if is_of_users else "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of its rows."""
        yield from (link.key for link in self.links() if link.key)

    def total(self) -> int | None:
        """Return the number of conferences, which all stand here; of talks, only the newest do."""
        return None if "events" in self.body else len(nodes(self.body.get("conferences")))


def talks(body: Node) -> Iterator[Link]:
    """Yield the links to the talks of a list."""
    for row in nodes(body.get("events")):
        if guid := values.line(row.get("guid")):
            yield urls.event_link("", guid)
