"""`scrapy explain` of a site that only yt-dlp understands: what a crawl would give, by the same extractors."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from crawler import __version__
from tests.commands import run
from tests.crawls import DEADLINE_S, ROOT, crawl
from tests.paces import LATE_S
from tests.players import SMIL, WHOLE, Players, film, flash, running_players, without_ytdlp, write_plugin

pytest.importorskip("yt_dlp", reason="an optional part: requirements-ytdlp.txt")

STRUCTURED = "crawler.pages.structured.page.StructuredPage"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Players]:
    monkeypatch.setenv("PYTHONPATH", str(write_plugin(tmp_path)))
    with running_players() as running:
        yield running


def words(tmp_path: Path, *settings: str) -> list[str]:
    given = ("DOWNLOAD_DELAY=0", f"STORE_DIR={tmp_path / 'unused'}", *settings)
    return [word for one in given for word in ("-s", one)]


def explain(tmp_path: Path, url: str, *settings: str) -> tuple[int, dict[str, Any]]:
    ended = run("explain", url, "--json", *words(tmp_path, *settings))
    assert ended.stderr == ""
    return ended.returncode, json.loads(ended.stdout)


def test_a_film_is_told_as_a_crawl_would_record_it(tmp_path: Path, site: Players) -> None:
    url = film(site, "one")
    code, told = explain(tmp_path, url)
    assert (code, told["page"], told["refused"]) == (0, "yt-dlp:SmallFilms", None)
    (record,) = told["records"]
    assert site.asked() == ["/film/one", "/api/film/one"]
    assert {one.agent for one in site.arrived} == {f"crawler/{__version__}"}
    (crawled,) = crawl("videos", tmp_path, f"url={url}", "provenance=1").records
    assert {**record, "fetched_at": ""} == {**crawled, "fetched_at": ""}


def test_the_screen_names_the_extractor(tmp_path: Path, site: Players) -> None:
    ended = run("explain", film(site, "one"), *words(tmp_path))
    assert "\nread by yt-dlp's extractor SmallFilms\n" in ended.stdout
    assert "\nduration\t61.0\tyt-dlp:SmallFilms\n" in ended.stdout


def test_a_page_that_only_the_generic_extractor_understands_is_read_by_it(tmp_path: Path, site: Players) -> None:
    site.add("/lists/kites.smil", SMIL, "application/smil")
    code, told = explain(tmp_path, site.page("/watch/1", flash(site, "/lists/kites.smil")))
    assert (code, told["page"]) == (0, "yt-dlp:Generic")
    assert [record["title"] for record in told["records"]] == ["Kites over the bay"]
    assert site.asked() == ["/watch/1", "/lists/kites.smil"]


def test_an_extractor_s_requests_have_the_command_s_pace(tmp_path: Path, site: Players) -> None:
    site.add("/lists/kites.smil", SMIL, "application/smil")
    explain(tmp_path, site.page("/watch/1", flash(site, "/lists/kites.smil")), "DOWNLOAD_DELAY=0.5")
    at = {one.path: one.at for one in site.arrived}
    assert at["/lists/kites.smil"] - at["/robots.txt"] >= 0.5 * (len(at) - 1) - LATE_S


def test_a_list_leads_to_its_films(tmp_path: Path, site: Players) -> None:
    for page, some in enumerate((["one", "two"], ["three"])):
        site.add(f"/api/people/ann?page={page}", json.dumps({"films": some}))
    code, told = explain(tmp_path, site.page("/people/ann"))
    assert (code, told["page"], told["refused"]) == (0, "yt-dlp:SmallFilmsPeople", None)
    films = [link["url"].rpartition("/")[2] for link in told["links"] if link["kind"] == "video"]
    assert films == ["one", "two", "three"]


def test_what_robots_txt_keeps_from_an_extractor_is_not_asked_for(tmp_path: Path, site: Players) -> None:
    code, told = explain(tmp_path, site.page("/watch/1", flash(site, "/secret/kites.smil")))
    assert (code, told["page"], told["records"], told["refused"]["reason"]) == (1, STRUCTURED, [], "robots_txt")
    assert "/secret/kites.smil is forbidden by the robots.txt" in told["refused"]["detail"]
    assert site.asked() == ["/watch/1"]


@pytest.mark.parametrize(
    ("path", "reason", "says"),
    [
        ("/gone/1", "deleted", "has been removed by its owner"),
        ("/raises/0", "raised", "ValueError: odd"),
        ("/hangs/1", "hung", "YTDLP_TIMEOUT_S"),
        ("/aside/1", "raised", "by the engine only"),
    ],
)
def test_why_an_extractor_tells_nothing_is_said(
    tmp_path: Path, site: Players, path: str, reason: str, says: str
) -> None:
    code, told = explain(tmp_path, site.page(path), "YTDLP_TIMEOUT_S=3")
    assert (code, told["page"], told["records"], told["refused"]["reason"]) == (1, STRUCTURED, [], reason)
    assert says in told["refused"]["detail"]


@pytest.mark.parametrize(("mode", "title"), [("auto", "Kites over the bay"), ("always", "Kites")])
def test_a_page_that_tells_enough_is_left_to_itself_unless_told_otherwise(
    tmp_path: Path, site: Players, mode: str, title: str
) -> None:
    _, told = explain(tmp_path, film(site, "one", WHOLE), f"YTDLP={mode}")
    assert [record["title"] for record in told["records"]] == [title]
    assert told["page"] == (STRUCTURED if mode == "auto" else "yt-dlp:SmallFilms")


def test_with_never_no_extractor_is_asked(tmp_path: Path, site: Players) -> None:
    _, told = explain(tmp_path, film(site, "one"), "YTDLP=never")
    assert (told["page"], told["refused"]["reason"]) == (STRUCTURED, "no_record")
    assert site.asked() == ["/film/one"]


def test_without_yt_dlp_it_is_said_what_may_be_missing(
    tmp_path: Path, site: Players, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_ytdlp(tmp_path, monkeypatch)
    _, told = explain(tmp_path, film(site, "one"))
    assert told["refused"]["reason"] == "no_record"
    assert "pip install -r requirements-ytdlp.txt" in told["refused"]["detail"]
    ended = run("explain", film(site, "one"), *words(tmp_path, "YTDLP=always"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "run `pip install -r requirements-ytdlp.txt`" in ended.stderr


@pytest.mark.parametrize("path", ["/hangs/1?begun", "/endless/1?again"])
def test_a_signal_stops_it_while_an_extractor_works(tmp_path: Path, site: Players, path: str) -> None:
    url = site.page(path.partition("?")[0])
    settings = words(tmp_path, "YTDLP_TIMEOUT_S=3600", "YTDLP_REQUESTS=1000000000")
    command = [sys.executable, "-W", "error", "-m", "scrapy", "explain", url, *settings]
    with subprocess.Popen(command, cwd=ROOT, stdout=PIPE, stderr=PIPE, text=True) as process:  # noqa: S603
        site.until(path)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, *told) == (130, "", "")
