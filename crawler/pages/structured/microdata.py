"""Microdata as JSON-LD nodes.

Not extruct's reader: of `<link itemprop="name" content="…">` it takes the `href`, so that a name
becomes an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urljoin

from parsel import Selector

from crawler.pages.structured.jsonld import Node

MAX_ELEMENTS = 5_000
MAX_CLIMB = 200
"""Levels between a property and its item."""
MAX_TEXT_CHARS = 100_000
ADDRESS = {
    "a": "href", "area": "href", "link": "href", "img": "src", "audio": "src", "video": "src", "embed": "src",
    "iframe": "src", "source": "src", "track": "src", "object": "data",
}  # fmt: skip
VALUE = {"data": "value", "meter": "value", "time": "datetime"}


def items(selector: Selector, base: str) -> Iterator[Node]:
    """Yield the items of a page that are no other item's property.

    Args:
        selector: the page.
        base: address that relative ones are joined to.
    """
    nodes: dict[Any, Node] = {}
    elements = selector.xpath("(//*[@itemscope or @itemprop])[position() <= $most]", most=MAX_ELEMENTS)
    for element in (found.root for found in elements):
        scope = element.get("itemscope") is not None
        names = (element.get("itemprop") or "").split()
        owner = owner_of(element, nodes) if names else None
        if scope:
            nodes[element] = new_node(element)
        if owner is None:
            continue
        value = nodes[element] if scope else value_of(element, base)
        for name in names:
            owner.setdefault(name.rpartition("/")[2], []).append(value)
    yield from (node for element, node in nodes.items() if not element.get("itemprop"))


def new_node(element: Any) -> Node:
    """Return the node of an item, without its properties."""
    node: Node = {"@type": (element.get("itemtype") or "").split()}
    if identifier := element.get("itemid"):
        node["@id"] = identifier
    return node


def owner_of(element: Any, nodes: dict[Any, Node]) -> Node | None:
    """Return the item that a property belongs to."""
    for ancestor in islice(element.iterancestors(), MAX_CLIMB):
        if ancestor in nodes:
            return nodes[ancestor]
    return None


def value_of(element: Any, base: str) -> Any:
    """Return the value of a property that is no item."""
    tag = element.tag
    content = element.get("content")
    if content is not None:
        return content
    if tag in ADDRESS:
        return joined_url(base, element.get(ADDRESS[tag], ""))
    if tag in VALUE and (value := element.get(VALUE[tag])):
        return value
    return " ".join(str(element.xpath("string()"))[:MAX_TEXT_CHARS].split())


def joined_url(base: str, address: str) -> str:
    """Return `address` as an absolute one, or as it is where it is none."""
    try:
        return urljoin(base, address) if address else ""
    except ValueError:
        return address
