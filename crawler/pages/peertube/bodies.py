"""PeerTube's pages as people and other instances see them: HTML and ActivityPub at one address, told by the body.

A crawl asks the REST API instead; these read what is there already: saved pages, and instances without an API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from urllib.parse import unquote, urlsplit

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey, User, Video
from crawler.pages.base import Link, Page, known_fields, refuse_status
from crawler.pages.embedded import address
from crawler.pages.nodes import Node, node, nodes
from crawler.pages.peertube import activities, records, urls
from crawler.pages.peertube.api import ApiPage, ListingPage
from crawler.pages.peertube.records import whole
from crawler.pages.peertube.shapes import SEARCH_HOSTS, is_video
from crawler.pages.peertube.videos import ACTIVITY_JSON
from crawler.pages.structured import StructuredPage
from crawler.pages.structured.schema import Fields

ACTIVITY_PUB, JSON_LD = "ActivityPub", "JSON-LD"
VIDEO_PATH = re.compile(r"/(?:w|videos/watch)/([\w-]+)")
ACTOR_PATH = re.compile(r"/(a|accounts|c|video-channels)/([^/]+)(?:/.*)?")
ASKED_PATH = re.compile(r"/(?:(?:a|accounts|c|video-channels)/|@)([^/]+)(?:/.*)?")
PERSONS = {"a", "accounts"}
AUTHOR = ("", "_id", "_url")
"""What the names of the fields of an account, `uploader…`, and of a channel, `channel…`, end with."""
RATINGS = {"General Audience": records.rating(sensitive=False), "Mature": records.rating(sensitive=True)}
"""What the JSON-LD of newer versions says of videos that are marked as sensitive, and of others."""


class Shown(Page):
    """What stands at an address of the site: HTML, or JSON where that was asked for."""

    site = urls.SITE
    platform = urls.SITE

    @cached_property
    def _html(self) -> StructuredPage:
        """The body as HTML with structured data."""
        return StructuredPage(self.response)

    @cached_property
    def row(self) -> Node | None:
        """The JSON of the body, None for HTML."""
        if self.response.body[:200].lstrip().startswith(b"<"):
            return None
        body = self.response.json
        return body if isinstance(body, Mapping) else None

    def records(self) -> Iterator[Record]:
        """Yield the one record.

        Raises:
            NotARecord: there is none, with the reason.
        """
        if self.row is None:
            refuse_status(self.response.status)
            yield self.of_html()
        else:
            yield self.of_json(ApiPage(self.response).body())

    def sources(self, record: Record) -> dict[str, str]:
        """Return ActivityPub or REST API for JSON; of HTML the syntax of each field."""
        if self.row is None:
            told = self._html.sources(record)
            return {name: told.get(name, "URL") for name in known_fields(record)}
        return dict.fromkeys(known_fields(record), ACTIVITY_PUB if "type" in self.row else "REST API")

    def of_json(self, row: Node) -> Record:
        """Return the record of an object."""
        raise NotImplementedError

    def of_html(self) -> Record:
        """Return the record of a page."""
        raise NotImplementedError


class Watch(Shown):
    """A video's page."""

    path = r"/w/(?!p/)[^/]+/?|/videos/(?:watch/(?!playlist/)|embed/)[^/]+/?"
    examples = (
        "https://peertube.example/w/q6rcyvgNheq69riucSYo6w",
        "https://peertube.example/videos/watch/9c9de5e8-0a1e-484a-b099-e80766180a6d",
    )

    def of_json(self, row: Node) -> Video:
        """Return the video of ActivityPub, or of the REST API."""
        if row.get("type") == "Video":
            return activities.video(row, self.response)
        if not is_video(row):
            raise NotARecord("no_video", f"{self.url} answered JSON that is no video of PeerTube")
        return records.video(row, self.response)

    def of_html(self) -> Video:
        """Return the video, whose id stands in one of the page's addresses."""
        found = next(iter(self._html.records()), None)
        if not isinstance(found, Video):
            raise NotARecord("shell", f"{self.url} does not tell which video it shows")
        named = (VIDEO_PATH.search(urlsplit(url).path) for url in (found.url, self.url))
        uuid = next((uuid for match in named if match and (uuid := urls.long_uuid(match[1]))), None)
        if uuid is None:
            raise NotARecord("unnamed", f"{self.url} does not tell the video's id")
        by = author(found.uploader, found.uploader_url)
        # A place in the video, `?start=3s`, is no part of its address.
        url = found.url.partition("?")[0]
        return replace(found, site=self.site, id=uuid, url=url, **by, **self.rating())

    def sources(self, record: Record) -> dict[str, str]:
        """Return what told each field: of HTML the channel stands where other sites name the user."""
        told = super().sources(record)
        if self.row is None:
            told |= {name: JSON_LD for name in told if name.startswith("channel") or name in RATINGS["Mature"]}
        return told

    def rating(self) -> Fields:
        """Return for whom the video is, where the page says so."""
        return RATINGS.get(str(self._html.document.video_object.get("contentRating")), {})


class Profile(Shown):
    """The page of an account or a channel."""

    path = (
        r"/(?:(?:a|accounts|c|video-channels)/|@)[^/]+(?:/(?:videos|video-channels|video-playlists|about|search)/?|/?)"
    )
    examples = (
        "https://peertube.example/a/alice",
        "https://peertube.example/c/alice_channel/videos",
        "https://peertube.example/@alice",
    )

    def of_json(self, row: Node) -> User:
        """Return the actor of ActivityPub, or of the REST API."""
        if "type" in row:
            return activities.user(row, self.response)
        if not row.get("name") or not row.get("host") or records.is_instance(row):
            raise NotARecord("no_user", f"{self.url} answered JSON that is no user of PeerTube")
        made = records.channel if "ownerAccount" in row else records.account
        return made(row, self.response)

    def of_html(self) -> User:
        """Return the user that the page is named after; its own address tells the id."""
        document = self._html.document
        asked = ASKED_PATH.fullmatch(unquote(urlsplit(self.url).path))
        told = ACTOR_PATH.fullmatch(unquote(urlsplit(document.canonical).path))
        title = document.metas.first("og:title")
        if not asked or not told or told[2].partition("@")[0] != asked[1].partition("@")[0] or not title:
            raise NotARecord("shell", f"{self.url} does not tell whose page it is")
        known = next(iter(self._html.records()), None)
        name, _, host = told[2].partition("@")
        if name == "peertube":
            raise NotARecord("instance_actor", f"{self.url} is the instance itself, no user")
        host = (host or asked[1].partition("@")[2] or urlsplit(document.canonical).netloc).lower()
        picture = document.picture
        base = User(
            site=self.site,
            id=f"{name}@{host}",
            url=document.canonical,
            fetched_at=self.response.fetched_at,
            fetched_from=self.url,
            username=name,
            name=title.strip(),
            avatar_url=picture if picture and "/avatars/" in picture else None,
            account_type="person" if told[1] in PERSONS else "channel",
            host=host,
        )
        if isinstance(known, User):
            return replace(
                base,
                description=known.description,
                avatar_url=known.avatar_url or base.avatar_url,
                created_at=known.created_at,
                updated_at=known.updated_at,
            )
        return base


class Outbox(Page):
    """A page of an outbox: what an account or channel has published and shared, newest first."""

    site = urls.SITE
    platform = urls.SITE
    source = ACTIVITY_PUB
    path = r"/(?:accounts|video-channels)/[^/]+/outbox/?"
    examples = ("https://peertube.example/accounts/alice/outbox?page=1&size=50",)

    def items(self) -> list[Node]:
        """Return the videos that are for everyone."""
        body = ApiPage(self.response).body()
        made = (node(item.get("object")) for item in nodes(body.get("orderedItems")) if item.get("type") == "Create")
        return [one for one in made if one.get("type") == "Video" and activities.is_public(one)]

    def records(self) -> Iterator[Record]:
        """Yield the videos."""
        yield from (activities.video(row, self.response) for row in self.items())

    def links(self) -> Iterator[Link]:
        """Yield the page after this one."""
        body = ApiPage(self.response).body()
        for name in ("first", "next"):
            url = address(body.get(name), self.response)
            if url and urlsplit(url).netloc == urlsplit(self.url).netloc:
                yield Link(url, "listing", headers=ACTIVITY_JSON)


class Search(ListingPage):
    """Videos found on many instances. Its rows are cut short: the videos are read where they live."""

    hosts = SEARCH_HOSTS
    path = r"/api/v1/search/videos/?"
    examples = ("https://sepiasearch.org/api/v1/search/videos?search=kites&start=0&count=15",)
    leads_to = frozenset({"video"})

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the videos."""
        yield from (link.key for link in self.links() if link.key is not None)

    def total(self) -> int | None:
        """Return how many were found."""
        return whole(self.body().get("total"))

    def links(self) -> Iterator[Link]:
        """Yield the next page, and the videos on the instances that have published them."""
        yield from self.next_page()
        for row in records.rows_of(self.body()):
            url, uuid = address(row.get("url"), self.response), urls.long_uuid(str(row.get("uuid")))
            if url:
                named = VIDEO_PATH.search(urlsplit(url).path)
                sure = uuid is not None and named is not None and urls.long_uuid(named[1]) == uuid
                key = RecordKey("video", self.site, uuid) if sure and uuid else None
                yield Link(url, "video", key=key, platform=self.platform)


def author(name: str | None, url: str | None) -> Fields:
    """Return who published a video: the account or the channel, of which newer versions name one; the address tells."""
    parts = urlsplit(url or "")
    found = ACTOR_PATH.fullmatch(unquote(parts.path))
    if found is None:
        return {"uploader": name, "uploader_url": url}
    handle, _, host = found[2].partition("@")
    told = (name, f"{handle}@{(host or parts.netloc).lower()}", url)
    kind, other = ("uploader", "channel") if found[1] in PERSONS else ("channel", "uploader")
    by: Fields = {f"{kind}{end}": value for end, value in zip(AUTHOR, told, strict=True)}
    return by | {f"{other}{end}": None for end in AUTHOR}
