from __future__ import annotations

from typing import Any

import pytest

from crawler.pages.nodes import assigned, decoded, dig, loaded, node, nodes, whole, words


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "x\\ud83d"}', {"a": "x\ufffd"}),
        ('{"a": "\\udc00x"}', {"a": "\ufffdx"}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"a": "\\ud83d\\ud83d\\ude00"}', {"a": "\ufffd😀"}),
        ("[" * 100_000, None),
        ("", None),
    ],
)
def test_half_a_character_is_no_reason_to_lose_the_rest(text: str, value: Any) -> None:
    assert loaded(text) == value
    assert decoded(f"x={text};", 2) == value


def test_a_path_breaks_off_where_something_else_stands() -> None:
    value = {"a": [{"b": 1}], "c": "text"}
    assert (dig(value, "a", 0, "b"), dig(value, "a", -1, "b")) == (1, 1)
    assert [dig(value, *path) for path in (("a", "b"), ("a", 1), ("c", 0), ("d", "e"), (0,))] == [None] * 5


@pytest.mark.parametrize("value", [None, 1, "text", [], [1], True])
def test_what_is_no_object_is_an_empty_one(value: Any) -> None:
    assert node(value) == {}
    assert nodes(value) == []


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (7, 7),
        ("7", 7),
        (-1, None),
        (True, None),
        ("1.5", None),
        ("\u0667", None),
        (1.0, None),
        ("9" * 16, None),
    ],
)
def test_only_digits_are_a_number(value: Any, number: int | None) -> None:
    assert whole(value) == number


@pytest.mark.parametrize(("value", "text"), [("a ", "a "), (" ", None), ("", None), (1, None), (["a"], None)])
def test_only_text_is_text(value: Any, text: str | None) -> None:
    assert words(value) == text


@pytest.mark.parametrize(
    "script",
    [
        'var state = {"a": 1};</script>',
        'window["state"] = {"a": 1}; more()</script>',
        'state = JSON.parse("{\\"a\\": 1}");</script>',
        'state = {broken};</script><script>state = {"a": 1};</script>',
    ],
)
def test_an_object_is_found_that_a_script_assigns(script: str) -> None:
    assert assigned(f"<script>{script}", "state") == {"a": 1}
