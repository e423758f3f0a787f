"""What stands in the queue for a request: closed, versioned JSON that any program can read, and that runs none."""

from __future__ import annotations

import json
import math
import re
import reprlib
from functools import lru_cache
from typing import Annotated, Any, NotRequired

import orjson
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from crawler.errors import BadPayload

VERSION = 1
"""Of the payloads that are written; a higher one is for instances that know it."""
MAX_PAYLOAD_BYTES = 1024 * 1024
MAX_DEPTH = 50
"""Levels of lists and dicts in a part; the queue's own reader, inside Redis, follows 1,000."""
MAX_PRIORITY = 2**53
"""Above it, as a priority, the scores of the queue, floating-point numbers, no longer tell two priorities apart."""
RUN_TIME_META = {"download_latency", "download_slot", "cached_response", "cache_timestamp", "_dont_cache"}
"""What Scrapy notes in `meta` anew at each download. All else is kept, also what begins with `_`.

By `_auth_proxy` the proxy middleware knows which proxy a Proxy-Authorization header is for, and takes the header away
from any other; by `_scheme_proxy` the redirect middleware knows that a proxy is the environment's, and for one scheme.
Without them a retry or redirect that goes through the queue could send a password to the wrong proxy.
"""
NOT_SHOWN = {"h", "y"}
"""Headers and cookies: errors are logged, and these hold secrets."""

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
NOT_IN_HEADERS = re.compile(r"[\r\n\0]|[^\0-\xff]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
PRINTABLE = "".join(map(chr, range(33, 127)))
WEB_URL = r"^(?i:https?)://[^\s\x00-\x20\x7f]+$"
METHOD = r"^[!#$%&'*+.^_`|~0-9A-Z-]+$"
BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

JSON_RULE = (
    "Pass text, finite numbers of up to 64 bits, True, False, None, or lists and dicts of these, "
    f"with text as keys, up to {MAX_DEPTH} levels deep."
)
METHOD_RULE = "Make it a method of the spider, pass it as self.NAME, and what it needs to know in cb_kwargs or meta."

SHORT = reprlib.Repr()
SHORT.maxother = SHORT.maxstring = 120


# --- the schema ---


def part(name: str, rule: str, **limits: Any) -> Any:
    """Return the description of a letter: what it stands for, and what may stand there."""
    return Field(title=name, description=rule, **limits)


def safe_headers(headers: list[list[str]]) -> list[list[str]]:
    """Refuse what would be taken for another header, or could not be sent."""
    for name, *values in headers:
        if not TOKEN.fullmatch(name) or any(map(NOT_IN_HEADERS.search, values)):
            raise Unfit(None, RULES["h"], "h", name)
    return headers


@lru_cache(maxsize=100)
def plain_encoding(name: str) -> str:
    """Refuse encodings that change the ASCII of a URL, which would be another one after each copy."""
    try:
        encoded = PRINTABLE.encode(name)
    except LookupError:
        encoded = b""
    if encoded != PRINTABLE.encode():
        raise ValueError(name)
    return name


Header = Annotated[list[str], Field(fail_fast=True)]
Headers = Annotated[list[Header], Field(fail_fast=True), AfterValidator(safe_headers)]
Cookies = dict[str, Any] | Annotated[list[dict[str, Any]], Field(fail_fast=True)]


@with_config(extra="forbid", strict=True)
class Payload(TypedDict):
    """A request in the queue; what has its default is left out."""

    v: Annotated[int, part("version", "This is a fault of the program.", ge=VERSION, le=VERSION)]
    u: Annotated[str, part("URL", "Pass http:// or https:// and a host, without white space.", pattern=WEB_URL)]
    s: Annotated[str, part("slot", "Leave meta['download_slot'] out, or name one there.", min_length=1)]
    p: NotRequired[Annotated[int, part("priority", "Pass an integer of 53 bits.", ge=-MAX_PRIORITY, le=MAX_PRIORITY)]]
    m: NotRequired[Annotated[str, part("method", "Pass one in capitals, such as GET or POST.", pattern=METHOD)]]
    h: NotRequired[Annotated[Headers, part("headers", "Pass names without spaces, and values without line breaks.")]]
    b: NotRequired[Annotated[str, part("body", "Pass bytes.", pattern=BASE64)]]
    c: NotRequired[Annotated[str, part("callback", METHOD_RULE)]]
    e: NotRequired[Annotated[str, part("errback", METHOD_RULE)]]
    k: NotRequired[Annotated[dict[str, Any], part("cb_kwargs", "Pass a dict.")]]
    t: NotRequired[Annotated[dict[str, Any], part("meta", "Pass a dict.")]]
    d: NotRequired[Annotated[int, part("dont_filter", "Pass True or False.", ge=1, le=1)]]
    f: NotRequired[Annotated[list[str], Field(fail_fast=True), part("flags", "Pass a list of text.")]]
    y: NotRequired[Annotated[Cookies, part("cookies", "Pass a dict, or a list of dicts.")]]
    n: NotRequired[Annotated[str, AfterValidator(plain_encoding), part("encoding", "Leave it out: all is encoded.")]]
    l: NotRequired[Annotated[int, part("meta['frontier']['last']", "Pass True or False.", ge=1, le=1)]]  # noqa: E741 - its name
    x: NotRequired[Annotated[str, part("meta['frontier']['unless']", "Pass a record's key.", min_length=1)]]


SCHEMA = TypeAdapter(Payload)
LETTERS = SCHEMA.json_schema()["properties"]
PARTS: dict[str, str] = {letter: said["title"] for letter, said in LETTERS.items()}
RULES: dict[str, str] = {letter: said["description"] for letter, said in LETTERS.items()}


def checked(fields: dict[str, Any]) -> Payload:
    """Return what a payload says, in JSON's own types, once it fits the schema."""
    try:
        written = orjson.dumps(fields)
        is_plain = orjson.loads(written) == fields and written.count(b"{") + written.count(b"[") <= MAX_DEPTH
    except (TypeError, RecursionError):
        is_plain = False
    if not is_plain:  # what comes back from JSON as it went in, like nearly all, need not be looked at one by one
        fields = plain(fields)
    try:
        return SCHEMA.validate_python(fields)
    except ValidationError as exc:
        letter = str(exc.errors(include_url=False, include_context=False, include_input=False)[0]["loc"][0])
        raise Unfit(fields.get(letter), RULES[letter], letter) from exc


def read(payload: bytes) -> Payload:
    """Return what a payload says, unless it is none that this version writes."""
    fields = parse(payload)
    if unknown := fields.keys() - PARTS.keys():
        raise BadPayload("unknown_field", show(min(unknown)))
    try:
        known = checked(fields)
    except Unfit as exc:
        detail = "{}: {}. {}".format(*exc.told())
        raise BadPayload("bad_url" if exc.path[0] == "u" else "bad_value", detail) from exc
    if "t" in known and (reserved := known["t"].keys() & {*RUN_TIME_META, "frontier"}):
        raise BadPayload("bad_value", f"meta has {show(min(reserved))}, which no request that waits has")
    return known


def parse(payload: bytes) -> dict[str, Any]:
    """Return the JSON object that a payload is."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise BadPayload("too_large", f"{len(payload):,} bytes; {MAX_PAYLOAD_BYTES:,} are the most")
    try:
        fields = READER.decode(payload.decode())
    except (ValueError, RecursionError) as exc:
        raise BadPayload("not_json", f"{exc}: {show(payload)}") from exc
    if not isinstance(fields, dict):
        raise BadPayload("bad_value", f"{show(fields)} is no object")
    version = fields.get("v")
    if isinstance(version, int | float) and version > VERSION:
        raise BadPayload("newer_version", f"version {show(version)}: an instance that knows it has to read it")
    return fields


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; where a key stands twice, two readers could take one each."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadPayload("duplicate_key", show([name for name, _ in pairs]))
    return fields


READER = json.JSONDecoder(object_pairs_hook=unique)


def seed_text(payload: bytes) -> str | None:
    """Return the text of a seed that another program left, `{"v": 1, "seed": text, "s": ""}`; None for all else."""
    try:
        fields = parse(payload.decode("utf-8", "replace").encode()) if b'"seed"' in payload else {}
    except BadPayload:
        return None
    text = fields.pop("seed", None)
    is_seed = isinstance(text, str) and fields == {"v": VERSION, "s": ""}
    return text.encode("utf-8", "replace").decode() if is_seed else None


# --- values ---


class Unfit(Exception):
    """Raised for a value that cannot be in a payload; the codec makes it an error of the project."""

    def __init__(self, value: Any, rule: str, *path: str | int) -> None:
        super().__init__(value, rule)
        self.value = value
        self.rule = rule
        self.path = path

    def told(self) -> tuple[str, str, str]:
        """Return what is refused, its value unless that is a secret, and what to pass instead."""
        letter, *keys = self.path
        part = PARTS[str(letter)] + "".join(f"[{show(key)}]" for key in keys)
        return part, "not shown" if letter in NOT_SHOWN else show(self.value), self.rule


def plain(value: Any, *path: str | int) -> Any:
    """Return `value` in types that come back from JSON as they went in: no subclasses, tuples and sets."""
    match value:
        case None | bool():
            return value
        case str() if not SURROGATE.search(value):
            return str.__str__(value)
        case int() if -(2**63) <= value < 2**64:
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case dict() if len(path) <= MAX_DEPTH and all(isinstance(key, str) for key in value):
            return {plain(key, *path): plain(item, *path, key) for key, item in value.items()}
        case list() | tuple() | set() | frozenset() if len(path) <= MAX_DEPTH:
            items = sorted(value, key=show) if isinstance(value, set | frozenset) else value
            return [plain(item, *path, number) for number, item in enumerate(items)]
    raise Unfit(value, JSON_RULE, *path)


def show(value: Any) -> str:
    """Return a value for an error: short, and whatever it is."""
    try:
        return SHORT.repr(value)
    except ValueError:  # Python prints no integers of more than 4,300 digits
        return f"a huge {type(value).__name__}"
