"""PeerTube's REST API: one class a resource, and the sitemap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from crawler.errors import NotARecord
from crawler.items import Record, RecordKey
from crawler.pages.base import EVERY_KIND, LAST_STATUS, REASONS, Link, Listing, Page, RecordKind
from crawler.pages.embedded import address
from crawler.pages.nodes import Node, node
from crawler.pages.peertube import records, urls
from crawler.pages.peertube.records import actor_id, is_instance, is_local, origin, rows_of, whole

MEANINGS = {
    "private": "private, internal, blocked, or not yet published",
    "password": "protected by a password",
    "not_found": "deleted, or it never existed",
    "deleted": "deleted",
    "forbidden": "not for the public",
}
"""What the reasons mean, for a reader."""


class ApiPage(Page):
    """An answer of `/api/v1`."""

    site = urls.SITE
    platform = "peertube"
    source = "REST API"

    def body(self) -> Node:
        """Return the object that was answered.

        Raises:
            NotARecord: the server refused, or answered something else.
        """
        row = node(self.response.json)
        status = max(self.response.status, status_told(row))
        if status >= HTTPStatus.BAD_REQUEST:
            reason = self.refusal(status, str(row.get("code") or ""))
            said = row.get("detail") or row.get("error") or f"HTTP {status}"
            raise NotARecord(reason, f"{MEANINGS.get(reason, 'the server refuses')} (it says: {said})")
        if not row:
            raise NotARecord("no_json", f"{self.url} answered no JSON object")
        return row

    def refusal(self, status: int, code: str) -> str:
        """Return the reason for an HTTP error in one word."""
        if "password" in code:
            return "password"
        return REASONS.get(status, f"http_{status}")

    def host_name(self, path: str) -> str:
        """Return `alice@site.example` for an account or channel named in the URL's path."""
        name = unquote(path.split("/")[4])
        return name if "@" in name else f"{name}@{self.response.host}"


class ListingPage(ApiPage):
    """A page of a list; the rows of other instances are left to their origin."""

    leads_to: ClassVar[frozenset[RecordKind]] = EVERY_KIND
    last: ClassVar[bool] = False

    def rows(self) -> list[Node]:
        """Return all rows; an instance's own actor is none."""
        return [row for row in rows_of(self.body()) if not is_instance(row)]

    def local_rows(self) -> list[Node]:
        """Return the rows of things that live here."""
        return [row for row in self.rows() if is_local(row, self.response)]

    def links(self) -> Iterator[Link]:
        """Yield the next page, and the instances that remote rows come from."""
        yield from self.next_page()
        remote = (address(row.get("url"), self.response) for row in self.rows() if not is_local(row, self.response))
        for url in dict.fromkeys(origin(url) for url in remote if url):
            yield Link(url, "listing", platform=self.platform)

    def next_page(self) -> Iterator[Link]:
        """Yield the next page, where there is one."""
        following = urls.next_url(self.url, len(rows_of(self.body())), self.total())
        if following and not self.stands_still():
            yield Link(following, "listing", leads_to=self.leads_to, last=self.last, carry=self.carry())

    def stands_still(self) -> bool:
        """Tell whether this page shows what the one before has shown: the server does not heed `start`."""
        return "first" in self.response.carry and self.response.carry["first"] == self.carry()["first"]

    def carry(self) -> Mapping[str, Any]:
        """Return what the next page needs to know."""
        rows = rows_of(self.body())
        return {"first": str(rows[0].get("id") or rows[0].get("uuid")) if rows else ""}


class ServerStats(ApiPage):
    """What the instance says of itself; its counts of videos and channels are right (cached for 4 hours)."""

    path = r"/api/v1/server/stats"
    examples = ("https://peertube.example/api/v1/server/stats",)

    def totals(self) -> Mapping[Listing, int | None]:
        """Return the number of local videos and channels; accounts are not declared anywhere that can be trusted."""
        body = self.body()
        declared = {
            Listing(f"videos of {self.response.host}", "video", whole=True): whole(body.get("totalLocalVideos"))
        }
        channels = whole(body.get("totalLocalVideoChannels"))
        if channels is not None:
            declared[Listing(f"channels of {self.response.host}", "user", whole=True)] = channels
        return declared


class Accounts(ListingPage):
    """All accounts that the instance knows. Its `total` is wrong (the count joins avatars): never read."""

    path = r"/api/v1/accounts/?"
    examples = ("https://peertube.example/api/v1/accounts?start=0&count=100",)

    def listing(self) -> Listing:
        """Return the accounts of this host."""
        return Listing(f"accounts of {self.response.host}", "user", whole=True)

    def records(self) -> Iterator[Record]:
        """Yield the local accounts."""
        yield from (records.account(row, self.response) for row in self.local_rows())

    def links(self) -> Iterator[Link]:
        """Yield each local account's videos."""
        yield from super().links()
        yield from (account_videos(self.response.base, row) for row in self.local_rows())


class Channels(ListingPage):
    """All channels that the instance knows, remote ones in the `total` too."""

    path = r"/api/v1/video-channels/?"
    examples = ("https://peertube.example/api/v1/video-channels?start=0&count=100",)

    def listing(self) -> Listing:
        """Return the channels of this host."""
        return Listing(f"channels of {self.response.host}", "user", whole=True)

    def records(self) -> Iterator[Record]:
        """Yield the local channels."""
        yield from (records.channel(row, self.response) for row in self.local_rows())

    def links(self) -> Iterator[Link]:
        """Yield the accounts that own them, and those accounts' videos."""
        yield from super().links()
        for owner in unique_actors(node(row.get("ownerAccount")) for row in self.local_rows()):
            yield urls.account_link(self.response.base, str(owner["name"]), last=True)
            yield account_videos(self.response.base, owner)


class AccountChannels(Channels):
    """The channels of one account."""

    path = r"/api/v1/accounts/[^/]+/video-channels/?"
    examples = ("https://peertube.example/api/v1/accounts/alice/video-channels",)
    leads_to = frozenset({"user"})

    def listing(self) -> Listing:
        """Return the channels of this account."""
        name = f"channels of {self.host_name(urlsplit(self.url).path)}"
        return Listing(name, "user", within=f"channels of {self.response.host}")

    def total(self) -> int | None:
        """Return the total, which counts this account's channels only."""
        return whole(self.body().get("total"))


class Videos(ListingPage):
    """All local videos. Read last: it finds what the accounts' own lists did not give."""

    path = r"/api/v1/videos/?"
    examples = ("https://peertube.example/api/v1/videos?start=0&count=100",)
    last = True

    def listing(self) -> Listing:
        """Return the videos of this host."""
        return Listing(f"videos of {self.response.host}", "video", whole=True)

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the local videos."""
        yield from (records.video_key(row) for row in self.local_rows())

    def total(self) -> int | None:
        """Return the total of this list as it is now."""
        return whole(self.body().get("total"))

    def totals(self) -> Mapping[Listing, int | None]:
        """Leave the declared number to the server's statistics."""
        return {self.listing(): None}

    def links(self) -> Iterator[Link]:
        """Yield the videos, and the accounts and channels that they name."""
        yield from super().links()
        rows, base = self.local_rows(), self.response.base
        for row in rows:
            if row.get("uuid"):
                yield urls.video_link(base, str(row["uuid"]), last=True)
        for found in unique_actors(node(row.get("account")) for row in rows):
            yield urls.account_link(base, str(found["name"]), last=True)
        for found in unique_actors(node(row.get("channel")) for row in rows):
            yield urls.channel_link(base, str(found["name"]), last=True)


class Following(ListingPage):
    """The instances and users that this instance follows; led to under `scope=web`."""

    path = r"/api/v1/server/(?:following|followers)/?"
    examples = ("https://peertube.example/api/v1/server/following?start=0&count=100",)

    def rows(self) -> list[Node]:
        """Return the actors on the other side; an instance's own actor stands for the instance."""
        side = "following" if self.url.partition("?")[0].rstrip("/").endswith("following") else "follower"
        return [node(row.get(side)) for row in rows_of(self.body())]


class Actor(ApiPage):
    """One account or channel."""

    def links(self) -> Iterator[Link]:
        """Yield its videos."""
        handle = urlsplit(self.url).path.rstrip("/").rpartition("/")[2]
        kind = "accounts" if "/accounts/" in self.url else "video-channels"
        yield actor_videos(self.response.base, kind, handle)


class Account(Actor):
    """One account."""

    path = r"/api/v1/accounts/[^/]+/?"
    examples = ("https://peertube.example/api/v1/accounts/alice",)

    def records(self) -> Iterator[Record]:
        """Yield the account."""
        body = self.body()
        if is_instance(body):
            raise NotARecord("instance_actor", f"{self.url} is the instance itself, no user")
        yield records.account(body, self.response)

    def links(self) -> Iterator[Link]:
        """Yield its videos and channels."""
        yield from super().links()
        handle = urlsplit(self.url).path.rstrip("/").rpartition("/")[2]
        yield Link(
            urls.listing_url(self.response.base, f"accounts/{handle}/video-channels"),
            "listing",
            leads_to=frozenset({"user"}),
        )


class Channel(Actor):
    """One channel."""

    path = r"/api/v1/video-channels/[^/]+/?"
    examples = ("https://peertube.example/api/v1/video-channels/alice_channel",)

    def records(self) -> Iterator[Record]:
        """Yield the channel."""
        yield records.channel(self.body(), self.response)

    def links(self) -> Iterator[Link]:
        """Yield its videos and the account that owns it."""
        yield from super().links()
        for owner in unique_actors([node(self.body().get("ownerAccount"))]):
            yield urls.account_link(self.response.base, actor_id(owner) or "")


class VideoDetail(ApiPage):
    """One video, whole."""

    path = r"/api/v1/videos/(?!(?:categories|languages|licences|privacies|imports|live)/?$)[^/]+/?"
    examples = ("https://peertube.example/api/v1/videos/9c9de5e8-0a1e-484a-b099-e80766180a6d",)

    def records(self) -> Iterator[Record]:
        """Yield the video."""
        yield records.video(self.body(), self.response)

    def links(self) -> Iterator[Link]:
        """Yield its account and its channel."""
        body, base = self.body(), self.response.base
        for found in unique_actors([node(body.get("account"))]):
            yield urls.account_link(base, actor_id(found) or "")
            yield actor_videos(base, "accounts", urls.local_handle(base, actor_id(found) or ""))
        for found in unique_actors([node(body.get("channel"))]):
            yield urls.channel_link(base, actor_id(found) or "")


class Sitemap(Page):
    """All local accounts and channels and the videos that are not sensitive; read last, as a check.

    It names the instance's own actor too, which is no user.
    """

    site = urls.SITE
    platform = "peertube"
    path = r"/sitemap\.xml"
    examples = ("https://peertube.example/sitemap.xml",)

    def links(self) -> Iterator[Link]:
        """Yield what the sitemap names."""
        for location in dict.fromkeys(re.findall(r"<loc>\s*([^<\s]+)\s*</loc>", self.response.text)):
            path = unquote(urlsplit(location).path)
            if re.fullmatch(r"/(?:w|videos/watch|a|accounts|c|video-channels)/(?!peertube(?:/|$))[^/]+(?:/.*)?", path):
                yield from (
                    replace(link, last=True) for link in urls.start_links(self.response.base + urlsplit(location).path)
                )


def status_told(row: Node) -> int:
    """Return the HTTP status that an error has in its body, too, which is all that a saved one has; 0 for none."""
    status = whole(row.get("status")) if "detail" in row and "uuid" not in row else None
    return status if status and HTTPStatus.BAD_REQUEST <= status <= LAST_STATUS else 0


def unique_actors(actors: Any) -> list[Node]:
    """Return the accounts or channels with a name, each once; an instance's own actor is none."""
    return list({actor_id(actor): actor for actor in actors if actor_id(actor) and not is_instance(actor)}.values())


def account_videos(base: str, account: Node) -> Link:
    """Return the link to an account's videos."""
    return actor_videos(base, "accounts", urls.local_handle(base, str(account.get("name"))))


def actor_videos(base: str, kind: str, handle: str) -> Link:
    """Return the link to the videos of an account (`accounts`) or channel (`video-channels`), newest first."""
    url = urls.videos_url(base, f"{kind}/{handle}/videos", "-createdAt")
    return Link(url, "listing", leads_to=frozenset({"video"}))
