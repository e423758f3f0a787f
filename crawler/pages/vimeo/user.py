"""A user of Vimeo: their page, and the list of their videos as far as it is HTML."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urljoin

from crawler.errors import NotARecord
from crawler.items import RecordKey, User
from crawler.pages.base import Link, Listing, Page
from crawler.pages.nodes import Node, decoded, dig, node, nodes
from crawler.pages.parts import PartsPage
from crawler.pages.paths import path_in, split
from crawler.pages.structured import profiles, values
from crawler.pages.structured.document import Document
from crawler.pages.structured.entities import subject_of
from crawler.pages.structured.schema import Entity, Fields
from crawler.pages.vimeo import common, refusals, urls

APP_CONFIG = '"app_config":'
DEEP_LINK = re.compile(r"vimeo://app\.vimeo\.com/users/(\d{1,15})", re.ASCII)
ITEM = re.compile(r'id=["\']clip_(\d{1,15})["\']')
NEXT = "//a[@rel='next']/@href | //link[@rel='next']/@href"
SITE_TITLE = re.compile(r"(?:[\u2019']s? (?:profile|videos))? on Vimeo$")
LD, APP, OPEN_GRAPH = "JSON-LD", "app_config", "OpenGraph"


class UserPage(PartsPage):
    """The page of a user."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("vimeo.com",)
    path = rf"/{urls.USER_NAME}/?"
    examples = ("https://vimeo.com/examplename", "https://vimeo.com/user1234567")
    record_type = User
    source = OPEN_GRAPH

    @cached_property
    def document(self) -> Document:
        """The page."""
        return Document(self.response)

    @cached_property
    def app(self) -> Node:
        """The user, as the scripts of pages of about 2016 to 2020 are told."""
        start = self.response.text.find(APP_CONFIG)
        return node(dig(decoded(self.response.text, start + len(APP_CONFIG)), "user")) if start >= 0 else {}

    @cached_property
    def name_in_address(self) -> str:
        """The name in the user's address."""
        told = (self.document.metas.first("og:url"), self.document.canonical, self.url)
        return next((name for one in told if (name := urls.name_in(one))), "")

    @cached_property
    def profile(self) -> tuple[list[Entity], list[Entity]]:
        """The nodes of JSON-LD of the user, and of their page."""
        subject = subject_of(self.document)
        return (subject.entities, subject.pages) if subject and subject.kind == "user" else ([], [])

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what JSON-LD, the scripts and OpenGraph tell.

        Raises:
            NotARecord: the page is none of a user.
        """
        refusals.refuse_page(self.document, self.response.text)
        if not (self.profile[0] or self.app or self.deep_id) or not self.name_in_address:
            refusals.refuse_title(self.document)
            raise NotARecord("shell", f"{self.url} tells nothing of a user")
        for entity in self.profile[0]:
            yield LD, self.of_ld(entity)
        for entity in self.profile[1]:
            yield LD, profiles.of_profile_page(entity)
        yield APP, self.of_app()
        yield OPEN_GRAPH, self.of_metas()

    @property
    def deep_id(self) -> str | None:
        """The id, in the address that opens the site's app."""
        told = self.document.metas.first("al:ios:url", "al:android:url", "twitter:app:url:iphone")
        found = DEEP_LINK.match(told or "")
        return found[1] if found else None

    def of_ld(self, entity: Entity) -> Fields:
        """Return what a node of JSON-LD says; all that a user writes here are videos."""
        fields = self.cleaned(profiles.of_node(entity))
        links = [one for one in fields.get("links") or () if split(one)[0] != "vimeo.com"]
        return fields | {
            "id": common.number(entity.first("identifier")),
            "links": links or None,
            "video_count": fields.get("video_count") or entity.counts("agentInteractionStatistic").get("write"),
        }

    def cleaned(self, fields: Fields) -> Fields:
        """Return fields without what the site has made up."""
        return fields | {
            "description": common.description(fields.get("description")),
            "avatar_url": common.portrait(fields.get("avatar_url")),
            "account_type": None,  # the site calls every user a person
        }

    def of_app(self) -> Fields:
        """Return what the page's scripts are told."""
        links = [values.http_url(one.get("url"), urls.BASE) for one in nodes(self.app.get("links"))]
        joined = dig(self.app, "join_date", "raw")
        return {
            "id": common.number(self.app.get("id")),
            "name": values.line(self.app.get("display_name")),
            "links": [one for one in links if one] or None,
            "created_at": values.date(joined) if isinstance(joined, str) and re.search(r"T.*[Z+-]", joined) else None,
        }

    def of_metas(self) -> Fields:
        """Return what the `<meta>`s and the address say."""
        metas = self.document.metas
        name = values.line(metas.first("og:title", "twitter:title"))
        carried = self.response.carry.get("id")
        handle = self.name_in_address
        known = (self.deep_id, urls.number_in(handle), carried if isinstance(carried, str) else None, handle)
        return self.cleaned({
            "id": next(one for one in known if one),
            "url": f"{urls.BASE}/{handle}",
            "username": handle,
            "name": SITE_TITLE.sub("", name) if name else None,
            "description": values.text(metas.first("og:description", "description")),
            "avatar_url": metas.first("og:image:secure_url", "og:image"),
        })  # fmt: skip

    def links(self) -> Iterator[Link]:
        """Yield the list of their videos."""
        with contextlib.suppress(NotARecord):
            yield urls.videos_link(self.name_in_address, self.merged[0]["id"])


class UserVideos(Page):
    """A page of the list of a user's videos, as far as it is there without JavaScript."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("vimeo.com",)
    path = rf"/{urls.USER_NAME}/videos(?:/page:\d+(?:/sort:\w+)?)?/?"
    examples = ("https://vimeo.com/examplename/videos", "https://vimeo.com/examplename/videos/page:2/sort:date")
    source = "HTML"

    @property
    def name(self) -> str:
        """Whose videos these are."""
        return path_in(self.url).split("/")[1]

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the videos on this page."""
        return list(dict.fromkeys(ITEM.findall(self.response.text)))

    def links(self) -> Iterator[Link]:
        """Yield the videos, and the next page."""
        yield from map(urls.video_link, self.ids)
        following = self.response.selector.xpath(NEXT).get() if self.ids else None
        url = urljoin(self.url, following) if following else ""
        if urls.USER_VIDEOS.fullmatch(path_in(url)) and f"/{self.name}/" in url and url != self.url:
            yield Link(url, "listing", leads_to=frozenset({"video"}), carry=self.response.carry)

    def listing(self) -> Listing:
        """Return the videos of this user, by the id where it is known."""
        return Listing(f"videos of {self.response.carry.get('id') or urls.number_in(self.name) or self.name}", "video")

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from map(urls.video_key, self.ids)
