from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.utils.request import fingerprint

from crawler.frontier.fingerprint import folded
from crawler.frontier.queue import NewLink
from crawler.items import RecordKey
from crawler.pages import PLATFORMS
from crawler.spiders.replies import request_of as asked_by
from tests.books import Book
from tests.commands import answer, run
from tests.crawls import DEADLINE_S, ROOT
from tests.queues import Crew, crew_at, finish, link, push, take, tell

HOST = "peertube.example"
UUID = "9d22ed5e-0701-49d5-bd06-e6b6ff0a447f"
API = f"https://{HOST}/api/v1/videos/{UUID}"
PAGE = f"https://{HOST}/videos/watch/{UUID}"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def request_of(url: str) -> NewLink:
    """A request with the fingerprint that an instance gives it."""
    return link(url, HOST)._replace(fingerprint=folded(fingerprint(Request(url))))


def test_each_spider_answers(crew: Crew, valkey: str) -> None:
    push(crew.join(), request_of(PAGE))
    shown = run("explain", "--offline", PAGE, "-s", f"REDIS_URL={valkey}")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == (
        "users: there is no crawl of users here\n"
        f"videos: waits: 0 other requests of its host come first, and {HOST} may be asked now\n"
    )


def test_the_page_of_a_video_is_found_by_what_is_requested_for_it(crew: Crew, valkey: str) -> None:
    queue = crew.join()
    crew.server.hset(crew.keys.platforms, HOST, "peertube")
    push(queue, request_of(API))
    words = ("explain", "--offline", PAGE.removeprefix("https://"), "--spider", "videos", "-s", f"REDIS_URL={valkey}")
    assert run(*words).stdout.endswith(f" may be asked now ({API})\n")
    finish(queue, *take(queue).values())
    assert answer(*words) == {
        "url": PAGE,
        **dict.fromkeys(("file", "page", "records", "links", "refused")),
        "crawls": [
            {
                "crawl": "videos",
                "state": "done",
                "text": "was fetched and is done; no record, refusal or failure is known by this URL",
                "url": API,
                "request_id": "",
            }
        ],
    }
    Book(crew.server, crew.keys).record(RecordKey("video", "peertube", UUID))
    assert answer(*words)["crawls"][0]["state"] == "recorded"


def test_a_page_of_any_other_site_is_known_by_its_url(crew: Crew, valkey: str) -> None:
    crew.join()
    Book(crew.server, crew.keys).record(RecordKey("user", "schema.org", "https://site.example/kim"))
    told = answer("explain", "--offline", "site.example/kim", "--spider", "videos", "-s", f"REDIS_URL={valkey}")
    assert told["crawls"][0]["text"] == "recorded, as user schema.org https://site.example/kim"


def test_a_dead_letter_and_its_way_back(crew: Crew, valkey: str) -> None:
    queue = crew.join()
    push(queue, request_of(PAGE))
    tell(queue, dead=[(one, "5 crashes") for one in take(queue).values()])
    assert "was given up (5 crashes)" in run("explain", "--offline", PAGE, "-s", f"REDIS_URL={valkey}").stdout
    run("dead", "videos", "--retry", "-s", f"REDIS_URL={valkey}")
    assert (
        answer("explain", "--offline", PAGE, "--spider", "videos", "-s", f"REDIS_URL={valkey}")["crawls"][0]["state"]
        == "waiting"
    )


def test_without_a_store_there_is_no_crawl(tmp_path: Path) -> None:
    shown = run("explain", "--offline", PAGE, "--spider", "users", "-s", f"STORE_DIR={tmp_path / 'store'}")
    assert (shown.returncode, shown.stdout) == (0, "users: there is no crawl of users here\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "name one URL"),
        (["one", "two"], "name one URL"),
        (["nowhere"], "is not a URL that can be crawled"),
        ([""], "an argument is empty"),
        ([PAGE, "--content-type", ""], "--content-type is empty"),
        (["./nowhere.html"], "add --file before it, and --url URL"),
        (["README.md"], "add --file before it, and --url URL"),
        (["x" * 5_000], "is not a URL that can be crawled"),
        ([PAGE, "--spider", "nobody"], "there is no spider nobody"),
        ([PAGE, "--url", PAGE], "--url is that of a saved page"),
        (["--file", "page.html"], "needs the URL that it was saved from"),
        ([PAGE, "--url", PAGE, "--file", "page.html"], "name one URL"),
        (["--json", "--batch", "pages.jsonl", "--status", "404"], "--batch takes all from its file"),
        ([PAGE, "--file", "page.html", "--offline"], "leave one out"),
        ([PAGE, "--status", "404"], "add --file page.html"),
        ([PAGE, "--file", "page.html", "--status", "7"], "HTTP has 100 to 599"),
        (["--batch", "pages.jsonl"], "scrapy explain --json --batch pages.jsonl"),
        (["--json", "--batch", "nowhere.jsonl"], "--batch nowhere.jsonl cannot be read"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(words: list[str], sentence: str) -> None:
    ended = run("explain", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_that_is_not_there_is_a_wrong_argument() -> None:
    ended = run("explain", "--file", "nowhere.html", "--url", PAGE)
    assert ended.returncode == 2
    assert "bad_file: nowhere.html cannot be read" in ended.stdout


def test_who_reads_the_answers_may_have_seen_enough(tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"url": "https://site.example/1", "file": "nowhere.html"}\n' * 20_000)
    command = [sys.executable, "-W", "error", "-m", "scrapy", "explain", "--json", "--batch", str(batch)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - our own command
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"bad_file" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(DEADLINE_S) == 0
        assert process.stderr.read() == b""


def test_a_user_is_found_by_every_form_of_its_url(crew: Crew, valkey: str) -> None:
    crew.join()
    crew.server.hset(crew.keys.platforms, HOST, "peertube")
    Book(crew.server, crew.keys).record(RecordKey("user", "peertube", f"kim@{HOST}"))
    for form in ("@kim", "a/kim", "accounts/kim/videos", "c/kim", "video-channels/kim"):
        told = answer(
            "explain", "--offline", f"https://{HOST}/{form}", "--spider", "videos", "-s", f"REDIS_URL={valkey}"
        )
        assert told["crawls"][0]["text"] == f"recorded, as user peertube kim@{HOST}"


def test_what_an_api_is_posted_is_found_by_the_page_that_it_is_for(crew: Crew, valkey: str) -> None:
    url = "https://odysee.com/@kites:1/boats:2"
    (asked,) = PLATFORMS["odysee"].start(url)
    assert asked.body
    push(crew.join(), link(asked.url)._replace(fingerprint=folded(fingerprint(asked_by(asked)))))
    told = answer("explain", "--offline", url, "--spider", "videos", "-s", f"REDIS_URL={valkey}")
    assert (told["crawls"][0]["state"], told["crawls"][0]["url"]) == ("waiting", asked.url)


def test_with_a_key_a_video_is_found_by_what_the_api_is_asked_for(crew: Crew, valkey: str) -> None:
    url = "https://youtu.be/aaaaaaaaaaa"
    (asked,) = PLATFORMS["youtube"].configured({"YOUTUBE_API_KEY": "x"}).start(url)
    push(crew.join(), request_of(asked.url))
    told = answer(
        "explain", "--offline", url, "--spider", "videos", "-s", f"REDIS_URL={valkey}", "-s", "YOUTUBE_API_KEY=x"
    )
    assert told["crawls"][0]["state"] == "waiting"
