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
        r"state = '\x7b\x22a\x22: 1\x7d';</script>",
        r"state = JSON.parse('{\u0022a\u0022:\n1}');</script>",
        "state = 'broken';</script><script>state = {\"a\": 1};</script>",
    ],
)
def test_an_object_is_found_that_a_script_assigns(script: str) -> None:
    assert assigned(f"<script>{script}", "state") == {"a": 1}


@pytest.mark.parametrize(
    ("escaped", "text"),
    [(r"it\'s", "it's"), (r"\\u00e9\xe9", "éé"), (r"\ud83d\ude00", "😀"), (r"\ud83d", "\ufffd"), (r"a\\\\b", "a\\b")],
)
def test_escapes_of_a_text_in_single_quotation_marks_are_understood(escaped: str, text: str) -> None:
    assert assigned(f"""state = '{{"a": "{escaped}"}}'""", "state") == {"a": text}


@pytest.mark.parametrize("script", ["state = '" + "\\x7b" * 200_000, "state = '" + "a" * 1_000_000, "state = '"])
def test_a_text_that_nothing_ends_is_no_object(script: str) -> None:
    assert assigned(script, "state") == {}
