"""Crawls of a site that only yt-dlp understands: every request of its extractors is one of the crawl."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler import __version__
from tests.crawls import Ended, crawl, end, start
from tests.paces import LATE_S
from tests.players import SMIL, WHOLE, Players, film, flash, running_players, without_ytdlp, write_plugin

pytest.importorskip("yt_dlp", reason="an optional part: requirements-ytdlp.txt")

BY_THE_PAGE = "Kites over the bay"
SOON = "YTDLP_TIMEOUT_S=3"
"""Long enough for an extractor that does not hang, on a machine under load."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Players]:
    monkeypatch.setenv("PYTHONPATH", str(write_plugin(tmp_path)))
    with running_players() as running:
        yield running


def failures(ended: Ended) -> list[str]:
    """What the log says of requests that were given up."""
    return [line.partition("Gave up: ")[2] for line in ended.log.splitlines() if "Gave up: " in line]


def counted(ended: Ended) -> set[str]:
    """The statistics of extractors."""
    return {
        line.strip(" {}").partition("'")[2].partition("'")[0] for line in ended.log.splitlines() if "'ytdlp/" in line
    }


# --- one visitor ---


def test_an_extractor_reads_a_film_whose_page_does_not_tell_enough(tmp_path: Path, site: Players) -> None:
    url = film(site, "one")
    ended = crawl("videos", tmp_path, f"url={url}", "scope=seed", "provenance=1")
    assert ended.exit_code == 0, ended.log
    record = ended.by_id("video")["one"]
    assert (record["site"], record["url"], record["title"]) == ("smallfilms", url, "Kites")
    assert (record["duration"], record["published_at"]) == (61, "2023-11-14T22:13:20Z")
    assert (record["uploader"], record["tags"], record["age_limit"]) == ("Ann", ["kites", "bay"], None)
    assert record["provenance"]["duration"] == "yt-dlp:SmallFilms"
    assert {"ytdlp/read/SmallFilms", "ytdlp/requests"} <= counted(ended)


def test_its_requests_have_our_name_and_our_pace_and_fetch_no_page_twice_and_no_media(
    tmp_path: Path, site: Players
) -> None:
    urls = [film(site, "one"), site.page("/watch/two", flash(site, "/lists/two.smil"))]
    site.add("/lists/two.smil", SMIL, "application/smil")
    ended = crawl("videos", tmp_path, f"url={','.join(urls)}", "scope=seed", "DOWNLOAD_DELAY=0.5")
    assert ended.exit_code == 0, ended.log
    assert len(ended.records) == 2
    assert sorted(site.asked()) == ["/api/film/one", "/film/one", "/lists/two.smil", "/watch/two"]
    assert {one.agent for one in site.arrived} == {f"crawler/{__version__}"}
    assert not any(name in one.headers for one in site.arrived for name in ("cookie", "sec-fetch-mode"))
    times = [one.at for one in site.arrived]
    assert times[-1] - times[0] >= 0.5 * (len(times) - 1) - LATE_S


def test_what_robots_txt_refuses_is_not_asked_for_and_said(tmp_path: Path, site: Players) -> None:
    for path in ("/secret/kites.smil", "/secret/1"):
        site.add(path, SMIL, "application/smil")
    urls = [site.page("/watch/secret", flash(site, "/secret/kites.smil")), *map(site.page, ("/hidden/1", "/veiled/2"))]
    ended = crawl("videos", tmp_path, f"url={','.join(urls)}", "scope=seed")
    assert sorted(site.asked()) == ["/hidden/1", "/veiled/2", "/watch/secret"]
    assert ended.records == []
    said = failures(ended)
    assert len(said) == 3
    assert all("is forbidden by the robots.txt of 127.0.0.1" in one for one in said)
    names = ("Generic", "SmallFilmsSecret", "SmallFilmsSecretToo")
    assert {f"ytdlp/failed/{name}/robots" for name in names} <= counted(ended)


def test_an_extractor_that_goes_past_the_engine_gets_nowhere(tmp_path: Path, site: Players) -> None:
    ended = crawl("videos", tmp_path, f"url={site.page('/aside/1')}", "scope=seed")
    assert site.asked() == ["/aside/1"]
    assert ended.records == []
    assert "ytdlp/failed/SmallFilmsAside/raised" in counted(ended)


def test_an_extractor_is_not_led_to_a_private_place(tmp_path: Path, site: Players) -> None:
    with running_players() as other:
        other.add("/lists/two.smil", SMIL, "application/smil")
        url = site.page("/watch/two", flash(other, "/lists/two.smil"))
        ended = crawl("videos", tmp_path, f"url={url}", "scope=seed")
        assert (ended.records, other.arrived) == ([], [])
        assert "127.0.0.1 is not a public address" in ended.log
        ended = crawl("videos", tmp_path, f"url={url}", "scope=seed", "anew=1", "PRIVATE_HOSTS=127.0.0.1")
        assert (len(ended.records), other.asked()) == (1, ["/lists/two.smil"])


# --- lists ---


def test_a_list_leads_to_all_its_films(tmp_path: Path, site: Players) -> None:
    for page, some in enumerate((["one", "two"], ["three"])):
        site.add(f"/api/people/ann?page={page}", json.dumps({"films": some}))
        for one in some:
            film(site, one)
    ended = crawl("videos", tmp_path, f"url={site.page('/people/ann')}", "scope=seed")
    assert set(ended.by_id("video")) == {"one", "two", "three"}, ended.log
    assert "/about" not in site.asked(), "the scope is the list"
    assert [path for path in site.asked() if path.startswith("/api/people")] == [
        "/api/people/ann?page=0",
        "/api/people/ann?page=1",
    ]


def test_a_list_that_breaks_off_keeps_what_was_read(tmp_path: Path, site: Players) -> None:
    site.add("/api/people/ann?page=0", json.dumps({"films": ["one", "two"]}))
    film(site, "one")
    film(site, "two")
    ended = crawl("videos", tmp_path, f"url={site.page('/people/ann')}", "scope=seed")
    assert set(ended.by_id("video")) == {"one", "two"}, ended.log
    assert "ytdlp/failed/SmallFilmsPeople/incomplete" in counted(ended)
    assert "is not read to its end" in ended.log


# --- what goes wrong ---


def test_no_extractor_stops_the_crawl(tmp_path: Path, site: Players) -> None:
    urls = [site.page(path) for path in ("/hangs/1", "/raises/0", "/raises/1", "/gone/1", "/endless/1", "/deaf/1")]
    site.page("/endless/1?again")
    ended = crawl(
        "videos", tmp_path, f"url={','.join([*urls, film(site, 'one')])}", "scope=seed", SOON, "YTDLP_REQUESTS=3"
    )
    assert set(ended.by_id("video")) == {"one"}, ended.log
    assert ended.reasons() == ["deleted"]
    assert ended.exit_code == 1, "seeds have failed"
    assert len(failures(ended)) == 5
    assert counted(ended) >= {
        "ytdlp/failed/SmallFilmsHangs/hung",
        "ytdlp/failed/SmallFilmsRaises/raised",
        "ytdlp/refused/SmallFilmsGone/deleted",
        "ytdlp/failed/SmallFilmsEndless/too_many_requests",
        "ytdlp/failed/SmallFilmsDeaf/too_many_requests",
        "ytdlp/hanging",
    }
    assert site.asked().count("/endless/1?again") == 3


def test_when_all_threads_hang_the_others_go_without(tmp_path: Path, site: Players) -> None:
    urls = [site.page("/hangs/1"), site.page("/hangs/2"), film(site, "one")]
    ended = crawl("videos", tmp_path, f"url={','.join(urls)}", "scope=seed", SOON, "YTDLP_THREADS=1")
    said = failures(ended)
    assert sum("hangs at" in one for one in said) == 1
    assert len(said) + len(ended.records) == 3, ended.log


def test_a_page_that_tells_something_is_a_record_also_where_its_extractor_fails(tmp_path: Path, site: Players) -> None:
    thin = WHOLE.replace('"uploadDate": "2024-05-01T10:00:00Z",', "")
    ended = crawl("videos", tmp_path, f"url={site.page('/raises/0', thin)}", "scope=seed")
    assert [record["title"] for record in ended.records] == [BY_THE_PAGE]
    assert failures(ended) == []
    assert "ytdlp/failed/SmallFilmsRaises/raised" in counted(ended)


def test_an_instance_that_is_stopped_does_not_wait_for_an_extractor(tmp_path: Path, site: Players) -> None:
    url = site.page("/hangs/1", WHOLE.replace(', "duration": "PT2M"', ""))
    running = start("videos", tmp_path, f"url={url}", "scope=seed", "YTDLP_TIMEOUT_S=3600")
    site.until("/hangs/1?begun")
    running.send_signal(signal.SIGINT)
    ended = end(running, tmp_path)
    assert ended.exit_code == 0, ended.log
    ended = crawl("videos", tmp_path, "YTDLP=never", option="-o")
    assert [record["title"] for record in ended.records] == [BY_THE_PAGE], ended.log


# --- the choice ---


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ((), BY_THE_PAGE),
        (("YTDLP=always",), "Kites"),
        (("YTDLP=always", 'YTDLP_HOSTS={"0.0.1": "never"}'), BY_THE_PAGE),
        (('YTDLP_HOSTS={"127.0.0.1": "always"}',), "Kites"),
    ],
)
def test_a_page_that_tells_enough_is_left_to_itself_unless_told_otherwise(
    tmp_path: Path, site: Players, settings: tuple[str, ...], title: str
) -> None:
    ended = crawl("videos", tmp_path, f"url={film(site, 'one', WHOLE)}", "scope=seed", *settings)
    assert [record["title"] for record in ended.records] == [title], ended.log


def test_with_never_no_extractor_is_asked(tmp_path: Path, site: Players) -> None:
    ended = crawl("videos", tmp_path, f"url={film(site, 'one')}", "scope=seed", "YTDLP=never")
    assert ended.records == []
    assert site.asked() == ["/film/one"]


def test_without_yt_dlp_the_crawl_does_what_it_can_and_says_so_once(
    tmp_path: Path, site: Players, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_ytdlp(tmp_path, monkeypatch)
    urls = [film(site, "one"), film(site, "two"), film(site, "three", WHOLE)]
    ended = crawl("videos", tmp_path, f"url={','.join(urls)}", "scope=seed")
    assert [record["title"] for record in ended.records] == [BY_THE_PAGE]
    assert ended.log.count("yt-dlp is not installed") == 1


@pytest.mark.parametrize("setting", ["YTDLP=always", 'YTDLP_HOSTS={"films.example": "always"}'])
def test_who_demands_yt_dlp_is_told_how_to_install_it(
    tmp_path: Path, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_ytdlp(tmp_path, monkeypatch)
    ended = crawl("videos", tmp_path, "url=http://127.0.0.1:9", setting)
    assert ended.exit_code == 2
    assert "run `pip install -r requirements-ytdlp.txt`" in ended.log


@pytest.mark.parametrize(
    "setting", ["YTDLP=sometimes", 'YTDLP_HOSTS={"films.example": "no"}', "YTDLP_HOSTS=films.example"]
)
def test_a_choice_that_is_none_is_refused(tmp_path: Path, setting: str) -> None:
    ended = crawl("videos", tmp_path, "url=http://127.0.0.1:9", setting)
    assert ended.exit_code == 2
    assert "auto, never, always" in ended.log
