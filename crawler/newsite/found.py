"""What a page holds for machines: schema.org nodes, OpenGraph, and the state that scripts begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from parsel import Selector

from crawler.pages.base import Response
from crawler.pages.nodes import DECODER
from crawler.pages.structured.document import Document
from crawler.pages.structured.jsonld import Node, types

ASSIGNED = re.compile(r"(?:\bwindow(?:\.|\[[\"'])|\b(?:var|let|const)\s+)([\w$]+)(?:[\"']\])?\s*=\s*(?=\{)")
LEAST_STATE_CHARS = 200
"""Shorter objects are settings of a script, not the state of a page."""
MOST_STATES = 20
MOST_TRIED = 100
MOST_NODES = 20
MOST_KEYS = 16
METAS = ("og:", "twitter:", "video:", "profile:", "article:")


def structured_data(response: Response) -> Iterator[str]:
    """Yield a line for each thing that a page holds for machines."""
    document = Document(response)
    for name, graph in zip(("JSON-LD", "microdata"), document.graphs, strict=True):
        yield from (f"{name}: {described(node)}" for node in graph.nodes[:MOST_NODES] if types(node))
    metas = sorted({name for name, _ in document.metas.pairs if name.startswith(METAS)})
    if metas:
        yield f"meta: {', '.join(metas)}"
    oembed = document.selector.xpath("//link[contains(@type, 'oembed')]/@href").get()
    if oembed:
        yield f"oEmbed: {oembed}"
    for name, state in states(document.selector):
        yield f"state {name}: {keys_of(state)}"


def described(node: Node) -> str:
    """Return the types and the properties of a node, with the types of the nodes in these."""
    inner = {name: child[0] if isinstance(child, list) and child else child for name, child in node.items()}
    names = [
        f"{name}: {', '.join(sorted(types(inner[name])))}"
        if isinstance(inner[name], dict) and types(inner[name])
        else name
        for name in node
        if not name.startswith("@")
    ]
    return f"{', '.join(sorted(types(node)))} ({named(names)})"


def states(selector: Selector) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects that a page's scripts begin with, by the name of the variable or the id of the script."""
    count = 0
    for script in selector.xpath("//script[not(@src)]"):
        source = script.xpath("string()").get() or ""
        kind = (script.root.get("type") or "").casefold()
        if "json" in kind and "ld+json" not in kind:
            found = [(script.root.get("id") or kind, loaded(source, len(source) - len(source.lstrip())))]
        else:
            tried = islice(ASSIGNED.finditer(source), MOST_TRIED)
            found = [(match[1], loaded(source, match.end())) for match in tried]
        for name, state in found:
            if state and count < MOST_STATES:
                count += 1
                yield name, state


def loaded(source: str, start: int) -> dict[str, Any]:
    """Return the object that begins at `start`; an empty one where it is none, or small."""
    try:
        value, end = DECODER.raw_decode(source, start)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and end - start >= LEAST_STATE_CHARS else {}


def keys_of(state: dict[str, Any]) -> str:
    """Return the keys of a page's state, with those of the objects in it."""
    return named(
        [
            f"{key} {{{named(list(value))}}}" if isinstance(value, dict) and value else key
            for key, value in state.items()
        ]
    )


def named(keys: list[str]) -> str:
    """Return the first of many names."""
    return ", ".join([*keys[:MOST_KEYS], *(["…"] if len(keys) > MOST_KEYS else [])])
