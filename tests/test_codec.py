from __future__ import annotations

import functools
import json
from http import HTTPStatus
from types import MethodType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from redis import Redis
from scrapy import FormRequest, Request, Spider
from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware
from scrapy.http import JsonRequest
from scrapy.http.request import NO_CALLBACK

from crawler.errors import BadPayload, NotSerializable
from crawler.frontier.codec import Codec
from crawler.frontier.payload import MAX_DEPTH, MAX_PAYLOAD_BYTES, seed_text

URL, SLOT = "https://videos.example/w/1", "videos.example"
START = b'{"v":1,"u":"https://a.example/","s":"a.example"'
DEEPEST: Any = json.loads("[" * (MAX_DEPTH - 2) + "{}" + "]" * (MAX_DEPTH - 2))
patient = settings(deadline=None)


class Mixin:
    def parse_page(self, response: Any) -> None: ...

    def _parse_mixed(self, response: Any) -> None: ...


class Site(Mixin, Spider):
    name = "site"

    def parse(self, response: Any, **kwargs: Any) -> None: ...

    def parse_page(self, response: Any) -> None: ...

    def give_up(self, failure: Any) -> None: ...

    def log(self, message: Any, *_: Any, **__: Any) -> None: ...

    def __xor__(self, response: Any) -> None: ...

    @staticmethod
    def parse_alone(response: Any) -> None: ...


SPIDER = Site()
CODEC = Codec(SPIDER)
METHODS = [getattr(SPIDER, name) for name in ("parse", "parse_page", "_parse_mixed", "_parse")]


def through_the_queue(request: Request, slot: str = SLOT) -> Request:
    return CODEC.decode(CODEC.encode(request, slot))


def said(request: Request) -> dict[str, Any]:
    return {part: getattr(request, part) for part in Request.attributes}


def reason_for(payload: bytes) -> str:
    with pytest.raises(BadPayload) as caught:
        CODEC.decode(payload)
    assert len(caught.value.detail.encode()) < 600
    return caught.value.reason


def refusal(parts: dict[str, Any]) -> NotSerializable:
    with pytest.raises(NotSerializable) as caught:
        CODEC.encode(Request(**{"url": URL} | parts), SLOT)
    assert len(str(caught.value).encode()) < 900
    return caught.value


def payload_with(fields: dict[str, Any]) -> bytes:
    return json.dumps({"v": 1, "u": URL, "s": SLOT} | fields).encode()


NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SHORT = st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | SHORT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SHORT, inner, max_size=4),
    max_leaves=15,
)
OBJECTS = st.dictionaries(SHORT, JSON, max_size=4)
TOKENS = st.from_regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", fullmatch=True)
HEADER_VALUES = st.binary(max_size=20).filter(lambda value: not set(value) & set(b"\r\n\0"))
ANY_PART = {
    "method": st.sampled_from(["GET", "POST", "head", "X-ANY"]),
    "headers": st.dictionaries(TOKENS, st.lists(HEADER_VALUES, max_size=3), max_size=3),
    "body": st.binary(max_size=50) | SHORT,
    "priority": st.integers(-(2**53), 2**53),
    "meta": st.dictionaries(SHORT.map("my_{}".format), JSON, max_size=4),
    "cb_kwargs": OBJECTS,
    **dict.fromkeys(("callback", "errback"), st.sampled_from([None, *METHODS])),
    "dont_filter": st.booleans(),
    "flags": st.lists(SHORT, max_size=3),
    "cookies": OBJECTS | st.lists(OBJECTS, max_size=2),
    "encoding": st.sampled_from(["utf-8", "UTF8", "latin-1", "cp1251", "shift_jis"]),
}
PATHS = st.text(max_size=15) | st.text("/?#[]@:%;&=+ \t.aZ0|'\"<>^`{}é中", max_size=15)


@patient
@given(st.sampled_from(["http", "HTTPS"]), PATHS, st.fixed_dictionaries({}, optional=ANY_PART), st.sampled_from("ab"))
def test_every_request_comes_back_as_it_was(scheme: str, path: str, parts: dict[str, Any], slot: str) -> None:
    try:
        request = Request(f"{scheme}://a:80/{path}", **parts)
    except ValueError:  # text that the encoding does not have
        assume(condition=False)
    before = said(request.copy())
    back = through_the_queue(request, slot)
    assert back.meta.pop("download_slot", "a") == slot
    assert said(back) == before == said(request)


@patient
@given(SHORT | st.text("[]@:%0aZ. \\é中İ\x85", max_size=14))
def test_a_url_of_any_host_comes_back_or_is_refused(host: str) -> None:
    try:
        request = Request(f"https://{host}/x")
    except ValueError:
        assume(condition=False)
    try:
        payload = CODEC.encode(request, SLOT)
    except NotSerializable as exc:
        assert exc.part == "URL"  # noqa: PT017 - most hosts are not refused
    else:
        assert CODEC.decode(payload).url == request.url


META = {"a": [1.5, {"b": None}], "frontier": {"last": True, "unless": "k"}}
FULL = Request("https://a/é?b=ü#c", SPIDER.parse, "POST", {"Accept": ["é", "b"]}, b"\xff", {"c": "d"}, META, "latin-1")
FULL = FULL.replace(priority=-3, dont_filter=True, errback=SPIDER.give_up, flags=["f"], cb_kwargs={"k": "ü"})
WHOLE = CODEC.encode(FULL, SLOT)


def test_a_payload_is_compact_json_without_defaults() -> None:
    page = "https://videos.example/w/kkGMgK9ZtnKfYAgnEtQxbv"
    assert CODEC.encode(Request(page), SLOT) == b'{"v":1,"u":"%s","s":"videos.example"}' % page.encode()
    assert len(CODEC.encode(Request(page, SPIDER.parse), SLOT)) < 107


def test_each_part_of_a_payload_has_its_letter() -> None:
    words = {"v": 1, "u": "https://a/%C3%A9?b=%FC#c", "s": SLOT, "p": -3, "m": "POST", "b": "/w=="}
    words |= {"h": [["Accept", "é", "b"]], "c": "parse", "e": "give_up", "k": {"k": "ü"}, "t": {"a": META["a"]}}
    words |= {"d": 1, "f": ["f"], "y": {"c": "d"}, "n": "latin-1", "l": 1, "x": "k"}
    assert json.loads(WHOLE) == words
    assert said(CODEC.decode(WHOLE)) == said(FULL) | {"meta": FULL.meta | {"download_slot": SLOT}}


def test_the_queue_in_redis_reads_what_it_needs(valkey: str) -> None:
    script = 'local r = cjson.decode(ARGV[1]) return {r.s, string.format("%.0f", r.p), tostring(r.l), r.x}'
    meta = {"frontier": {"last": True, "unless": '["user"]'}, "a": DEEPEST}
    payload = CODEC.encode(Request(URL, priority=-(2**53), meta=meta), "Bücher")
    with Redis.from_url(valkey) as server:
        assert server.eval(script, 0, payload) == ["Bücher".encode(), b"-9007199254740992", b"1", b'["user"]']
    assert CODEC.decode(payload).meta == meta | {"download_slot": "Bücher"}


@pytest.mark.parametrize("turn", [{"last": True}, {"unless": "key"}, {}])
def test_what_a_request_waits_for_comes_back(turn: dict[str, Any]) -> None:
    meta = {"frontier": {"last": False, "unless": ""} | turn}
    assert through_the_queue(Request(URL, meta=meta)).meta == ({"frontier": turn} if turn else {})


def test_a_built_form_comes_back_as_the_request_that_is_sent() -> None:
    for built in (FormRequest(URL, formdata={"a": "ü"}), JsonRequest(URL, data={"a": 1})):
        assert type(through_the_queue(built)) is Request
        assert said(through_the_queue(built)) == said(built)


def test_tuples_sets_and_subclasses_come_back_as_json_has_them() -> None:
    meta = {"a": (1, (2,)), "b": {"y", "x"}, "c": frozenset({3.5}), "d": HTTPStatus.GONE, "e": [{"f": ({"z"}, None)}]}
    back = {"a": [1, [2]], "b": ["x", "y"], "c": [3.5], "d": 410, "e": [{"f": [["z"], None]}]}
    assert through_the_queue(Request(URL, meta=meta)).meta == back


def test_what_scrapy_notes_at_each_download_stays_out() -> None:
    kept = {"_auth_proxy": "http://p", "_scheme_proxy": True, "retry_times": 1, "redirect_urls": [URL]}
    dropped = {"download_latency": 0.1, "download_slot": "else", "cached_response": object(), "_dont_cache": True}
    request = Request(URL, meta=kept | dropped | {"cache_timestamp": 1.5})
    assert through_the_queue(request).meta == kept
    assert through_the_queue(request, "else").meta == kept | {"download_slot": "else"}
    assert request.meta == kept | dropped | {"cache_timestamp": 1.5}


def test_a_password_does_not_reach_another_proxy_after_the_queue() -> None:
    middleware = HttpProxyMiddleware()
    request = Request(URL, meta={"proxy": "http://user:secret@first.example:8080"})
    middleware.process_request(request)
    for proxy, is_sent in (("http://first.example:8080", True), ("http://second.example:8080", False)):
        again = through_the_queue(request)
        again.meta["proxy"] = proxy
        middleware.process_request(again)
        assert ("Proxy-Authorization" in again.headers) is is_sent


@pytest.mark.parametrize("original", [None, SPIDER.give_up])
def test_of_a_wrapped_errback_the_original_is_queued(original: Any) -> None:
    wrapper = functools.partial(print)
    wrapper.original = original  # type: ignore[attr-defined]
    assert through_the_queue(Request(URL, errback=wrapper)).errback == original


def test_a_lambda_is_refused_in_a_sentence_that_says_what_to_do() -> None:
    error = refusal({"callback": lambda _: None})
    assert str(error).startswith(f"The request of {error.url} cannot be queued (callback: <function test_a_lambda_is_")
    assert "). Make it a method of the spider, pass it as self.NAME, and what it needs to know in" in str(error)
    assert "engine.download_async()" in str(refusal({"callback": NO_CALLBACK}))


UNKNOWN = [functools.partial(SPIDER.parse, page=1), Site().parse, Site.parse, SPIDER.log, SPIDER.start, SPIDER.__xor__]
UNKNOWN += [super(Site, SPIDER).parse_page, MethodType(lambda *_: None, SPIDER), SPIDER.parse_alone, NO_CALLBACK, print]


@pytest.mark.parametrize("method", UNKNOWN)
@pytest.mark.parametrize("part", ["callback", "errback"])
def test_what_another_process_would_not_find_by_a_name_is_refused(method: Any, part: str) -> None:
    assert refusal({part: method}).part == part


INSIDE: list[Any] = []
INSIDE.append(INSIDE)
NOT_PLAIN = [b"bytes", {1: 2}, float("nan"), float("-inf"), 2**64, -(10**5000), "\udfff", object()]
NOT_IN_PARTS: dict[str, list[Any]] = {
    "priority": [2**53 + 1, True],
    "method": ["GET /admin", ""],
    "flags": [[1]],
    "cookies": [[("a", "b")]],
    "encoding": ["utf-16", "utf-7"],
}
NO_WEB = ["file:///etc/passwd", "data:,x", "ftp://a.example", "http:///x", "http://a b", "https://a\x85b"]
UNFIT: list[tuple[dict[str, Any], str]] = [
    *(({"url": url}, "URL") for url in NO_WEB),
    *(({part: value}, part) for part, values in NOT_IN_PARTS.items() for value in values),
    *(({"cb_kwargs": {"a": [0, {"b": value}]}}, "cb_kwargs['a'][1]['b']") for value in NOT_PLAIN),
    *(({"meta": {"a": deep}}, "meta['a']" + "[0]" * (MAX_DEPTH - 1)) for deep in ([DEEPEST], INSIDE)),
    ({"meta": {"a": {1, "x", object()}}}, "meta['a'][2]"),
    ({"meta": {"\ud800": 1}}, "meta"),
    *(({"meta": {"frontier": turn}}, "meta['frontier']") for turn in ({"first": True}, 5)),
    ({"meta": {"frontier": {"unless": 5}}}, "meta['frontier']['unless']"),
    ({"cookies": {"session": b"hush"}}, "cookies['session']"),
    *(({"headers": {name: "hush\r\nY: b"}}, f"headers['{name}']") for name in ("X", "X Y")),
    ({"url": "https://[a/", "meta": {"verbatim_url": True}}, "URL"),
    ({"body": b"x" * MAX_PAYLOAD_BYTES}, "size"),
]


@pytest.mark.parametrize(("parts", "part"), UNFIT, ids=range(len(UNFIT)))
def test_the_part_that_cannot_be_queued_is_named_and_no_secret_shown(parts: dict[str, Any], part: str) -> None:
    assert refusal(parts).part == part
    assert "hush" not in str(refusal(parts))


NO_JSON = [b"", b"\xff", b"\x80\x04\x95pickle.", START, START + b"}}", b"\xef\xbb\xbf" + START + b"}", b"[" * 100_000]
NO_JSON += [START + b',"t":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, START + b',"p":' + b"1" * 5000 + b"}"]
NO_VALUES = [b"NaN", b"1e999", b"-Infinity", b"18446744073709551616", b"1" * 4000, rb'"\ud800"', rb'{"\ud800":1}']
BAD_URLS = ["file:///etc/passwd", "data:text/html,x", "javascript://a.example/%0aalert(1)", "https://", "/x", "", 5]
BAD_URLS += ["https:///path", "https://[::1/", "https://a.example:/ b", "https://a.example/\n", "https://a\x85.example"]
BAD: dict[str, list[Any]] = {
    "v": [0, "1", True, None, 1.0, -1],
    "sx": ["", None, 1],
    "p": [1.5, True, 2**53 + 1, -(2**53) - 1, "1", None],
    "m": ["GET /x HTTP/1.1", "GET\n", "get", "", None],
    "h": [[[name, value]] for name in ("X", "X: a\r\nY") for value in ("a\r\nY: b", "a\nb", "a\rb", "\0", "中", 1)],
    "b": ["a", "YQ==\n", "Y Q=", "YQ=", "ü", 1],
    "cek": [None, 1, ["parse"]],
    "t": [[1], {"a": [DEEPEST]}, {"download_slot": "b"}, {"frontier": {"last": True}}, {"_dont_cache": 1}],
    "dl": [True, 0, 2],
    "f": ["flag", [1] * 100_000],
    "y": ["a=b", [[]], [1] * 100_000],
    "n": ["utf-16", "utf-7", "rot13", "no\0ne", "../../etc", "", "undefined"],
}
NO_METHODS = ["gone", "log", "start", "__init__", "__xor__", "__class__", "crawler", "logger", "parse_alone", ""]
BAD_HEADERS: list[Any] = [[[]], {"X": "a"}, [["X"], [1] * 100_000], [["X Y", "a"]], [["X\n", "a"]], [["", "a"]]]
HOSTILE = [
    *((payload, "not_json") for payload in NO_JSON),
    *((START + end, "duplicate_key") for end in (b',"s":"b.example"}', b',"t":{"a":1,"a":2}}')),
    *((START + b',"t":{"a":' + value + b"}}", "bad_value") for value in NO_VALUES),
    *((payload_with({"u": url, "t": {"verbatim_url": on}}), "bad_url") for url in BAD_URLS for on in (True, False)),
    *((payload_with({one: value}), "bad_value") for keys, values in BAD.items() for one in keys for value in values),
    *((payload_with({"h": headers}), "bad_value") for headers in BAD_HEADERS),
    *((payload_with({letter: name}), "unknown_callback") for letter in "ce" for name in NO_METHODS),
    *((payload, "bad_value") for payload in (b"[]", b"null", b"{}", b'{"v":1,"u":"https://a.example/"}')),
    *((payload, "bad_url") for payload in (b'{"v":1,"s":"a"}', payload_with({"u": "https://a/?中", "n": "latin-1"}))),
    *((payload, "newer_version") for payload in (payload_with({"v": 2, "z": 1, "u": "x", "c": "gone"}), b'{"v":3}')),
    *((START + end, "unknown_field") for end in (b',"z":1}', rb',"\ud800":1}', b',"seed":"https://a.example"}')),
    (b" " * MAX_PAYLOAD_BYTES + START + b"}", "too_large"),
]


@pytest.mark.parametrize(("payload", "reason"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_payload_is_refused_with_its_reason(payload: bytes, reason: str) -> None:
    assert reason_for(payload) == reason


def decodes_to_what_can_be_queued(payload: bytes) -> bool:
    try:
        request = CODEC.decode(payload)
    except BadPayload:
        return False
    assert through_the_queue(request).url == request.url
    return True


CHANGES = st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 8), st.binary(max_size=4))


@patient
@given(st.lists(CHANGES, min_size=1, max_size=3))
def test_a_valid_payload_that_was_changed_is_a_request_or_refused(changes: list[tuple[int, int, bytes]]) -> None:
    payload = WHOLE
    for start, length, new in changes:
        payload = payload[:start] + new + payload[start + length :]
    decodes_to_what_can_be_queued(payload)


@patient
@given(st.sampled_from("vuspmhbcektdfynlxz"), JSON | st.text("https://[]a.%@:\\é\0 ").map("http://{}".format))
def test_a_valid_payload_with_any_other_value_is_a_request_or_refused(letter: str, value: Any) -> None:
    assert not decodes_to_what_can_be_queued(json.dumps(json.loads(WHOLE) | {letter: value}).encode()) or letter != "z"


@patient
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_bytes_that_are_no_payload_are_refused(payload: bytes) -> None:
    assert not decodes_to_what_can_be_queued(payload)
    assert seed_text(payload) is None
