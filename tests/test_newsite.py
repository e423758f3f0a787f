from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler.commands.newsite import check_kinds
from crawler.errors import SettingsError
from crawler.newsite import site as newsite
from crawler.newsite.draft import module
from crawler.newsite.found import structured_data
from crawler.newsite.site import New, check_name, draft_of, new_site, write
from crawler.pages.base import RecordKind, Response
from tests.commands import run
from tests.web_page import HTML, NOW, html

LATER = "2026-05-01T00:00:00Z"
FIXTURES = Path(__file__).parent / "fixtures"
LONG = "https://site.example/v/" + "long-" * 30


def response_of(body: str, url: str, content_type: str = HTML["content-type"]) -> Response:
    return Response(url, body.encode(), 200, {"content-type": content_type}, LATER)


def video(url: str = "https://site.example/v/kites", **node: Any) -> Response:
    told = {"@type": "VideoObject", "name": "Kites", "url": url, "duration": "PT1M", **node}
    return response_of(html(told, head="<title>Kites</title>"), url)


def user(url: str = "https://site.example/@ada", **entity: Any) -> Response:
    told = {"@type": "ProfilePage", "mainEntity": {"@type": "Person", "name": "Ada", "url": url, **entity}}
    return response_of(html(told, head="<title>Ada</title>"), url)


def new(*responses: Response, kind: RecordKind | None = None) -> New:
    return new_site([draft_of("trial", response, kind) for response in responses])


def source(found: New) -> str:
    return next(body.decode() for path, body in found.files.items() if path.suffix == ".py")


def fixture(found: New, name: str) -> Any:
    return next(json.loads(body) for path, body in found.files.items() if path.name == name)


@pytest.mark.parametrize("name", ["", "My", "my-site", "1st", "a__b", "class", "../x", "x" * 41, "youtube", "base"])
def test_a_name_that_cannot_be_a_file_or_is_taken_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=r"is no name of a site|exists, and is not overwritten"):
        check_name(name)


def test_a_name_that_can_be_one_is_taken() -> None:
    check_name("my_site2")


@pytest.mark.parametrize(
    ("url", "path", "number"),
    [
        ("https://site.example/v/kites", "/v/[^/]+/?", "kites"),
        ("https://site.example/v/kites/", "/v/[^/]+/?", "kites"),
        ("https://www.site.example/watch?v=a1&t=3", "/watch/?", "a1"),
        ("https://site.example/@ada/clips/77", "/@[^/]+/clips/[^/]+/?", "https://site.example/@ada/clips/77"),
        ("https://site.example/a.b/(x)/kites", r"/a\.b/[^/]+/[^/]+/?", "https://site.example/a.b/(x)/kites"),
        (LONG, "/v/[^/]+/?", LONG.rpartition("/")[2]),
    ],
)
def test_the_path_and_the_id_are_taken_from_the_address(url: str, path: str, number: str) -> None:
    found = new(video(url))
    assert f'path = r"{path}"' in source(found)
    assert 'hosts = ("site.example",)' in source(found)
    assert fixture(found, "record.json")["id"] == number


def test_a_handle_is_the_name_of_a_user_where_nothing_else_tells_it() -> None:
    assert "def username" not in source(new(user()))
    assert fixture(new(user()), "record.json")["username"] == "ada"
    bare = new(response_of("<h1>Ada</h1>", "https://site.example/@ada"), kind="user")
    assert "def username" in source(bare)
    assert fixture(bare, "record.json")["username"] == "ada"


def test_a_page_without_structured_data_is_read_by_its_heading_where_its_kind_is_told() -> None:
    bare = response_of("<title>x</title><h1> Kites\n fly </h1>", "https://site.example/v/kites")
    with pytest.raises(SettingsError, match="pass another page, or say what it is with --kind"):
        draft_of("trial", bare, None)
    assert fixture(new(bare, kind="video"), "record.json")["title"] == "Kites fly"
    assert fixture(new(bare, kind="user"), "record.json")["name"] == "Kites fly"
    with pytest.raises(SettingsError, match="it has no <h1>"):
        new(response_of("<p>Kites</p>", "https://site.example/v/kites"), kind="video")


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (video("https://site.example/"), "pass another page"),
        (video("https://www.youtube.com/watch?v=aaaaaaaaaaa"), r"is read by Watch in crawler/pages/youtube/video.py"),
        (response_of("<title>This video has been deleted</title>", "https://site.example/v/8"), "deleted"),
    ],
)
def test_a_page_of_which_no_class_can_be_made_is_told(response: Response, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        draft_of("trial", response, None)


def test_the_home_page_of_a_host_is_no_page_of_a_kind() -> None:
    with pytest.raises(SettingsError, match="is the home page of its host"):
        draft_of("trial", video("https://site.example/"), "video")


def test_two_pages_of_a_kind_are_one_class_too_many() -> None:
    with pytest.raises(SettingsError, match="all pages are of a video"):
        check_kinds([draft_of("trial", video(), None)] * 2)


def test_a_fixture_is_read_at_the_time_of_the_others_unless_that_makes_a_difference() -> None:
    found = new(video())
    assert fixture(found, "meta.json") == {"url": "https://site.example/v/kites"}
    assert fixture(found, "record.json")["fetched_at"] == NOW
    event = {"@type": "BroadcastEvent", "isLiveBroadcast": True, "startDate": "2026-04-30T00:00:00Z"}
    live = new(video(publication=event))
    assert fixture(live, "meta.json")["fetched_at"] == LATER
    assert fixture(live, "record.json")["live_status"] == "is_live"


def test_a_fixture_says_how_its_page_is_encoded() -> None:
    page = video()
    other = Response(page.url, page.body, 200, {"content-type": "text/html; charset=latin-1"}, LATER)
    assert fixture(new(other), "meta.json")["headers"] == {"content-type": "text/html; charset=latin-1"}


def test_what_is_written_passes_the_linter_and_the_type_checker(tmp_path: Path) -> None:
    bare = response_of("<h1>Kites</h1>", "https://site.example/v/kites")
    drafts = [
        [draft_of("trial", video(), None), draft_of("trial", user(), None)],
        [draft_of("trial", video(LONG), None)],
        [draft_of("trial", video("https://site.example/watch?v=1"), None)],
        [draft_of("trial", bare, "video"), draft_of("trial", user(), None)],
        [draft_of("trial", bare, "user")],
        [draft_of("trial", response_of("<h1>Kites</h1>", "https://site.example/@a/v/1"), "video")],
    ]
    for number, some in enumerate(drafts):
        (tmp_path / f"trial{number}.py").write_text(module(some), "utf-8")
    root = Path(__file__).resolve().parent.parent
    config = str(root / "pyproject.toml")
    ignored = "INP001"  # these lie in no package
    for words in (
        ("ruff", "check", "--config", config, "--extend-ignore", f"{ignored},D102", str(tmp_path)),
        ("ruff", "format", "--check", "--config", config, str(tmp_path)),
        ("mypy", "--config-file", config, *map(str, sorted(tmp_path.glob("*.py")))),
    ):
        ended = subprocess.run([sys.executable, "-m", *words], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_nothing_is_overwritten_and_nothing_is_left_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAGES_FOLDER", "FIXTURES", "WORDS"):
        monkeypatch.setattr(newsite, name, tmp_path / name)
    (tmp_path / "FIXTURES" / "trial" / "video").mkdir(parents=True)
    there = tmp_path / "FIXTURES" / "trial" / "video" / "record.json"
    there.write_text("mine")
    with pytest.raises(FileExistsError):
        write(new(video()))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [there]
    there.unlink()
    write(new(video()))
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "meta.json",
        "page.html",
        "record.json",
        "trial.md",
        "trial.py",
    ]


def test_what_a_page_holds_for_machines_is_told() -> None:
    state = json.dumps({"video": {"id": 1, "plays": 2}, "filler": "x" * 200})
    deep = '{"a":' * 100_000
    body = (
        f'<script id="__NEXT_DATA__" type="application/json">{state}</script><script>window.STATE = {state};\n'
        f"var small = {{}}; let broken = {{'a': 1;</script><script>const deep = {deep}</script>"
        '<link type="application/json+oembed" href="/oembed?url=1">'
        '<div itemscope itemtype="https://schema.org/Person"><b itemprop="name">Ada</b></div>'
    )
    page = html({"@type": "VideoObject", "name": "K", "author": {"@type": "Person"}}, body=body)
    assert list(structured_data(response_of(page, "https://site.example/v/1"))) == [
        "JSON-LD: VideoObject (name, author: Person)",
        "microdata: Person (name)",
        "oEmbed: /oembed?url=1",
        "state __NEXT_DATA__: video {id, plays}, filler",
        "state STATE: video {id, plays}, filler",
    ]


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/*/page.*")), ids=lambda path: path.parent.name)
def test_any_page_can_be_looked_at(path: Path) -> None:
    response = Response("https://site.example/v/1", path.read_bytes(), 200, HTML, NOW)
    assert all(isinstance(line, str) for line in structured_data(response))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "name the site and a page of it"),
        (["trial"], "name the site and a page of it"),
        (["My-Site", "https://site.example/v/1"], "My-Site is no name of a site"),
        (["youtube", "https://site.example/v/1"], "crawler/pages/youtube exists, and is not overwritten"),
        (["trial", "nowhere"], "is not a URL"),
        (["trial", "./page.html"], "add --file before it"),
        (["trial", "https://site.example/v/1", "--file", "nowhere.html"], "--file nowhere.html does not exist"),
        (["trial", "https://site.example/v/1", "--kind", "video", "--file", ""], "--file is empty"),
        (["trial", "a.example/1", "b.example/2", "--file", "x.html"], "are of one page"),
        (["trial", "a.example/1", "--content-type", "text/html"], "add --file page.html"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(words: list[str], sentence: str) -> None:
    ended = run("newsite", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["http://127.0.0.1:1/v/1"], "refuses connections"),
    ],
)
def test_a_page_that_cannot_be_had_leaves_nothing_behind(words: list[str], sentence: str) -> None:
    ended = run("newsite", "trial", *words)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Nothing is written: ")
    assert sentence in ended.stderr
    assert not (FIXTURES / "trial").exists()
