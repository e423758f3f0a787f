from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import BadLine, SeedError
from crawler.seed_files import CHUNK_BYTES, MOST_LINE_BYTES, SeedFile
from crawler.seeds import MOST_META_BYTES, Seed, parse_message, seeds_in

Rows = list[tuple[int, Seed | BadLine]]


def read(path: Path, data: bytes | str, form: str = "") -> Rows:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with SeedFile(str(path), form) as file:
        return list(seeds_in(file))


def told(rows: Rows) -> list[tuple[int, str, int, object]]:
    """What a file says: line, URL, priority and own data of each seed."""
    return [
        (number, one.url, one.priority, one.meta) if isinstance(one, Seed) else (number, "refused", 0, None)
        for number, one in rows
    ]


A, B = "https://a.example/", "https://b.example/"
A0, B0, NO = (A, 0, None), (B, 0, None), ("refused", 0, None)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("s.csv", f"team,URL,Priority\nred,{A},5\n,{B},\n", [(2, A, 5, {"team": "red"}), (3, *B0)]),
        ("s.csv", f"url;team\n{A};red\n", [(2, A, 0, {"team": "red"})]),
        ("s.tsv", f"url\tteam\n{A}\tred, blue\n", [(2, A, 0, {"team": "red, blue"})]),
        ("s.csv", f"url,,team\n{A},x,red,more\n", [(2, A, 0, {"team": "red"})]),
        ("s.csv", f'url\n{A},red\n"open,{B}\n{B}\n', [(2, *A0), (3, *NO), (4, *B0)]),
        ("s.csv", f"url,priority\n{A},soon\n{B},-2\n", [(2, *NO), (3, B, -2, None)]),
        ("s.csv", f"url,team\n,red\n{A},\n", [(2, *NO), (3, *A0)]),
        ("s.csv", "", []),
        ("s.jsonl", f'{{"url": "{A}", "n": 1, "x": null, "tags": ["a"]}}\n', [(1, A, 0, {"n": 1, "tags": ["a"]})]),
        ("s.jsonl", f'{{"url": "{A}", "meta": {{"job": 7}}, "priority": 3, "b": 2}}', [(1, A, 3, {"b": 2, "job": 7})]),
        ("s.jsonl", f'{{"url": "{A}", "meta": "x"}}\n\n# no\n"{B}"', [(1, A, 0, {"meta": "x"}), (4, *B0)]),
        ("s.jsonl", f'{{"url": "{A}", "method": "POST"}}\n{{"url": "{B}"}}', [(1, *NO), (2, *B0)]),
        ("s.json", f'[{{"url": "{A}"}}, {{"url": "{B}", "meta": {{"job": 1}}}}]', [(1, *A0), (1, B, 0, {"job": 1})]),
        ("s.json", f'[\n  {{\n    "url": "{A}"\n  }},\n  7,\n  "{B}"\n]\n', [(2, *A0), (5, *NO), (6, *B0)]),
        ("s.json", f'[\n{{"url": "{A}"}},\n{{"url" "x"}},\n{{"url": "{B}"}}]', [(2, *A0), (3, *NO), (4, *B0)]),
        ("s.json", "[]", []),
        ("s.json", f'["{A}"]\n[{{"url": "{B}"}}, []]\n', [(1, *A0), (2, *B0)]),
        ("s.jsonl", f'["{A}"]\n["{B}"]\n', [(1, *A0), (2, *B0)]),
        ("s.jsonl", f'{{"url": "{A}", "priority": null}}', [(1, *A0)]),
        ("s.jsonl", f'{{"url": "{A}", "priority": 5.0}}', [(1, A, 5, None)]),
        ("s.jsonl", f'{{"url": "{A}", "priority": true}}\n{{"url": "{B}", "priority": 1.5}}', [(1, *NO), (2, *NO)]),
        ("s.csv", f"url,priority\n{A},7.0\n{B},\n", [(2, A, 7, None), (3, *B0)]),
        ("s.txt", f"{A}\r{B}\r", [(1, *NO)]),
        ("s.csv", f"url\r{A}\r", [(1, *NO)]),
        ("s.txt", f'{A}\r\n{{"url": "{B}", "a": 1}}', [(1, *A0), (2, B, 0, {"a": 1})]),
    ],
)  # fmt: skip
def test_seeds_keep_their_line_their_priority_and_what_else_is_said_of_them(
    tmp_path: Path, name: str, text: str, expected: list[object]
) -> None:
    assert told(read(tmp_path / name, text)) == expected
    assert told(read(tmp_path / f"{name}.gz", gzip.compress(text.encode()))) == expected
    assert told(read(tmp_path / name, b"\xef\xbb\xbf" + text.encode())) == expected


def test_the_form_can_be_said_where_the_name_does_not_tell_it(tmp_path: Path) -> None:
    assert told(read(tmp_path / "seeds", f"team,url\nred,{A}\n", "csv")) == [(2, A, 0, {"team": "red"})]


def test_a_line_that_cannot_be_read_costs_nothing_else(tmp_path: Path) -> None:
    lines = [A.encode(), b"\xff\xfe.example", b"x" * (2 * MOST_LINE_BYTES + 7), B.encode()]
    rows = read(tmp_path / "s.txt", b"\n".join(lines))
    assert [number for number, _ in rows] == [1, 2, 3, 4]
    assert [str(one).partition(": ")[2][:22] for _, one in rows if isinstance(one, BadLine)] == [
        "it is no UTF-8 (invali",
        "it has more than 1,048",
    ]


def test_what_is_wrong_is_told_with_the_file_and_the_line(tmp_path: Path) -> None:
    source = tmp_path / "s.csv"
    ((_, row),) = read(source, "name,url\nKim\n")
    assert isinstance(row, BadLine)
    assert row.given == str(row)
    assert str(row) == f"{source}, line 2: 'Kim' is not a URL, and has no column url: complete the row."


@given(st.lists(st.text(max_size=30), max_size=5), st.integers(0, 40), st.booleans())
def test_entries_of_a_list_are_whole_wherever_the_file_is_cut_into_chunks(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[str],
    shift: int,
    pretty: bool,  # noqa: FBT001 - drawn
) -> None:
    entries = [{"url": A, "x": "y" * (CHUNK_BYTES // 40 - shift)} for _ in range(39)]
    entries += [{"url": B, "word": f"a{word}"} for word in words]
    path = tmp_path_factory.mktemp("seeds") / "s.json"
    rows = read(path, json.dumps(entries, indent=2 if pretty else None, ensure_ascii=False).encode("utf-8", "replace"))
    assert [one.url for _, one in rows if isinstance(one, Seed)] == [A] * 39 + [B] * len(words)


def test_a_list_that_breaks_off_gives_what_is_whole(tmp_path: Path) -> None:
    rows = read(tmp_path / "s.json", f'[{{"url": "{A}"}}, {{"url": "{B}"')
    assert told(rows) == [(1, A, 0, None), (1, "refused", 0, None)]


@pytest.mark.parametrize("text", [f'[{{"url": "{A}"}}', f'["{B}"]\n[{{"url": "{A}"}},', f'["{B}",\n7,\n"{A}"\n'])
def test_a_list_without_its_end_says_so(tmp_path: Path, text: str) -> None:
    *_, (_, good), (number, last) = read(tmp_path / "s.json", text)
    assert isinstance(good, Seed)
    assert number == text.count("\n") + 1
    assert "the list breaks off here" in str(last)


def test_what_is_no_json_in_a_list_is_one_line_however_long_it_is(tmp_path: Path) -> None:
    rows = read(tmp_path / "s.json", f'[\n"{"x" * (3 * MOST_LINE_BYTES)}",\n{{"url" "x"}},\n"{B}"]')
    assert told(rows) == [(2, *NO), (3, *NO), (4, *B0)]
    assert [str(one).partition("line ")[2] for _, one in rows[1:2]] == [
        """3: '{"url" "x"},' is no JSON: the list is read on from the next line."""
    ]


def test_an_entry_that_is_no_utf_8_is_refused_as_a_line_is(tmp_path: Path) -> None:
    rows = read(
        tmp_path / "s.json",
        b'["https://a.example/\xff", {"url": "https://a.example", "x": "\xe9"},\n"' + B.encode() + b'"]',
    )
    assert told(rows) == [(1, *NO), (1, *NO), (2, *B0)]


def test_a_packed_file_that_breaks_off_says_so_after_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "s.txt.gz"
    packed = gzip.compress("\n".join(f"https://h{number}.example" for number in range(5000)).encode())
    path.write_bytes(packed[: len(packed) // 2])
    with (
        SeedFile(str(path)) as file,
        pytest.raises(SeedError, match=r"cannot be read on after line \d+ \(.+get it anew"),
    ):
        list(seeds_in(file))


def test_how_far_a_file_has_been_read_is_known(tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    path.write_text(f"{A}\n" * 10_000)
    with SeedFile(str(path)) as file:
        assert (file.size, file.position()) == (path.stat().st_size, 0)
        for _ in seeds_in(file):
            assert 0 < file.position() <= path.stat().st_size
        assert file.position() == path.stat().st_size


def test_what_every_request_would_carry_is_limited(tmp_path: Path) -> None:
    fits, too_much = ({"url": A, "note": "x" * size} for size in (MOST_META_BYTES - 20, MOST_META_BYTES))
    (_, first), (_, second) = read(tmp_path / "s.jsonl", f"{json.dumps(fits)}\n{json.dumps(too_much)}")
    assert isinstance(first, Seed)
    assert f"{MOST_META_BYTES:,} is the most" in str(second)


def test_a_message_in_redis_says_the_same_as_a_line_of_a_file() -> None:
    seed = parse_message(b'{"url": "https://a.example", "meta": {"job": 7}, "priority": 2, "team": "red"}')
    assert seed == Seed(A, priority=2, meta={"job": 7, "team": "red"})
