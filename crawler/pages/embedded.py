"""JSON that a page keeps in a `<script>` with an id, and its values, whatever types they turn out to have."""

from __future__ import annotations

from typing import Any

from crawler.pages.base import Response
from crawler.pages.nodes import MOST_VALUES, Node, dig, object_at, words
from crawler.pages.structured.values import http_url

NEXT_DATA = "__NEXT_DATA__"
"""The script of every site made with Next.js."""


def script(source: str, name: str) -> Node:
    """Return the object in the `<script>` with the id `name`; empty where there is none that is whole."""
    position = 0
    for _ in range(MOST_VALUES):
        position = source.find(name, position)
        if position < 0:
            break
        opened, position = source.rfind("<", 0, position), position + len(name)
        start = source.find(">", position) + 1
        if start and is_id(source[opened:position], name) and source[start : start + 100].lstrip().startswith("{"):
            found = object_at(source, source.index("{", start))
            if isinstance(found, dict) and found:
                return found
    return {}


def is_id(tag: str, name: str) -> bool:
    """Tell whether a tag that ends with `name` is a script's, and `name` its id."""
    opening = tag.removesuffix(name).rstrip("\"'").rstrip()
    return opening.startswith("<script") and opening.endswith("id=")


def first_plain(holder: Any, *names: str) -> str | None:
    """Return the first text among the values of `names`."""
    return next((found for name in names if (found := words(dig(holder, name)))), None)


def identifier(value: Any) -> str | None:
    """Return an id that is written as a number or as its digits; None for what is none, and for 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 0 < value < 10**20 else ""
    is_id_number = isinstance(value, str) and value.isascii() and value.isdecimal() and value.strip("0")
    return value if is_id_number and len(value) <= 20 else None  # noqa: PLR2004 - no id is longer


def address(value: Any, response: Response) -> str | None:
    """Return an absolute web address; None for what is none."""
    return http_url(value, response.url) if isinstance(value, str) else None
