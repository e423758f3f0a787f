"""Extractors at work: what they ask for, how they go on from one to the next, how they fail."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crawler.errors import NotARecord, Unextracted
from crawler.extractors.choice import Choice
from crawler.extractors.exchange import ROBOTS, Abandoned, Asked, Denied, Ended, Exchange, Fetch, Got, Wanted
from crawler.extractors.guard import guarded

pytest.importorskip("yt_dlp", reason="an optional part: requirements-ytdlp.txt")

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.networking import HEADRequest, Request
from yt_dlp.networking.exceptions import HTTPError, RequestError, TransportError
from yt_dlp.utils import ExtractorError, GeoRestrictedError, OnDemandPagedList, UserNotLive, smuggle_url

from crawler.extractors import reading
from crawler.extractors.catalogue import Catalogue
from crawler.extractors.reading import MetadataOnly, plain, reason_for, resolved

URL = "https://films.example/watch/77"
DEADLINE_S = 60
LOGIN_HINT = "Use --cookies, --cookies-from-browser, --username and --password to provide account credentials"


def answering(asked: list[Wanted], answer: Got | Denied | None = None) -> Fetch:
    """What keeps the requests that it is given, and answers all of them alike."""

    def fetch(wanted: Wanted) -> Got | Denied:
        asked.append(wanted)
        return answer or Got(wanted.url, 200, {"content-type": "text/html"}, b"<html>there</html>")

    return fetch


def made(key: str, extract: Callable[[Any, str], Any]) -> Any:
    """An extractor that returns what a function does."""
    return type(f"{key}IE", (InfoExtractor,), {"_VALID_URL": r"https://films\.example/.+", "_real_extract": extract})()


def run(*extractors: Any, fetch: Fetch | None = None, native: str = "-") -> dict[str, Any]:
    """Have the first extractor read the page; the others are there to be referred to."""
    ydl = MetadataOnly(fetch or answering([]))
    for one in extractors:
        ydl.add_info_extractor(one)
    return plain(ydl, resolved(ydl, URL, extractors[0].ie_key(), lambda url: native in url))


# --- requests ---


def test_a_request_goes_out_without_what_the_crawl_has_of_its_own() -> None:
    asked: list[Wanted] = []
    headers = {"User-Agent": "A browser", "Cookie": "a=b", "X-Forwarded-For": "1.2.3.4", "Referer": URL, "X-Token": "t"}
    ydl = MetadataOnly(answering(asked))
    response = ydl.urlopen(Request(URL, headers=headers, proxies={"all": "http://proxy.example"}))
    assert (response.status, response.url, response.read()) == (200, URL, b"<html>there</html>")
    assert asked == [Wanted(URL, "GET", {"Referer": URL, "X-Token": "t"}, b"")]


@pytest.mark.parametrize("data", [b"a=1", [b"a=", b"1"], iter([b"a=1"])])
def test_a_body_is_sent_as_it_is(data: Any) -> None:
    asked: list[Wanted] = []
    MetadataOnly(answering(asked)).urlopen(Request(URL, data=data))
    assert (asked[0].method, asked[0].body) == ("POST", b"a=1")


def test_a_head_request_is_one() -> None:
    asked: list[Wanted] = []
    MetadataOnly(answering(asked)).urlopen(HEADRequest(URL))
    assert asked[0].method == "HEAD"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://films.example/a", "wss://films.example/live", "data:,a"])
def test_nothing_but_http_is_asked_for(url: str) -> None:
    asked: list[Wanted] = []
    with pytest.raises(RequestError):
        MetadataOnly(answering(asked)).urlopen(Request(url))
    assert asked == []


def test_no_browser_is_impersonated() -> None:
    asked: list[Wanted] = []
    with pytest.raises(RequestError, match="impersonate"):
        MetadataOnly(answering(asked)).urlopen(Request(URL, extensions={"impersonate": "chrome"}))
    assert asked == []


def test_errors_of_http_and_denials_are_those_that_extractors_know() -> None:
    with pytest.raises(HTTPError) as error:
        MetadataOnly(answering([], Got(URL, 404, {}, b"gone"))).urlopen(Request(URL))
    assert (error.value.status, error.value.response.read()) == (404, b"gone")
    with pytest.raises(TransportError, match="is forbidden"):
        MetadataOnly(answering([], Denied(ROBOTS, "it is forbidden"))).urlopen(Request(URL))


# --- only metadata ---


def test_manifests_are_not_fetched_and_stand_for_their_formats() -> None:
    def extract(self: Any, _: str) -> Any:
        formats = self._extract_m3u8_formats("https://a.example/a.m3u8", "1")
        more, subtitles = self._extract_mpd_formats_and_subtitles("https://a.example/a.mpd", "1")
        assert self._is_valid_url("https://a.example/a.mp4", "1")
        self._check_formats(formats, "1")
        return {"id": "1", "title": "a", "formats": [*formats, *more], "subtitles": subtitles}

    asked: list[Wanted] = []
    info = run(made("Films", extract), fetch=answering(asked))
    assert asked == []
    assert [one["protocol"] for one in info["formats"]] == ["manifest", "manifest"]


def test_a_video_without_formats_is_one_all_the_same() -> None:
    def extract(self: Any, _: str) -> Any:
        self.raise_no_formats("none", expected=True)
        return {"id": "1", "title": "a"}

    assert run(made("Films", extract))["title"] == "a"


def test_no_other_place_is_pretended() -> None:
    def extract(self: Any, url: str) -> Any:
        self._download_webpage(url, "1")
        self.raise_geo_restricted(countries=["US"])

    asked: list[Wanted] = []
    with pytest.raises(GeoRestrictedError):
        run(made("Films", extract), fetch=answering(asked))
    assert [one.headers.get("X-Forwarded-For") for one in asked] == [None]


# --- from one extractor to the next ---


def refers(kind: str, url: str, key: str | None = "Player", **told: Any) -> Any:
    return made("Films", lambda *_: {"_type": kind, "url": url, "ie_key": key, **told})


PLAYER = made("Player", lambda *_: {"id": "p1", "title": "By the player", "duration": 5})


@pytest.mark.parametrize(
    "url", ["player:1", "https://player.example/1", smuggle_url("https://player.example/1", {"a": 1})]
)
def test_a_page_and_its_player_are_one_video(url: str) -> None:
    info = run(refers("url_transparent", url, id="77", title="By the page"), PLAYER)
    assert info == {"extractor_key": "Films", "id": "77", "title": "By the page", "duration": 5}
    info = run(refers("url_transparent", url), PLAYER)
    assert info == {"extractor_key": "Films", "id": "p1", "title": "By the player", "duration": 5}
    assert run(refers("url", url), PLAYER) == info


def test_a_page_that_no_extractor_knows_as_its_own_is_not_asked_for() -> None:
    info = run(refers("url", "https://nobody.example/1", None))
    assert (info["_type"], info["url"]) == ("url", "https://nobody.example/1")


def test_a_page_of_a_site_that_the_project_reads_itself_is_left_to_it() -> None:
    info = run(refers("url", "https://player.example/1"), PLAYER, native="player.example")
    assert (info["_type"], info["url"]) == ("url", "https://player.example/1")


def test_an_address_is_told_without_what_one_extractor_smuggles_to_another() -> None:
    info = run(refers("url", smuggle_url("https://player.example/1", {"a": 1})), PLAYER, native="player.example")
    assert info["url"] == "https://player.example/1"


def test_extractors_that_refer_to_each_other_come_to_an_end() -> None:
    assert run(refers("url", "films:1", "Films"))["url"] == "films:1"


# --- lists ---


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {"_type": "url", "url": f"https://films.example/watch/{number}", "id": str(number), **more}


def listed(entries: Any) -> list[str]:
    info = run(made("Films", lambda *_: {"_type": "playlist", "id": "ann", "entries": entries}))
    return [one["url"].rpartition("/")[2] for one in info["entries"]]


def test_the_entries_of_a_list_are_read_whichever_form_they_have() -> None:
    assert listed([entry(1), entry(2)]) == ["1", "2"]
    assert listed(entry(number) for number in (1, 2)) == ["1", "2"]
    pages: list[int] = []

    def page(number: int) -> Iterator[dict[str, Any]]:
        pages.append(number)
        yield from ([entry(1), entry(2)], [entry(3)])[number]

    assert listed(OnDemandPagedList(page, 2)) == ["1", "2", "3"]
    assert pages == [0, 1]


def test_an_entry_that_leads_nowhere_by_itself_is_left_out() -> None:
    odd = [entry(1), {"_type": "url", "url": "films:1"}, {"id": "2", "title": "a"}, None, "https://films.example/3"]
    assert listed([*odd, {"id": "4", "webpage_url": "https://films.example/watch/4"}]) == ["1", "4"]


def test_a_video_in_parts_is_no_list_of_them() -> None:
    entries: Any = iter(lambda: pytest.fail("the parts are asked for"), None)
    assert "entries" not in run(made("Films", lambda *_: {"_type": "multi_video", "id": "1", "entries": entries}))
    whole = {"_type": "multi_video", "id": "2", "webpage_url": "https://films.example/watch/2"}
    info = run(made("Films", lambda *_: {"_type": "playlist", "id": "ann", "entries": [whole]}))
    assert [one["is_list"] for one in info["entries"]] == [False]


def test_an_endless_list_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ENTRIES", 10)
    assert len(listed(iter(lambda: entry(1), None))) == 10


# --- what goes wrong ---


def caused(message: str, cause: Exception) -> ExtractorError:
    return ExtractorError(message, cause=cause, expected=True)


def http_error(status: int) -> HTTPError:
    try:
        MetadataOnly(answering([], Got(URL, status, {}, b""))).urlopen(Request(URL))
    except HTTPError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (ExtractorError("This video is private", expected=True), NotARecord, "private"),
        (ExtractorError("You must log in to see it", expected=True), NotARecord, "login"),
        (ExtractorError("The video has been deleted", expected=True), NotARecord, "deleted"),
        (ExtractorError("Its uploader has closed their account", expected=True), NotARecord, "deleted"),
        (ExtractorError("This film is only for subscribers", expected=True), NotARecord, "login"),
        (ExtractorError(f"For registered users. {LOGIN_HINT}", expected=True), NotARecord, "login"),
        (ExtractorError(f"Pay for it first. {LOGIN_HINT}", expected=True), NotARecord, "login"),
        (ExtractorError("Enter its password with --video-password", expected=True), NotARecord, "password"),
        (ExtractorError("It is not available in your country", expected=True), NotARecord, "geo_restricted"),
        (ExtractorError("The channel is currently offline", expected=True), NotARecord, "not_live"),
        (ExtractorError("PhantomJS not found, please install it", expected=True), Unextracted, "raised"),
        (ExtractorError("You are rate-limited. Try again later.", expected=True), Unextracted, "raised"),
        (ExtractorError("It will be shown on Monday", expected=True), NotARecord, "unavailable"),
        (GeoRestrictedError("Not here"), NotARecord, "geo_restricted"),
        (UserNotLive(), NotARecord, "not_live"),
        (ExtractorError("Unable to extract title"), Unextracted, "raised"),
        (TypeError("None"), Unextracted, "raised"),
        (RecursionError("deep"), Unextracted, "raised"),
        (caused("no page", http_error(410)), Unextracted, "http_410"),
    ],
)
def test_a_site_that_refuses_a_video_is_told_apart_from_an_extractor_that_fails(
    error: Exception, kind: type[Exception], reason: str
) -> None:
    told = reason_for(error, "Films", URL, [])
    assert type(told) is kind
    assert told.reason == reason


def test_what_robots_txt_forbids_explains_what_the_extractor_says_after_it() -> None:
    denied = [Denied(ROBOTS, "it is forbidden"), Denied("no_answer", "it is away")]
    told = reason_for(ExtractorError("no formats", expected=True), "Films", URL, denied)
    assert (told.reason, "it is forbidden" in str(told)) == (ROBOTS, True)
    told = reason_for(caused("no page", TransportError("it is away")), "Films", URL, denied[1:])
    assert told.reason == "no_answer"


def test_an_extractor_that_is_removed_is_said_to_be() -> None:
    with pytest.raises(Unextracted, match="no extractor FilmsOfOld any more") as error:
        reading.read(URL, "FilmsOfOld", answering([]), is_native=lambda _: False)
    assert error.value.reason == "removed"


def test_each_url_is_given_to_the_extractor_that_knows_it_and_never_to_the_generic_one() -> None:
    catalogue = Catalogue()
    assert len(catalogue.matchers) > 1000
    assert catalogue.key_for("https://www.ted.com/talks/ann_lee_kites") == "TedTalk"
    assert catalogue.key_for(URL) is None


# --- nothing past the engine ---


def test_a_guarded_thread_reaches_neither_the_network_nor_a_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with guarded():
            with pytest.raises(PermissionError, match="by the engine only"):
                socket.create_connection(server.getsockname())
            with pytest.raises(PermissionError, match="by the engine only"):
                subprocess.run([sys.executable, "--version"], check=False)
        socket.create_connection(server.getsockname()).close()


# --- the counter between both sides ---


def test_requests_are_answered_one_by_one_and_the_end_is_told() -> None:
    ended: list[Exchange] = []

    async def serve() -> object:
        exchange = Exchange(lambda fetch: [fetch(Wanted(f"{URL}{number}")) for number in range(2)], ended.append)
        exchange.start("films")
        while True:
            match await exchange.next(DEADLINE_S):
                case Asked(wanted):
                    exchange.answer(Denied("no_answer", wanted.url))
                case Ended(value, None):
                    return value

    assert asyncio.run(serve()) == [Denied("no_answer", f"{URL}{number}") for number in range(2)]
    assert len(ended) == 1


def test_who_is_left_ends_at_its_request_or_at_the_next_one() -> None:
    async def leave(*, first: bool) -> BaseException | None:
        over = asyncio.Event()
        exchange = Exchange(lambda fetch: fetch(Wanted(URL)), lambda _: over.set())
        if first:
            exchange.leave()
        exchange.start("films")
        if not first:
            await exchange.next(DEADLINE_S)
            exchange.leave()
        await asyncio.wait_for(over.wait(), DEADLINE_S)
        end = exchange.said.get_nowait()
        assert isinstance(end, Ended)
        return end.error

    for first in (True, False):
        assert isinstance(asyncio.run(leave(first=first)), Abandoned)


def test_the_mode_of_a_host_is_its_own_or_that_of_the_nearest_domain_above() -> None:
    choice = Choice("always", {"example": "never", "a.films.example": "auto"})
    modes = {host: choice.of(host) for host in ("films.example", "A.films.example", "b.a.films.example", "site.test")}
    assert list(modes.values()) == ["never", "auto", "auto", "always"]
    assert choice.demands
    assert not Choice("auto", {"films.example": "never"}).demands
