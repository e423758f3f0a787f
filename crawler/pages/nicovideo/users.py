"""Users of nicovideo: the page of one, as HTML or JSON, and channels in the public API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crawler.errors import NotARecord
from crawler.items import Record, User
from crawler.pages.base import Link
from crawler.pages.embedded import identifier
from crawler.pages.nicovideo import urls
from crawler.pages.nodes import Node, dig, loaded, node, nodes, whole, words
from crawler.pages.parts import PartsPage
from crawler.pages.rows import address, texts
from crawler.pages.structured.schema import Fields
from crawler.pages.texts import plain

INITIAL = "//*[@id='js-initial-userpage-data']/@data-initial-data"
PLACES = (
    ("state", "userDetails", "userDetails", "user"),
    ("userDetails", "userDetails", "user"),
    ("data", "user"),
)
"""Where the user stands, since 2023, before, and in the API."""
DEFAULTS = "/usericon/defaults/"
"""In the address of the picture of users who have none."""
ERRORS = {"NOT_FOUND": "not_found", "GONE": "deleted", "FORBIDDEN": "forbidden"}


class UserPage(PartsPage):
    """A user, as their page or the API tells them."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("nicovideo.jp",)
    path = r"/user/\d+(?:/video)?/?|/v1/users/\d+/?"
    examples = ("https://www.nicovideo.jp/user/4", "https://nvapi.nicovideo.jp/v1/users/4")
    record_type = User
    source = "data-initial-data"

    @cached_property
    def data(self) -> Node:
        """What the page is made from."""
        if self.response.body.lstrip()[:1] == b"{":
            return node(self.response.json)
        return node(loaded(self.response.selector.xpath(INITIAL).get() or ""))

    @cached_property
    def user(self) -> Node:
        """The user's part of that."""
        return next((found for path in PLACES if (found := node(dig(self.data, *path)))), {})

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what is told.

        Raises:
            NotARecord: there is no such user, or the page tells nothing of them.
        """
        user, user_id = self.user, identifier(self.user.get("id"))
        if user_id is None:
            code = str(dig(self.data, "meta", "errorCode"))
            raise NotARecord(ERRORS.get(code, "shell"), f"{self.url} tells of no user ({code})")
        described = words(user.get("strippedDescription")) or plain(user.get("description"))
        cover = node(user.get("coverImage"))
        sns = nodes(user.get("sns"))
        yield (
            self.source,
            {
                "id": user_id,
                "url": urls.user_url(user_id),
                "name": words(user.get("nickname")),
                "description": described,
                "avatar_url": picture(node(user.get("icons"))),
                "banner_url": address(cover.get("pcUrl")) or address(cover.get("ogpUrl")),
                "links": [found for one in sns if (found := address(one.get("url")))] or None,
                "account_type": "person",
                "follower_count": whole(user.get("followerCount")),
                "following_count": whole(user.get("followeeCount")),
            },
        )

    def links(self) -> Iterator[Link]:
        """Yield the list of their videos."""
        if user_id := identifier(self.user.get("id")):
            yield urls.videos_link(user_id)


class Channels(PartsPage):
    """A channel, in the public API."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.PUBLIC_API_HOST,)
    path = r"/v\d+/channels\.json"
    examples = ("https://public.api.nicovideo.jp/v1/channels.json?channelIds=12&responseGroup=detail",)
    record_type = User
    source = "channel API"

    def records(self) -> Iterator[Record]:
        """Yield the channels that were asked for.

        Raises:
            NotARecord: there are none.
        """
        rows = nodes(node(self.response.json).get("data"))
        if len(rows) < 2:  # noqa: PLR2004 - one, or the reason for none
            yield from super().records()
            return
        for row in rows:
            if (fields := of_channel(row)).get("name") and fields.get("id"):
                common: Fields = {"site": self.site, "fetched_at": self.response.fetched_at, "fetched_from": self.url}
                yield User(**fields, **common)

    def parts(self) -> Iterator[tuple[str, Fields]]:
        """Yield what is told of the one channel.

        Raises:
            NotARecord: there is none.
        """
        rows = nodes(node(self.response.json).get("data"))
        if not rows:
            raise NotARecord("not_found", f"{self.url} tells of no channel")
        yield self.source, of_channel(rows[0])


def picture(icons: Node) -> str | None:
    """Return the larger picture of a user; None for the one of users who have none."""
    found = address(icons.get("large")) or address(icons.get("small"))
    return None if found and DEFAULTS in found else found


def of_channel(row: Node) -> Fields:
    """Return what a row tells of a channel."""
    number = identifier(row.get("id"))
    return {
        "id": f"ch{number}" if number else None,
        "url": address(row.get("url")) or (urls.user_url(f"ch{number}") if number else None),
        "username": words(row.get("screenName")),
        "name": words(row.get("name")),
        "description": plain(row.get("description")),
        "avatar_url": address(row.get("thumbnailUrl")) or address(row.get("thumbnailSmallUrl")),
        "account_type": "channel",
        "tags": texts(dig(row, "detail", "tags"), "text"),
    }
