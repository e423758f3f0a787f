"""What YouTube's pages hold as JavaScript: the player's response and the page's data, of 2017 to today."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

DECODER = json.JSONDecoder()
DATA, PLAYER = "ytInitialData", "ytInitialPlayerResponse"
CONFIG = "ytplayer.config"
"""Until 2020 the player's response was text inside this object."""
ASSIGNS = re.compile(r"(?:[\"']\s*\])?\s*=\s*(?=[{J])")
"""What follows the name of a variable, or of a property of `window`, that gets a value."""
PARSED = "JSON.parse("
SCRIPT_END = "</script>"
MOST_VALUES = 10
"""Values of one variable that are tried: each that is broken can cost a look at the rest of the page."""
MOST_NODES = 200_000
"""Parts of a page's data that are looked at in search of something."""

Node = Mapping[str, Any]


def player_response(source: str) -> Node:
    """Return what the player was told of the video; empty where the page has no player."""
    found = assigned(source, PLAYER)
    if found:
        return found
    said = dig(assigned(source, CONFIG), "args", "player_response")
    return node(loaded(said) if isinstance(said, str) else said)


def initial_data(source: str) -> Node:
    """Return what the rest of the page is made from; empty where it was left out."""
    return assigned(source, DATA)


def assigned(source: str, name: str) -> Node:
    """Return the first object that a page's scripts assign to a variable; what is no whole object is passed over."""
    for start in islice(values_of(source, name), MOST_VALUES):
        if source.startswith(PARSED, start):
            text = decoded(source, start + len(PARSED))
            found = loaded(text) if isinstance(text, str) else None
        else:
            found = object_at(source, start)
        if isinstance(found, dict) and found:
            return found
    return {}


def values_of(source: str, name: str) -> Iterator[int]:
    """Yield where the values begin that a variable gets; by plain search, ten times as fast as an expression here."""
    position = source.find(name)
    while position >= 0:
        is_whole = not (source[position - 1 : position].isalnum() or source[position - 1 : position] == "_")
        if is_whole and (match := ASSIGNS.match(source, position + len(name))):
            yield match.end()
        position = source.find(name, position + len(name))


def object_at(source: str, start: int) -> Any:
    """Return the JSON value that begins at `start`: at one go where it fills the script, else up to its own end."""
    end = source.find(SCRIPT_END, start)
    whole = loaded(source[start:end].rstrip().removesuffix(";")) if end > 0 else None
    return decoded(source, start) if whole is None else whole


def decoded(source: str, start: int) -> Any:
    """Return the JSON value that begins at `start`, whatever follows; None where there is none."""
    with contextlib.suppress(ValueError, RecursionError):
        return DECODER.raw_decode(source, start)[0]
    return None


def loaded(text: str) -> Any:
    """Return a text as JSON; None where it is none."""
    with contextlib.suppress(ValueError, RecursionError):
        return orjson.loads(text)
    return None


def node(value: Any) -> Node:
    """Return an object; empty for what is none."""
    return value if isinstance(value, Mapping) else {}


def nodes(value: Any) -> list[Node]:
    """Return the objects of a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def dig(value: Any, *path: str | int) -> Any:
    """Return what stands at the end of a path of names and positions; None where it breaks off."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, Mapping) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def text_of(value: Any) -> str | None:
    """Return the text of one of the site's text objects: a plain one, one of several runs, or a `content`."""
    if isinstance(value, str):
        return value or None
    for name in ("simpleText", "content"):
        if isinstance(plain := dig(value, name), str):
            return plain or None
    runs = [run.get("text") for run in nodes(dig(value, "runs"))]
    return "".join(run for run in runs if isinstance(run, str)) or None


def label_of(value: Any) -> str | None:
    """Return what a screen reader is told of a part of the page."""
    for path in (
        ("accessibility", "accessibilityData"),
        ("accessibilityData", "accessibilityData"),
        ("accessibility",),
    ):
        if isinstance(label := dig(value, *path, "label"), str):
            return label
    return None


def all_named(value: Any, *names: str) -> Iterator[tuple[str, Node]]:
    """Yield the objects with one of these names in a tree, in the order in which they stand on the page."""
    waiting, looked_at = [value], 0
    while waiting and looked_at < MOST_NODES:
        looked_at += 1
        current = waiting.pop()
        if isinstance(current, Mapping):
            for name in names:
                if isinstance(found := current.get(name), Mapping):
                    yield name, found
            waiting.extend(reversed([one for one in current.values() if isinstance(one, Mapping | list)]))
        elif isinstance(current, list):
            waiting.extend(reversed([one for one in current if isinstance(one, Mapping | list)]))


def first_named(value: Any, *names: str) -> Node:
    """Return the first of `all_named()`; empty where there is none."""
    return next((found for _, found in all_named(value, *names)), {})


def widest(*lists: Any) -> str | None:
    """Return the address of the widest of the pictures in lists; of two the first."""
    pictures = [one for pictures in lists for one in nodes(pictures) if isinstance(one.get("url"), str)]
    if not pictures:
        return None
    best = max(pictures, key=lambda one: one["width"] if isinstance(one.get("width"), int) else 0)
    url: str = best["url"]
    return f"https:{url}" if url.startswith("//") else url
