from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import SeedError
from crawler.seeds import (
    Seed,
    check_arguments,
    check_once,
    describe,
    parse_flag,
    parse_kinds,
    parse_limit,
    parse_message,
    parse_scope,
    parse_seed,
    parse_urls,
    read_seeds,
)


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def urls(source: str) -> list[str]:
    return [seed.url if isinstance(seed, Seed) else "refused" for seed in read_seeds(source)]


@pytest.mark.parametrize(
    ("text", "url", "guessed"),
    [
        ("https://site.example/@kim", "https://site.example/@kim", False),
        ("HTTP://Site.Example", "http://site.example/", False),
        (" site.example/@kim ", "https://site.example/@kim", True),
        ("//site.example/a", "https://site.example/a", True),
        ("@kim@site.example", "https://site.example/@kim", True),
        ("acct:kim@site.example", "https://site.example/@kim", True),
        ("localhost:9000", "https://localhost:9000/", True),
        ("127.0.0.1:9000/a", "https://127.0.0.1:9000/a", True),
        ("http://[::1]:9000/", "http://[::1]:9000/", False),
        ("https://site.example/a#top", "https://site.example/a", False),
        ("münchen.example/ü", "https://xn--mnchen-3ya.example/%C3%BC", True),
        ("site.example/next?to=https://other.example", "https://site.example/next?to=https://other.example", True),
    ],
)
def test_a_url_is_a_seed_with_or_without_its_scheme(text: str, url: str, guessed: bool) -> None:  # noqa: FBT001 - a column
    assert parse_seed(text) == Seed(url, guessed)


@pytest.mark.parametrize(
    "text",
    ["", "kim", "@kim", "kim@site", "ftp://site.example/", "javascript:alert(1)", "https://", "https://site/", "http://[bad",
     "https://site.example:99999/", "https://a..example/", "two words.example", "file:///etc/passwd",
     "x" * 64 + ".example"],
)  # fmt: skip
def test_what_is_no_web_address_is_no_seed_and_the_error_shows_one(text: str) -> None:
    with pytest.raises(SeedError, match=r"is not a URL that can be crawled: pass one like https://") as refusal:
        parse_seed(text)
    assert repr(text) in str(refusal.value)


def test_a_name_or_password_before_the_host_is_refused_and_not_repeated() -> None:
    with pytest.raises(SeedError, match="A seed with a name or password before its host") as refusal:
        parse_seed("https://kim:secret@site.example/")
    assert "secret" not in str(refusal.value)


@given(st.text(max_size=60))
def test_any_text_is_a_seed_or_a_seed_error(text: str) -> None:
    try:
        seed = parse_seed(text)
    except SeedError:
        return
    assert seed.url.startswith(("http://", "https://"))
    assert parse_seed(seed.url) == Seed(seed.url)


@pytest.mark.parametrize(
    ("text", "hosts_and_paths"),
    [
        ("", []),
        (" , ", None),
        ("a.example,b.example", ["a.example/", "b.example/"]),
        ("a.example, https://b.example/x\nc.example", ["a.example/", "b.example/x", "c.example/"]),
        ("https://a.example/x,y?z=1,2", ["a.example/x,y?z=1,2"]),
        ("https://a.example/x,http://b.example", ["a.example/x", "b.example/"]),
    ],
)
def test_several_urls_are_separated_by_commas_that_are_not_their_own(
    text: str, hosts_and_paths: list[str] | None
) -> None:
    if hosts_and_paths is None:
        with pytest.raises(SeedError, match="','"):
            parse_urls(text)
    else:
        assert [seed.url.partition("//")[2] for seed in parse_urls(text)] == hosts_and_paths


def test_a_text_file_is_read_without_its_comments_and_blank_lines(tmp_path: Path) -> None:
    source = written(tmp_path, "seeds.txt", "\ufeff# mine\n\na.example\r\n  https://b.example/x  \n")
    assert urls(source) == ["https://a.example/", "https://b.example/x"]


def test_a_line_that_is_no_seed_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    source = written(tmp_path, "seeds.txt", "a.example\nnonsense\nb.example\n")
    first, refusal, last = read_seeds(source)
    assert (first, last) == (Seed("https://a.example/", guessed=True), Seed("https://b.example/", guessed=True))
    assert str(refusal).startswith(f"{source}, line 2: 'nonsense' is not a URL")


@pytest.mark.parametrize(
    ("name", "text", "given", "why"),
    [
        (
            "x.jsonl",
            '{"foo": 1}\n',
            '{"foo": 1}',
            '{"foo": 1} has no key `url`: write it in one line, as in {"url": "https://',
        ),
        ("x.csv", "Name,Link\n", "Name", "no column is called url (name, link): call one so, or put the URLs into the"),
        ("x.txt", " nonsense \n", "nonsense", "'nonsense' is not a URL that can be crawled"),
    ],
)
def test_a_refusal_says_what_was_given_and_what_is_missing_there(
    tmp_path: Path, name: str, text: str, given: str, why: str
) -> None:
    source = written(tmp_path, name, text)
    (refusal,) = read_seeds(source)
    assert isinstance(refusal, SeedError)
    assert refusal.given == given
    assert str(refusal).startswith(f"{source}, line 1: {why}")


def test_the_rest_of_a_csv_file_without_the_column_is_read_from_its_first(tmp_path: Path) -> None:
    assert urls(written(tmp_path, "seeds.csv", "link,name\na.example,Kim\n")) == ["refused", "https://a.example/"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:48123", "http://127.0.0.1:48123/"),
        ("HTTPS://Site.Example/@kim", "site.example/@kim"),
        ("a.example, b.example", "https://a.example/,https://b.example/#top"),
    ],
)
def test_seeds_that_are_the_same_are_described_the_same(one: str, other: str) -> None:
    assert describe({"url": one}) == describe({"url": other})


@pytest.mark.parametrize("one", ["http://a.example/", "a.example:80", "a.example/x", "a.example/X", "b.example"])
def test_seeds_that_differ_are_described_by_what_was_asked_for(one: str) -> None:
    assert describe({"url": one}) != describe({"url": "a.example"})


def test_what_a_spider_of_another_project_takes_as_url_is_described_as_it_is() -> None:
    assert describe({"url": "kim"}) == "url=kim"


def test_an_object_without_a_url_is_refused_as_a_message_too() -> None:
    with pytest.raises(SeedError, match=r"\{\} has no key `url`"):
        parse_message(b"{}")


def test_json_lines_are_objects_with_a_url_or_strings(tmp_path: Path) -> None:
    lines = (
        '{"url": "https://a.example/", "meta": {}}\n"b.example"\nc.example\n{"link": "d.example"}\n{"url": 7}\n{"url"\n'
    )
    found = urls(written(tmp_path, "seeds.jsonl", lines))
    assert found == ["https://a.example/", "https://b.example/", "https://c.example/", "refused", "refused", "refused"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name,URL\nKim,a.example\n\nLee,b.example\n", ["https://a.example/", "https://b.example/"]),
        ("a.example,Kim\nb.example,Lee\n", ["https://a.example/", "https://b.example/"]),
        ('url\n"https://a.example/x,y"\n#b.example\nnonsense\n', ["https://a.example/x,y", "refused"]),
        ("# by hand\nname,url\nKim\nLee,b.example\n", ["refused", "https://b.example/"]),
        ("url\n" + "x" * 200_000 + "\nb.example\n", ["refused", "https://b.example/"]),
    ],
)
def test_a_csv_file_gives_its_column_url_or_the_first(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert urls(written(tmp_path, "seeds.csv", text)) == expected


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"a.example\nnonsense\n"))))
    seed, refusal = read_seeds("-")
    assert seed == Seed("https://a.example/", guessed=True)
    assert str(refusal).startswith("standard input, line 2: ")


def test_a_seeds_file_that_cannot_be_read_says_why_and_what_to_pass(tmp_path: Path) -> None:
    binary = tmp_path / "seeds.txt"
    binary.write_bytes(b"\xff\xfe\x00a")
    remedy = "pass a text file of URLs, or - for standard input."
    for source, to_do in (
        (binary, "save it as UTF-8."),
        (tmp_path, remedy),
        (tmp_path / "none.txt", remedy),
    ):
        with pytest.raises(SeedError, match=r"cannot be read \(.+\): ") as refusal:
            list(read_seeds(str(source)))
        assert str(source) in str(refusal.value)
        assert str(refusal.value).endswith(to_do)


@pytest.mark.parametrize(
    "data", [b'{"url": "https://a.example/", "meta": {"x": 1}}', b" https://a.example\n", b'"https://a.example"']
)
def test_a_message_of_another_program_is_json_or_a_plain_url(data: bytes) -> None:
    assert parse_message(data).url == "https://a.example/"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "'' is not a URL"),
        (b"\xff\xfe", "is not a URL"),
        (b'{"url": null}', "The `url` null is no text: write it in one line, as in {"),
        (b'{"url": 5}', "The `url` 5 is no text: "),
        (b'["a.example"]', "'[\"a.example\"]' is JSON, but no object with a key `url`: write it in one line, as in {"),
        (b'{"url": "nonsense"}', "'nonsense' is not a URL"),
        (b'{"url": "a.example}', "is no JSON (Unterminated string starting at character 9): write it in"),
        (b'{"url":' + b"[" * 100_000, "is more than can be read: "),
        (b"/videos/3", "'/videos/3' is a path, not a URL: pass one like https://site.example/@user"),
    ],
)
def test_a_message_that_is_neither_is_refused_by_what_it_looks_like(data: bytes, sentence: str) -> None:
    with pytest.raises(SeedError) as refusal:
        parse_message(data)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [("user", {"user"}), ("videos", {"video"}), ("User, VIDEO", {"user", "video"}), ("user,user,", {"user"})],
)
def test_the_kinds_of_records_are_read_in_singular_and_plural(text: str, kinds: set[str]) -> None:
    assert parse_kinds(text) == kinds


@pytest.mark.parametrize("text", ["", ",", "channel", "user,channel"])
def test_an_unknown_kind_is_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(SeedError, match=rf"records={text} is unknown: pass records=user, records=video"):
        parse_kinds(text)


def test_a_scope_is_one_of_three() -> None:
    assert [parse_scope(name) for name in ("seed", "host", "web")] == ["seed", "host", "web"]
    with pytest.raises(SeedError, match=r"scope=Host is unknown: pass scope=seed, scope=host, or scope=web"):
        parse_scope("Host")


def test_the_most_pages_are_a_whole_number() -> None:
    assert (parse_limit("max_pages", "100"), parse_limit("max_pages", 0)) == (100, 0)
    for text in ("-1", "1.5", "many", "", "²"):
        with pytest.raises(SeedError, match=rf"max_pages={text} is no number of pages"):
            parse_limit("max_pages", text)


def test_a_crawl_is_dropped_where_that_is_said_and_kept_where_it_is_not_clear() -> None:
    assert [parse_flag("anew", text) for text in ("1", "0", "")] == [True, False, False]
    for text in ("no", "yes", "2", " "):
        with pytest.raises(SeedError, match=f"anew={text} is unknown: pass anew=1 to begin anew"):
            parse_flag("anew", text)


def test_an_argument_is_given_once() -> None:
    check_once(["url=a.example", "scope=web", "url=a.example"])
    with pytest.raises(SeedError, match=r"-a url= is given twice.*pass both as -a url=a\.example,b\.example\."):
        check_once(["url=a.example", "scope=web", "url=b.example"])
    with pytest.raises(SeedError, match="-a scope= is given twice, as web and as seed: pass it once"):
        check_once(["scope=web", "scope=seed"])


@pytest.mark.parametrize(
    "wrong",
    [
        *({"url": "nonsense"}, {"scope": "all"}, {"records": "likes"}),
        *({"max_pages": "x"}, {"anew": "no"}, {"seeds": "/no/such/file.txt"}),
    ],
)
def test_arguments_are_checked_before_a_spider_starts(wrong: dict[str, str]) -> None:
    check_arguments({"url": "a.example", "scope": "web", "records": "user", "seeds": "-"})
    with pytest.raises(SeedError, match="-a scoop= is unknown: there are url, seeds, scope"):
        check_arguments({"scoop": "web"})
    with pytest.raises(SeedError):
        check_arguments({"url": "a.example"} | wrong)


def test_a_message_without_a_scheme_is_refused_with_one_that_has_it() -> None:
    with pytest.raises(SeedError, match=r"'a\.example' names no scheme: a seed in Redis needs one, such as https://a"):
        parse_message(b"a.example")
