"""JSON that others have made, in a body or in the scripts of a page: read without trust in any of its shape."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

DECODER = json.JSONDecoder()
ASSIGNS = re.compile(r"(?:[\"']\s*\])?\s*=\s*(?=[{J'])")
"""What follows the name of a variable, or of a property of `window`, that gets a value."""
PARSED = "JSON.parse("
LITERAL = re.compile(r"'((?:[^'\\]++|\\.)*+)'", re.DOTALL)
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
SCRIPT_END = "</script>"
MOST_VALUES = 10
"""Values of one variable that are tried: each that is broken can cost a look at the rest of the page."""
DIGITS = re.compile(r"[0-9]{1,15}")
HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Half a character, as of an emoji that a site has cut in two: no text that can be written."""
HALVES = (r"\ud", r"\uD")
"""How they begin, which is looked for first: that takes a twentieth of the time."""

Node = Mapping[str, Any]


def node(value: Any) -> Node:
    """Return an object; empty for what is none."""
    return value if isinstance(value, dict) else {}


def nodes(value: Any) -> list[Node]:
    """Return the objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def dig(value: Any, *path: str | int) -> Any:
    """Return what stands at the end of a path of names and positions; None where it breaks off."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def whole(value: Any) -> int | None:
    """Return a number of things that is given in digits; None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    return int(value) if isinstance(value, str) and DIGITS.fullmatch(value) else None


def words(value: Any) -> str | None:
    """Return a text; None for an empty one, and for what is none."""
    return value if isinstance(value, str) and value.strip() else None


def assigned(source: str, name: str) -> Node:
    """Return the first object that a page's scripts assign to a variable; what is no whole object is passed over."""
    for start in islice(values_of(source, name), MOST_VALUES):
        is_parsed = source.startswith(PARSED, start)
        if is_parsed or source[start] == "'":
            text = text_at(source, start + (len(PARSED) if is_parsed else 0))
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
    with contextlib.suppress(ValueError, RecursionError):
        return orjson.loads(source[start : end if end > 0 else start].rstrip().removesuffix(";"))
    return decoded(source, start)


def text_at(source: str, start: int) -> Any:
    """Return the text that begins at `start` in a script: JSON's, or one in single quotation marks."""
    if not source.startswith("'", start):
        return decoded(source, start)
    found = LITERAL.match(source, start)
    text = ESCAPE.sub(character, found[1]) if found else ""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def character(escape: re.Match[str]) -> str:
    """Return what an escape in a script's text stands for."""
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else ESCAPED.get(escape[3], escape[3])


def decoded(source: str, start: int) -> Any:
    """Return the JSON value that begins at `start`, whatever follows; None where there is none."""
    with contextlib.suppress(ValueError, RecursionError):
        value, end = DECODER.raw_decode(source, start)
        may_hold_halves = any(source.find(begun, start, end) >= 0 for begun in HALVES)
        return tolerant(source[start:end]) if may_hold_halves and HALF.search(source, start, end) else value
    return None


def loaded(text: str | bytes) -> Any:
    """Return a text as JSON; None where it is none."""
    with contextlib.suppress(ValueError, RecursionError):
        return orjson.loads(text)
    with contextlib.suppress(ValueError, RecursionError):
        source = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(source)  # at once none of HTML, in which a search for halves takes long
        return tolerant(source) if HALF.search(source) else value
    return None


def tolerant(text: str) -> Any:
    """Return a text as JSON that may hold what stricter readers refuse: NaN, halves of characters.

    Raises:
        ValueError: it is none.
        RecursionError: it is too deep.
    """
    return json.loads(HALF.sub(r"\\ufffd", text))
