"""Pages that are nearly true: each is read or refused, and nothing else happens."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.pages import page_for
from crawler.pages.base import Response
from tests import mutations
from tests.mutations import STRANGE, Original, changed_json, embedded, fixtures, mutant, read

ORIGINALS = list(fixtures())
SITES = sorted({original.name.partition("/")[0] for original in ORIGINALS})
DEEP = 100_000
BODIES = {
    "nothing": b"",
    "a deep array": b"[" * DEEP + b"]" * DEEP,
    "a deep object": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "an array that does not end": b"[" * DEEP,
    "null": b"null",
    "a text": b'"text"',
    "rows of nothing": b'{"data": [null, 1, [], {}], "items": [null], "events": [[]], "result": null}',
    "nul bytes": b"\x00" * 1000,
    "UTF-16": "<title>Kites</title>".encode("utf-16"),
}
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def one_of_each_class() -> list[Original]:
    """Return the largest fixture of each page class: those have the most to go wrong."""
    by_class = {}
    for original in sorted(ORIGINALS, key=lambda original: len(original.response.body)):
        by_class[type(page_for(original.response, original.platform))] = original
    return list(by_class.values())


LARGEST = one_of_each_class()


def with_body(original: Original, body: bytes) -> Original:
    about = original.response
    response = Response(about.url, body, about.status, about.headers, about.fetched_at, about.carry)
    return Original(original.name, response, original.platform)


@pytest.mark.parametrize("site", SITES)
@FEW
@given(st.randoms(use_true_random=False))
def test_a_page_that_is_nearly_true_is_read_or_refused(site: str, rng: random.Random) -> None:
    of_site = [original for original in ORIGINALS if original.name.startswith(f"{site}/")]
    assert read(mutant(rng.choice(of_site), rng))


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("original", LARGEST, ids=lambda original: original.name)
def test_any_body_is_read_or_refused(original: Original, name: str) -> None:
    assert read(with_body(original, BODIES[name])) != "record"


@pytest.mark.parametrize("original", LARGEST, ids=lambda original: original.name)
def test_json_within_a_page_may_be_deeper_than_any_stack(original: Original) -> None:
    text = original.response.text
    for start, end, _ in list(embedded(text))[:3]:
        for deep in ("[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP, '{"a":' * DEEP):
            assert read(with_body(original, (text[:start] + deep + text[end:]).encode()))


@pytest.mark.parametrize("original", LARGEST, ids=lambda original: original.name)
def test_a_page_of_twenty_megabytes_is_read_or_refused(original: Original) -> None:
    filler = {
        "json": b" " * (20 * 2**20),
        "html": b"<p>kites <a href=/a>a</a> {</p>" * 350_000 + b"<script>" + b"x={" * 3_000_000 + b"</script>",
    }
    kind = "json" if "json" in original.response.headers["content-type"] else "html"
    assert read(with_body(original, original.response.body + filler[kind]))


@FEW
@given(st.randoms(use_true_random=False))
def test_a_mutant_differs_in_a_part_and_is_the_same_for_the_same_seed(rng: random.Random) -> None:
    body = b'<script>var a = {"title": "Kites", "tags": [1, 2]};</script>'
    state = rng.getstate()
    changed = changed_json(body, rng)
    rng.setstate(state)
    assert changed == changed_json(body, rng)
    assert changed.startswith(b"<script>var a = ")


def test_the_long_run_says_what_it_read_and_fails_where_a_page_breaks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mutations.main(["--seconds", "0.01", "--only", "youtube/watch/"]) == 1, "nothing is no success"
    assert mutations.main(["--seconds", "0.5", "--only", "youtube/watch"]) == 0
    assert "broken 0" in capsys.readouterr().out

    def broken(_: Original) -> str:
        raise KeyError(STRANGE[3])

    monkeypatch.setattr(mutations, "read", broken)
    assert mutations.main(["--seconds", "0.01", "--only", "youtube/watch"]) == 1
    assert "KeyError" in capsys.readouterr().out
