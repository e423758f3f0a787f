"""Between Scrapy's requests and what stands in the queue for them."""

from __future__ import annotations

import inspect
from base64 import b64decode, b64encode
from types import FunctionType, MethodType
from typing import Any

import orjson
from scrapy import Request, Spider
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

from crawler.errors import BadPayload, NotSerializable
from crawler.frontier.payload import (
    MAX_PAYLOAD_BYTES,
    METHOD_RULE,
    PARTS,
    RULES,
    RUN_TIME_META,
    VERSION,
    Unfit,
    checked,
    read,
    show,
)

AS_THEY_ARE = set("mkntpfy")
"""Parts that are in a payload what they are in a request."""
NO_CALLBACK_RULE = "A request without a callback is for crawler.engine.download_async(), not for the queue."


class Codec:
    """Writes and reads the requests of one spider.

    A request of any class is written as what it is once it is built: method, URL, headers and body. Tuples and sets
    come back as lists. `meta["frontier"]`, a dict of `last` and `unless`, tells the queue when to hand a request out.
    """

    def __init__(self, spider: Spider) -> None:
        self.spider = type(spider).__name__
        self.methods = callbacks_of(spider)
        self.names = {method: name for name, method in self.methods.items()}

    def encode(self, request: Request, slot: str) -> bytes:
        """Return the payload of `request`, whose host is asked at the pace of `slot`.

        Raises:
            NotSerializable: it has a part that no other process could read.
        """
        try:
            host_of(request)
            fields = self.fields(request, slot)
            payload = orjson.dumps(checked({letter: one for letter, one in fields.items() if one or one == ""}))
        except Unfit as exc:
            raise NotSerializable(request.url, *exc.told()) from None
        if len(payload) > MAX_PAYLOAD_BYTES:
            size, rule = f"{len(payload):,} bytes", f"The most is {MAX_PAYLOAD_BYTES:,}: pass less on."
            raise NotSerializable(request.url, "size", size, rule)
        return payload

    def decode(self, payload: bytes) -> Request:
        """Return the request of `payload`.

        Raises:
            BadPayload: it is none that this version writes; nothing else is raised, whatever the bytes.
        """
        fields = read(payload)
        if unknown := {fields.get("c"), fields.get("e")} - self.methods.keys():
            raise BadPayload("unknown_callback", f"{self.spider} has no callback {show(unknown.pop())}")
        headers = [[text.encode("latin-1") for text in header] for header in fields.get("h", ())]
        same: dict[str, Any] = {PARTS[letter]: value for letter, value in fields.items() if letter in AS_THEY_ARE}
        try:
            request = Request(
                fields["u"],
                callback=self.methods[fields.get("c")],
                errback=self.methods[fields.get("e")],
                headers=[(name, values) for name, *values in headers],
                body=b64decode(fields.get("b", "")),
                dont_filter="d" in fields,
                **same,
            )
            host = host_of(request)
        except (ValueError, Unfit) as exc:
            raise BadPayload("bad_url", show(fields["u"])) from exc
        if host != fields["s"]:
            request.meta["download_slot"] = fields["s"]
        if turn := {name: value for name, value in (("last", "l" in fields), ("unless", fields.get("x"))) if value}:
            request.meta["frontier"] = turn
        return request

    def fields(self, request: Request, slot: str) -> dict[str, Any]:
        """Return what there is to say of `request`; None, 0, and empty lists and dicts where it has the default."""
        meta = {name: value for name, value in request.meta.items() if name not in RUN_TIME_META}
        turn = meta.pop("frontier", {})
        if not isinstance(turn, dict) or turn.keys() - {"last", "unless"}:
            raise Unfit(turn, "Pass a dict with `last` and `unless` at the most.", "t", "frontier")
        return {
            "v": VERSION,
            "u": request.url,
            "s": slot,
            "p": request.priority,
            "m": None if request.method == "GET" else request.method,
            "h": [[text.decode("latin-1") for text in (name, *values)] for name, values in request.headers.items()],
            "b": b64encode(request.body).decode() or None,
            "c": self.name("c", request.callback),
            "e": self.name("e", getattr(request.errback, "original", request.errback)),
            "k": request.cb_kwargs,
            "t": meta,
            "d": 1 if request.dont_filter else None,
            "f": request.flags,
            "y": request.cookies,
            "n": None if request.encoding == "utf-8" else request.encoding,
            "l": 1 if turn.get("last") else None,
            "x": turn.get("unless") or None,
        }

    def name(self, letter: str, method: Any) -> str | None:
        """Return the name under which any process finds a callback or errback; None for None."""
        if method is None or (isinstance(getattr(method, "__func__", None), FunctionType) and method in self.names):
            return self.names[method]
        raise Unfit(method, NO_CALLBACK_RULE if method is NO_CALLBACK else METHOD_RULE, letter)


def callbacks_of(spider: Spider) -> dict[str | None, MethodType | None]:
    """Return the methods of `spider` that a payload may name: of its class, without those that are Scrapy's."""
    found: dict[str | None, MethodType | None] = {None: None}
    for name in dir(type(spider)):
        function = inspect.getattr_static(type(spider), name)
        is_ours = name in {"parse", "_parse"} or not hasattr(Spider, name)
        if is_ours and not name.startswith("__") and isinstance(function, FunctionType):
            found[name] = MethodType(function, spider)
    return found


def host_of(request: Request) -> str:
    """Return the host that a request is for."""
    try:
        host = urlparse_cached(request).hostname
    except ValueError:  # such as for an IPv6 address without its end
        host = None
    if not host:
        raise Unfit(request.url, RULES["u"], "u")
    return host
