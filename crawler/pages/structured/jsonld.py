"""JSON-LD as sites write it: block by block, so that a bad one does not cost the page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from parsel import Selector

Node = dict[str, Any]

MAX_BLOCKS = 100
MAX_BLOCK_CHARS = 4_000_000
MAX_NODES = 5_000
"""Nodes of a page that are looked at."""
WRAPPING = re.compile(r"\s*(?:(?:/\*|//)?\s*(?:<!\[CDATA\[|<!--)\s*(?:\*/)?\s*)+")
WRAPPING_END = re.compile(r"(?:\s|;|\*/|/\*|//|\]\]>|-->)+\Z")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")
VOCABULARY = re.compile(r"(?:schema:|https?://(?:www\.)?schema\.org/)")


class Graph:
    """The JSON-LD nodes of a page.

    Attributes:
        nodes: those that stand for themselves, in the page's order: the blocks, their lists, their `@graph`s.
        source: what they are written in, as `provenance=1` names it.
    """

    def __init__(self, blocks: Iterator[Any], source: str = "JSON-LD") -> None:
        self.source = source
        self.nodes = list(top_nodes(blocks))
        self._by_id = {node["@id"]: node for node in reversed(self.nodes) if named(node)}

    def values(self, node: Node, *names: str) -> list[Any]:
        """Return the values of the first of `names` that has any, references resolved."""
        for name in names:
            value = node.get(name)
            found = [self._resolved(item) for item in (value if isinstance(value, list) else [value])]
            if found := [item for item in found if item not in (None, "", [], {})]:
                return found[:MAX_NODES]
        return []

    def first(self, node: Node, *names: str) -> Any:
        """Return the first of `values()`, or None."""
        return next(iter(self.values(node, *names)), None)

    def children(self, node: Node, *names: str) -> list[Node]:
        """Return those of all `names`' values that are nodes."""
        return [item for name in names for item in self.values(node, name) if isinstance(item, dict)]

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, dict) and len(value) <= 2 and isinstance(value.get("@id"), str):  # noqa: PLR2004 - @id, @type
            return self._by_id.get(value["@id"], value)
        return value


def named(node: Node) -> bool:
    """Tell whether others can refer to `node`: it has an id and something to say."""
    return isinstance(node.get("@id"), str) and len(node) > 1


def types(node: Node) -> set[str]:
    """Return the schema.org types of `node`, without the vocabulary's address."""
    value = node.get("@type")
    names = value if isinstance(value, list) else [value]
    return {re.split(r"[/#:]", name)[-1] for name in names if isinstance(name, str)}


def blocks(selector: Selector) -> Iterator[Any]:
    """Yield the JSON of every block of a page that holds any."""
    scripts = (script for script in selector.root.iter("script") if is_jsonld(script.get("type", "")))
    for script in islice(scripts, MAX_BLOCKS):
        source = "".join(script.itertext())
        if len(source) > MAX_BLOCK_CHARS:
            continue
        try:
            yield json.loads(unwrapped(source), strict=False, object_pairs_hook=joined)
        except (ValueError, RecursionError):
            continue


def is_jsonld(media_type: str) -> bool:
    """Tell whether a script of `media_type` holds JSON-LD."""
    return media_type.strip().casefold().startswith("application/ld+json")


def unwrapped(source: str) -> str:
    """Return `source` without the comment or CDATA marks around it."""
    tail = source[-200:]
    source = source[: -len(tail) or None] + WRAPPING_END.sub("", tail)
    wrapping = WRAPPING.match(source)
    return source[wrapping.end() :] if wrapping else source.lstrip("\ufeff\x00 \t\r\n")


def joined(pairs: list[tuple[str, Any]]) -> Node:
    """Return one object of `pairs`: of a key that is there twice, the first value that is not empty."""
    node: Node = {}
    for name, value in pairs:
        key = VOCABULARY.sub("", name, count=1) if ":" in name else name
        if node.get(key) in (None, ""):
            node[key] = [unescaped(item) for item in value] if isinstance(value, list) else unescaped(value)
    return node


def unescaped(value: Any) -> Any:
    """Return a text with its HTML entities unescaped, once; `&copy=1` in an address is none."""
    return (
        ENTITY.sub(lambda found: html.unescape(found[0]), value) if isinstance(value, str) and "&" in value else value
    )


def top_nodes(values: Iterator[Any]) -> Iterator[Node]:
    """Yield the nodes of blocks, of lists in them and of their `@graph`s."""
    waiting = list(values)[::-1]
    left = MAX_NODES
    while waiting and left:
        value = waiting.pop()
        left -= 1
        if isinstance(value, list):
            waiting.extend(reversed(value[:MAX_NODES]))
        elif isinstance(value, dict):
            yield value
            waiting.append(value.get("@graph"))
