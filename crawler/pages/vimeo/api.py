"""Answers of Vimeo's API: read where somebody has them; it needs a token, so the crawl asks for none."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from crawler.errors import NotARecord
from crawler.items import LiveStatus, Record, User, Video
from crawler.pages.base import REASONS, Link, Page, RecordPage, Response, refuse_status
from crawler.pages.nodes import Node, dig, node, nodes, whole
from crawler.pages.paths import path_in
from crawler.pages.structured import values
from crawler.pages.texts import first_said
from crawler.pages.vimeo import common, urls

USER_URI = re.compile(r"/users/(\d{1,15})", re.ASCII)
UNSAFE = frozenset({"violence", "drugs", "language", "nudity"})
PASSWORD = "password"  # noqa: S105 - a word


class ApiPage(RecordPage):
    """An object of the API."""

    site = urls.SITE
    hosts = (urls.API_HOST,)
    source = "API"

    @cached_property
    def body(self) -> Node:
        """The object that was answered."""
        return node(self.response.json)

    def records(self) -> Iterator[Record]:
        """Yield the record.

        Raises:
            NotARecord: the answer is an error, or lacks the id or name.
        """
        refuse_error(self.response)
        if not self.id() or not values.line(self.body.get("name")):
            raise NotARecord("shell", "the answer has no id or no name")
        yield from super().records()

    def id(self) -> str:
        """Return the id."""
        raise NotImplementedError

    def time(self, name: str) -> str | None:
        """Return a time, which always has a zone."""
        told = self.body.get(name)
        return values.date(told) if isinstance(told, str) and "T" in told else None

    def connected(self, name: str) -> int | None:
        """Return the number of things that are connected with this one."""
        return whole(dig(self.body, "metadata", "connections", name, "total"))


def refuse_error(response: Response) -> None:
    """Refuse an answer that is an error.

    Raises:
        NotARecord: with the reason.
    """
    body = node(response.json)
    if body.get("error"):
        said = first_said(body.get("developer_message"), body["error"], otherwise="an error")
        raise NotARecord(PASSWORD if PASSWORD in said else REASONS.get(response.status, "not_found"), said)
    refuse_status(response.status)


def largest(pictures: Any) -> str | None:
    """Return the address of the largest of the sizes of a picture."""
    sizes = [one for one in nodes(dig(pictures, "sizes")) if isinstance(one.get("link"), str)]
    best = max(sizes, key=lambda one: whole(one.get("width")) or 0, default=None)
    return common.picture(best["link"]) if best else None


class ApiVideo(ApiPage):
    """A video."""

    path = r"/videos/\d{1,15}(?::[\da-f]+)?/?"
    examples = ("https://api.vimeo.com/videos/123456789",)
    record_type = Video

    @cached_property
    def ids(self) -> dict[str, str]:
        """Id, address and player; empty where there is none."""
        found = common.matched(common.VIDEO_URI, self.body.get("uri"))
        return common.identity(found[1], found[2]) if found else {}

    def id(self) -> str:
        """Return the id."""
        return self.ids.get("id", "")

    def canonical_url(self) -> str:
        """Return the address of the page."""
        found = urls.VIDEO.fullmatch(path_in(self.body.get("link")))
        return urls.video_url(self.id(), found[2]) if found and found[1] == self.id() and found[2] else self.ids["url"]

    def title(self) -> str:
        """Return the title."""
        return values.line(self.body.get("name")) or ""

    def description(self) -> str | None:
        """Return the whole text."""
        return values.text(self.body.get("description"))

    def published_at(self) -> str | None:
        """Return when it was uploaded, as the pages tell it."""
        return self.time("created_time")

    def updated_at(self) -> str | None:
        """Return when it was changed."""
        return self.time("modified_time")

    def duration(self) -> float | None:
        """Return the seconds."""
        return None if self.live_status() == "is_live" else whole(self.body.get("duration")) or None

    def view_count(self) -> int | None:
        """Return the plays."""
        return whole(dig(self.body, "stats", "plays"))

    def like_count(self) -> int | None:
        """Return the likes."""
        return self.connected("likes")

    def comment_count(self) -> int | None:
        """Return the comments."""
        return self.connected("comments")

    @property
    def user(self) -> Node:
        """The owner."""
        return node(self.body.get("user"))

    def uploader(self) -> str | None:
        """Return the owner's name."""
        return values.line(self.user.get("name"))

    def uploader_id(self) -> str | None:
        """Return the owner's id."""
        found = common.matched(USER_URI, self.user.get("uri"))
        return found[1] if found else None

    def uploader_url(self) -> str | None:
        """Return the address of the owner's page."""
        return urls.user_url(self.user.get("link"))

    def thumbnail(self) -> str | None:
        """Return the largest picture."""
        return largest(self.body.get("pictures"))

    def tags(self) -> list[str] | None:
        """Return the tags."""
        told = self.body.get("tags")
        found = [values.line(one.get("name") or one.get("tag")) for one in nodes(told)]
        return [one for one in found if one] if isinstance(told, list) else None

    def categories(self) -> list[str] | None:
        """Return the categories."""
        found = [values.line(one.get("name")) for one in nodes(self.body.get("categories"))]
        return [one for one in found if one] or None

    def language(self) -> str | None:
        """Return the language."""
        return values.language(self.body.get("language"))

    def license(self) -> str | None:
        """Return the licence."""
        return common.licence(self.body.get("license"))

    def is_family_friendly(self) -> bool | None:
        """Return whether the owner calls it safe for all; None where it was not rated."""
        told = self.body.get("content_rating")
        ratings = {one for one in told if isinstance(one, str)} if isinstance(told, list) else set()
        return False if ratings & UNSAFE else True if "safe" in ratings else None

    def live_status(self) -> LiveStatus | None:
        """Return the status in yt-dlp's words."""
        told = dig(self.body, "live", "status")
        badges = node(dig(self.body, "embed", "badges", "live"))
        if told == "streaming" or badges.get("streaming") is True:
            return "is_live"
        if told == "done" or badges.get("archived") is True:
            return "was_live"
        if told is not None:  # a stream that has not begun, or whose recording is not there yet
            return None
        return "not_live" if badges.get("streaming") is False and badges.get("archived") is False else None

    def availability(self) -> Any:
        """Return who can see it."""
        told = dig(self.body, "privacy", "view")
        return common.AVAILABILITY.get(told) if isinstance(told, str) else None

    def width(self) -> int | None:
        """Return the width."""
        return whole(self.body.get("width")) or None

    def height(self) -> int | None:
        """Return the height."""
        return whole(self.body.get("height")) or None

    def embed_url(self) -> str | None:
        """Return the address of the player."""
        return values.http_url(self.body.get("player_embed_url"), urls.BASE) or self.ids.get("embed_url")

    def links(self) -> Iterator[Link]:
        """Yield the owner."""
        if name := urls.name_in(self.user.get("link")):
            yield urls.user_link(name, self.uploader_id())


class ApiVideos(Page):
    """A list of videos."""

    site = urls.SITE
    hosts = (urls.API_HOST,)
    path = r"(?:/(?:me|(?:users|channels|groups|categories|tags)/[^/]+))?/videos/?|/users/[^/]+/albums/\d+/videos/?"
    examples = ("https://api.vimeo.com/users/1234567/videos?page=2",)
    source = ApiPage.source

    @cached_property
    def rows(self) -> list[ApiVideo]:
        """The videos, each as if it were an answer of its own."""
        found = []
        for row in nodes(dig(self.response.json, "data")):
            page = ApiVideo(self.response)
            page.body = row
            found.append(page)
        return found

    def records(self) -> Iterator[Record]:
        """Yield those videos that the rows tell enough of.

        Raises:
            NotARecord: the answer is an error.
        """
        if not self.rows:
            refuse_error(self.response)
        for row in self.rows:
            with contextlib.suppress(NotARecord):
                yield from row.records()

    def links(self) -> Iterator[Link]:
        """Yield the owners."""
        yield from {link.url: link for row in self.rows for link in row.links()}.values()


class ApiUser(ApiPage):
    """A user."""

    path = r"/users/[^/]+/?"
    examples = ("https://api.vimeo.com/users/1234567",)
    record_type = User

    def id(self) -> str:
        """Return the id."""
        found = common.matched(USER_URI, self.body.get("uri"))
        return found[1] if found else ""

    def canonical_url(self) -> str:
        """Return the address of the page."""
        return urls.user_url(self.body.get("link")) or f"{urls.BASE}/user{self.id()}"

    def username(self) -> str | None:
        """Return the name in the address."""
        return urls.name_in(self.body.get("link"))

    def name(self) -> str | None:
        """Return the display name."""
        return values.line(self.body.get("name"))

    def description(self) -> str | None:
        """Return the whole text."""
        return values.text(self.body.get("bio"))

    def avatar_url(self) -> str | None:
        """Return the largest portrait, where the user has one."""
        pictures = node(self.body.get("pictures"))
        return None if pictures.get("type") == "default" else largest(pictures)

    def profile_links(self) -> list[str] | None:
        """Return the user's websites."""
        found = (values.http_url(one.get("link"), urls.BASE) for one in nodes(self.body.get("websites")))
        return [one for one in found if one] or None

    def follower_count(self) -> int | None:
        """Return the followers."""
        return self.connected("followers")

    def following_count(self) -> int | None:
        """Return the users that this one follows."""
        return self.connected("following")

    def video_count(self) -> int | None:
        """Return the videos."""
        told = whole(dig(self.body, "metadata", "public_videos", "total"))
        return self.connected("videos") if told is None else told

    def country(self) -> str | None:
        """Return the country."""
        told = dig(self.body, "location_details", "country_iso_code")
        return told if isinstance(told, str) and re.fullmatch(r"[A-Z]{2}", told) else None

    def created_at(self) -> str | None:
        """Return when the user joined."""
        return self.time("created_time")

    def links(self) -> Iterator[Link]:
        """Yield the list of their videos."""
        if name := self.username():
            yield urls.videos_link(name, self.id())
