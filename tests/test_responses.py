from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.base import Response

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def answer(body: bytes | str, content_type: str = "application/json") -> Response:
    raw = body.encode() if isinstance(body, str) else body
    return Response("https://site.example/", raw, headers={"content-type": content_type})


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("ü", "text/html", "ü"),
        ("ü".encode("latin-1"), "text/html; charset=ISO-8859-1", "ü"),
        ("ü".encode("utf-16"), 'text/html; charset="utf-16"', "ü"),
        ("日".encode("shift_jis"), "text/html;charset='shift_jis'", "日"),
        ("ü", "text/html; charset=none-such", "ü"),
        ("ü", "text/html; charset=rot13", "ü"),
        ("ü", "text/html; charset=idna", "ü"),
        ("ü", "text/html; charset=undefined", "ü"),
        ("ü", "text/html; charset=", "ü"),
        ("ü", "", "ü"),
        (b"a\xffb", "text/html", "a\ufffdb"),
        (b"", "text/html", ""),
    ],
)
def test_text_is_read_in_its_declared_encoding_and_never_fails(body: bytes | str, content_type: str, text: str) -> None:
    response = answer(body, content_type)
    assert response.text == text
    assert response.selector.xpath("//none") == []


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{", b"\xff", b'{"a": 1} x', b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000]
)
def test_what_is_no_json_is_none(body: bytes) -> None:
    assert answer(body).json is None


def test_json_is_read_as_servers_write_it() -> None:
    assert answer('{"a": "\\ud800", "b": [NaN]}').json["a"] == "\ufffd"
    assert answer('\ufeff["ü"]').json == ["ü"]
    assert answer("18446744073709551615").json == 2**64 - 1


@given(ANY_JSON)
def test_any_json_is_read_as_it_was_written(value: Any) -> None:
    assert answer(json.dumps(value)).json == value


@given(st.binary(max_size=200))
def test_no_body_makes_a_response_fail(body: bytes) -> None:
    response = answer(body, "text/html")
    assert isinstance(response.text, str)
    assert response.json is None or response.body
    assert response.selector.xpath("/*")


@pytest.mark.parametrize(
    ("url", "host", "base"),
    [
        ("https://Site.Example/a", "site.example", "https://site.example"),
        ("http://127.0.0.1:9000/a/b?c", "127.0.0.1:9000", "http://127.0.0.1:9000"),
    ],
)
def test_a_response_knows_its_host_and_port(url: str, host: str, base: str) -> None:
    response = Response(url, b"")
    assert (response.host, response.base) == (host, base)
