from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import Exhausted, NotARecord
from crawler.explaining import answers, saved
from crawler.explaining.answers import Answer, read, read_offline
from crawler.explaining.saved import MOST_LINE_BYTES, Saved, batch
from crawler.items import RecordKey, User, Video
from crawler.looking import as_line
from crawler.pages import platform_of
from crawler.pages.base import Link, Listing, Page, Response
from tests.commands import run

URL = "https://clips.example/@ada"
FIXTURE = Path(__file__).parent / "fixtures" / "schema.org" / "profile-page"
KEYS = ["url", "file", "page", "records", "links", "refused"]
LIMIT = 1_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_bytes((FIXTURE / "page.html").read_bytes())
    return tmp_path


def answers_to(lines: list[Any], folder: Path) -> list[dict[str, Any]]:
    """Answer lines: objects, or bytes as they stand."""
    body = b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in lines)
    return [json.loads(as_line(one.as_json())) for one in batch(BytesIO(body), folder, LIMIT)]


def explain(folder: Path, **given: Any) -> Answer:
    return saved.explain(Saved(**{"url": URL, "file": "page.html"} | given), [folder], LIMIT)


def test_a_saved_page_is_read_with_the_source_of_every_field(folder: Path) -> None:
    (answer,) = answers_to([{"url": URL, "file": "page.html", "content_type": "text/html"}], folder)
    assert list(answer) == KEYS
    assert (answer["url"], answer["file"], answer["refused"]) == (URL, "page.html", None)
    assert answer["page"] == "crawler.pages.structured.page.StructuredPage"
    (record,) = answer["records"]
    expected = json.loads((FIXTURE / "record.json").read_text("utf-8"))
    untold = {"kind", "site", "fetched_at", "fetched_from", "approximate"}
    assert {name: record[name] for name in expected.keys() - {"fetched_at"}} == {
        name: value for name, value in expected.items() if name != "fetched_at"
    }
    assert record["provenance"].keys() == expected.keys() - untold
    assert all(link.keys() == {"url", "kind"} for link in answer["links"])


@pytest.mark.parametrize("content_type", [None, "", "text/html; charset=utf-8"])
def test_a_content_type_that_is_not_told_is_known_by_the_name(folder: Path, content_type: str | None) -> None:
    (answer,) = answers_to([{"url": URL, "file": "page.html", "content_type": content_type}], folder)
    assert [record["username"] for record in answer["records"]] == ["ada"]


@pytest.mark.parametrize(
    ("line", "reason", "words"),
    [
        (b"{\n", "bad_line", "line 1 is no JSON"),
        (b"\xff\n", "bad_line", "line 1 is no JSON"),
        (b"[" * 100_000 + b"\n", "bad_line", "line 1 is no JSON"),
        (b'{"url": "' + b"x" * 2 * MOST_LINE_BYTES + b'"}\n', "bad_line", "more than 1,000,000 bytes"),
        ([], "bad_line", "line 1 is no JSON object"),
        ({"url": URL}, "bad_line", "names no file"),
        ({"url": URL, "file": 7}, "bad_line", "names no file"),
        ({"file": "page.html"}, "bad_url", "names no URL"),
        ({"url": None, "file": "page.html"}, "bad_url", "names no URL"),
        ({"url": "nicovideo search API", "file": "page.html"}, "bad_url", "is not a URL"),
        ({"url": URL, "file": "none.html"}, "bad_file", "none.html cannot be read (No such file"),
        ({"url": URL, "file": "."}, "bad_file", "it is no file"),
        ({"url": URL, "file": "a\0b"}, "bad_file", "cannot be read"),
        ({"url": URL, "file": "page.html", "status": "404"}, "bad_line", "status or content_type"),
        ({"url": URL, "file": "page.html", "content_type": []}, "bad_line", "status or content_type"),
    ],
)
def test_a_bad_line_is_answered_and_the_next_one_too(folder: Path, line: Any, reason: str, words: str) -> None:
    bad, good = answers_to([line, {"url": URL, "file": "page.html"}], folder)
    assert list(bad) == KEYS
    assert (bad["records"], bad["links"], bad["page"]) == ([], [], None)
    assert bad["refused"]["reason"] == reason
    assert words in bad["refused"]["detail"]
    assert len(good["records"]) == 1


def test_empty_lines_and_a_missing_line_feed_at_the_end_are_nothing(folder: Path) -> None:
    line = json.dumps({"url": URL, "file": "page.html"}).encode()
    assert len(answers_to([b"\n", b"\xef\xbb\xbf" + line + b"\n \n", line], folder)) == 2


def test_a_file_is_looked_for_beside_the_batch_and_then_in_the_current_folder(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    elsewhere = tmp_path_factory.mktemp("batch")
    assert len(answers_to([{"url": URL, "file": "page.html"}], elsewhere)[0]["records"]) == 1
    (elsewhere / "page.html").write_text("<title>Not found</title>")
    assert answers_to([{"url": URL, "file": "page.html"}], elsewhere)[0]["refused"]["reason"] == "not_found"


def test_a_file_that_is_larger_than_a_response_may_be_is_not_read(folder: Path) -> None:
    answer = saved.explain(Saved(URL, "page.html"), [folder], 100)
    assert answer.refused is not None
    assert answer.refused.reason == "bad_file"
    assert "DOWNLOAD_MAXSIZE lets 100 be read" in answer.refused.detail


def test_a_status_that_says_why_there_is_no_record_is_heeded(folder: Path) -> None:
    for status, reason in ((404, "not_found"), (410, "deleted"), (500, "http_500")):
        answer = explain(folder, status=status)
        assert answer.refused is not None
        assert answer.refused.reason == reason
        assert not answer.has_read


@pytest.mark.parametrize(
    ("body", "words", "is_read"),
    [
        ("<title>Tide tables</title>", "nothing in it is known", False),
        ("<title>Tide tables</title><a href=/2>on</a>", "it is about something else, and was read for its links", True),
    ],
)
def test_a_page_about_something_else_is_no_record(folder: Path, body: str, words: str, is_read: bool) -> None:  # noqa: FBT001 - a case
    (folder / "page.html").write_text(body)
    answer = explain(folder)
    assert answer.as_json()["refused"] == {"reason": "no_record", "detail": words}
    assert answer.has_read is is_read


def test_a_page_of_a_platform_is_known_by_its_body(folder: Path) -> None:
    (folder / "page.html").write_text("<meta property='og:platform' content='PeerTube'>")
    response = saved.response_of(Saved(URL, "page.html"), [folder], LIMIT)
    assert platform_of(response) == "peertube"


def test_a_page_that_was_saved_under_an_address_that_only_redirects_is_read_as_itself() -> None:
    folder = FIXTURE.parent.parent / "youtube" / "watch"
    urls = ("https://www.youtube.com/watch?v=watchwatch1", "https://youtu.be/watchwatch1")
    usual, short = (saved.explain(Saved(url, "page.html"), [folder], LIMIT) for url in urls)
    assert short.page is usual.page
    assert [record.id for record in short.records] == ["watchwatch1"]
    assert (short.url, short.read) == (urls[1], urls[0])


class Odd(Page):
    """Does what it is told."""

    site = "odd"
    given: Any = None

    def records(self) -> Any:
        yield from self.given()

    def refusals(self) -> Any:
        yield RecordKey("video", "odd", "2"), NotARecord("deleted", "gone")


def odd(given: Any, kind: type[Odd] = Odd) -> Answer:
    page = kind(Response(URL, b""))
    page.given = given
    return read(page, Answer(URL))


def fail(error: Exception) -> Any:
    raise error


def user(**fields: Any) -> User:
    return User(site="odd", id="1", url=URL, fetched_at="2026-01-01", fetched_from=URL, **fields)


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (NotARecord("private", "says so"), "private", "says so"),
        (Exhausted("quota", "come back tomorrow"), "quota", "come back tomorrow"),
        (KeyError("name"), "error", "KeyError: 'name'"),
        (RecursionError(), "error", "RecursionError"),
    ],
)
def test_what_a_page_raises_is_told_and_never_raised(error: Exception, reason: str, words: str) -> None:
    answer = odd(lambda: fail(error))
    assert answer.refused == answers.Refusal(reason, words)
    assert answer.is_error == (reason == "error")
    assert answer.page is Odd


def test_a_record_that_is_not_valid_is_refused_with_the_reasons_and_the_others_stay() -> None:
    answer = odd(lambda: [user(follower_count=-1), user(name=" Ada ")])
    assert answer.refused is not None
    assert answer.refused.reason == "invalid_follower_count"
    assert "greater than or equal to 0" in answer.refused.detail
    assert [record.name for record in answer.records if isinstance(record, User)] == ["Ada"]


def test_where_all_that_was_asked_for_is_no_record_the_first_reason_is_told() -> None:
    answer = odd(list)
    assert answer.refused == answers.Refusal("deleted", "gone")
    assert odd(lambda: [user()]).refused is None


class Wanting(Odd):
    """Never has enough."""

    asked = 0

    def wants(self) -> Link | None:
        self.asked += 1
        return Link(URL, "listing")

    def listing(self) -> Listing:
        return Listing("videos of Ada", "video")

    def records(self) -> Any:
        yield Video(
            site="odd",
            id=str(self.asked),
            url=URL,
            fetched_at="2026-01-01",
            fetched_from=URL,
            title=f"\ud800{self.url}",
        )


def test_what_a_saved_page_wants_besides_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "page_for", lambda response, _: Wanting(response))
    answer = read_offline(URL, "f", Response(URL, b""), None)
    assert [record.id for record in answer.records] == [str(answers.UNANSWERED_MOST)]
    assert answer.has_read


def test_half_a_character_does_not_spoil_a_line() -> None:
    assert json.loads(as_line({"a": "\ud800ü"})) == {"a": "?ü"}


def test_a_batch_is_answered_by_the_command_in_its_order(folder: Path) -> None:
    lines = [{"url": URL, "file": name} for name in ("none.html", "page.html")]
    (folder / "batch.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ended = run("explain", "--json", "--batch", folder / "batch.jsonl")
    assert (ended.returncode, ended.stderr) == (0, "")
    first, second = map(json.loads, ended.stdout.splitlines())
    assert (first["refused"]["reason"], second["refused"]) == ("bad_file", None)


def test_a_saved_page_is_shown_in_lines(folder: Path) -> None:
    ended = run("explain", "--file", folder / "page.html", "--url", URL)
    assert (ended.returncode, ended.stderr) == (0, "")
    told = ended.stdout.splitlines()
    assert told[0] == URL
    assert told[1].startswith("read by StructuredPage in crawler/pages/structured/page.py (site schema.org")
    assert any(line.startswith("follower_count\t4690000 (rounded by the site)\t") for line in told)
    assert any(line.startswith("unknown: ") and "country" in line for line in told)


def test_a_refusal_is_shown_with_its_reason(folder: Path) -> None:
    ended = run("explain", "--file", folder / "page.html", "--url", URL, "--status", "404")
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1].startswith("refused: not_found")
