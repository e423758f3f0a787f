"""What archive.org says of an item, one shape for the three that it has: `/metadata/`, `?output=json`, and the page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from w3lib.html import remove_tags, remove_tags_with_content

from crawler.errors import NotARecord
from crawler.pages.archive_org import urls
from crawler.pages.nodes import Node, dig, node, nodes, whole
from crawler.pages.structured import values

VIDEO_FORMATS = frozenset({
    "3gp", "asf", "avi", "divx", "dv", "flv", "m2ts", "m2v", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv",
    "ogm", "rm", "rmvb", "ts", "vob", "webm", "wmv",
})  # fmt: skip
"""Endings of the names of videos."""
BREAK = re.compile(r"</?(?:br|p|div|ul|ol|li|h\d|table|tr|blockquote)\b[^<>]{0,300}>", re.IGNORECASE)
TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>")
CLOCK_WITH_HOURS = re.compile(r"\d{1,3}:\d\d:\d\d(?:\.\d+)?")
MOST_FILES = 20_000
MOST_SECONDS = 10_000_000
"""A longer video is none."""


class Item:
    """An item.

    Args:
        body: the JSON.
    """

    def __init__(self, body: Node) -> None:
        self.body = body
        self.metadata = node(body.get("metadata"))

    # --- the item's own words ---

    def all(self, name: str) -> list[str]:
        """Return the values of one of its fields: the site gives one as it is, several as a list."""
        told = self.metadata.get(name)
        return [line for one in (told if isinstance(told, list) else [told]) if (line := self.printed(one))]

    def first(self, name: str) -> str | None:
        """Return the first of `all()`."""
        return next(iter(self.all(name)), None)

    @staticmethod
    def printed(value: Any) -> str | None:
        """Return a value as text; None for what is none."""
        return values.text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)

    @property
    def identifier(self) -> str:
        """Its identifier; empty where it is not told."""
        found = self.first("identifier") or ""
        return found if urls.IDENTIFIER.fullmatch(found) else ""

    @property
    def mediatype(self) -> str:
        """What it is, such as `movies`, `collection` or `account`."""
        return (self.first("mediatype") or "").casefold()

    @property
    def description(self) -> str | None:
        """The whole text, without its markup."""
        return plain("\n".join(self.all("description")))

    @property
    def subjects(self) -> list[str] | None:
        """Its tags: a list, or one text with semicolons; None where it has none."""
        told = [part for one in self.all("subject") for part in one.split(";")]
        return [tag for one in told if (tag := values.line(html.unescape(one)))] or None

    @property
    def published(self) -> str | None:
        """When it became public."""
        return values.date(self.first("publicdate")) or values.date(self.first("addeddate"))

    @property
    def added(self) -> str | None:
        """When it was made: of old collections `publicdate` is the same moment, but in California's time."""
        return values.date(self.first("addeddate")) or values.date(self.first("publicdate"))

    # --- what the site adds ---

    @property
    def is_dark(self) -> bool:
        """Whether the archive has taken it out of sight."""
        return values.boolean(self.body.get("is_dark")) is True

    @property
    def views(self) -> int | None:
        """How often it was fetched, which the site calls views today."""
        told = [dig(self.body, "item", "downloads"), self.metadata.get("downloads"), self.body.get("downloads")]
        return next((count for one in told if (count := whole(one)) is not None), None)

    @property
    def reviews(self) -> int | None:
        """Number of reviews; None where it says nothing of any."""
        told = self.body.get("reviews")
        if isinstance(told, list):
            return len(nodes(told))
        counted = whole(dig(told, "info", "num_reviews"))
        return len(nodes(dig(told, "reviews"))) or None if counted is None else counted

    @property
    def collection_title(self) -> str | None:
        """Title of the first of its collections."""
        return values.line(dig(self.body, "misc", "collection-title"))

    @property
    def image(self) -> str | None:
        """The picture of the item."""
        return values.text(dig(self.body, "misc", "image"))

    # --- files ---

    @cached_property
    def videos(self) -> list[Node]:
        """Its files that are videos and open to all, with a `name`."""
        return [one for one in self.files() if ending(one) in VIDEO_FORMATS and not values.boolean(one.get("private"))]

    @cached_property
    def originals(self) -> list[Node]:
        """Those that were uploaded, not made of others; one for a work of one part."""
        return [one for one in self.videos if one.get("source") == "original"]

    def files(self) -> Iterator[Node]:
        """Yield its files: a list in one of the shapes, an object by name in the other."""
        told = self.body.get("files")
        if isinstance(told, dict):
            rows = [
                {**row, "name": name.lstrip("/")}
                for name, row in list(told.items())[:MOST_FILES]
                if isinstance(row, dict)
            ]
        else:
            rows = [dict(row) for row in nodes(told)[:MOST_FILES]]
        yield from (row for row in rows if isinstance(row.get("name"), str) and row["name"])

    @cached_property
    def main(self) -> Node:
        """The one video file that the item is about, the largest of its forms; empty where it has several parts."""
        parts = {str(one.get("original") or one["name"]) for one in self.videos}
        parts |= {str(one["name"]) for one in self.originals}
        if len(self.originals) > 1 or (not self.originals and len(parts) > 1):
            return {}
        return max(self.videos, key=size_of, default={})

    @property
    def duration(self) -> float | None:
        """Seconds, of the file that was uploaded or else of another; None for a work of several parts."""
        if not self.main:
            told = self.first("runtime") or ""
            return values.duration(told) if CLOCK_WITH_HOURS.fullmatch(told) else None
        lengths = (length(one.get("length")) for one in [*self.originals, self.main, *self.videos])
        return next((one for one in lengths if one), None)


def refuse_error(body: Any, url: str) -> None:
    """Refuse an answer that is no item.

    Raises:
        NotARecord: with the reason.
    """
    if not isinstance(body, dict):
        raise NotARecord("no_json", f"{url} answered no JSON object")
    item = Item(body)
    if item.is_dark:
        raise NotARecord("unavailable", f"archive.org has taken {item.identifier or url} out of sight")
    if not item.identifier:
        said = values.line(body.get("error"))
        raise NotARecord("not_found", said or f"archive.org has no item of this name ({url})")


def ending(row: Node) -> str:
    """Return the ending of a file's name, lower case."""
    return str(row["name"]).rpartition(".")[2].casefold()


def length(value: Any) -> float | None:
    """Return the seconds of `35:28`, `3542.04` or a number; None for none."""
    if isinstance(value, str):
        is_number = re.fullmatch(r"\d{1,7}(?:\.\d{1,9})?", value)
        return float(value) or None if is_number else values.duration(value) if ":" in value else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 < value < MOST_SECONDS else None


def size_of(row: Node) -> tuple[int, int]:
    """Return what makes one form of a video larger than another: pixels, then bytes."""
    return whole(row.get("height")) or 0, whole(row.get("size")) or 0


def plain(markup: str) -> str | None:
    """Return text without the tags that people put into it."""
    if TAG.search(markup):
        markup = remove_tags_with_content(markup, which_ones=("script", "style"))
        markup = remove_tags(BREAK.sub("\n", markup))
    lines = (" ".join(line.split()) for line in html.unescape(markup).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() or None


def file_url_of(item: Item) -> str | None:
    """Return the address of an item's main file."""
    return urls.file_url(item.identifier, str(item.main["name"])) if item.main else None
