from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from protego import Protego
from scrapy import Request
from scrapy.settings import Settings

from crawler.explaining.visit import Errand
from tests.commands import run
from tests.crawls import DEADLINE_S, ROOT
from tests.site import Catalogue, Quirks, Site, running_site

QUICK = ("-s", "DOWNLOAD_DELAY=0")


@pytest.fixture(scope="module")
def plain() -> Iterator[Site]:
    with running_site(Catalogue.generate(users=3, videos=4), Quirks(rate_limit=False), plain=True) as site:
        yield site


@pytest.fixture(scope="module")
def peertube() -> Iterator[Site]:
    with running_site(Catalogue.generate(users=3, videos=4), Quirks(rate_limit=False)) as site:
        yield site


def explain(tmp_path: Path, url: str, *words: str) -> tuple[int, dict[str, Any]]:
    ended = run("explain", url, "--json", *QUICK, "-s", f"STORE_DIR={tmp_path / 'store'}", *words)
    assert ended.stderr == ""
    assert not (tmp_path / "store").exists()
    (line,) = ended.stdout.splitlines()
    return ended.returncode, json.loads(line)


def test_a_page_is_fetched_and_read_as_a_crawl_would(tmp_path: Path, plain: Site) -> None:
    url = min(plain.truth.videos)
    code, told = explain(tmp_path, url)
    assert code == 0
    assert list(told) == ["url", "file", "page", "records", "links", "refused"]
    (record,) = told["records"]
    assert {name: record[name] for name in plain.truth.videos[url]} == plain.truth.videos[url]
    assert record["provenance"]["title"]


def test_requests_say_who_asks_and_heed_robots_txt(tmp_path: Path, plain: Site) -> None:
    forbidden = min(plain.truth.forbidden)
    before = len(plain.requests)
    code, told = explain(tmp_path, plain.url + forbidden, "-s", "CONTACT_URL=https://me.example")
    assert (code, told["refused"]["reason"]) == (1, "robots_txt")
    asked = plain.requests[before:]
    assert forbidden not in {urlsplit(request.path).path for request in asked}
    assert {request.agent for request in asked} == {asked[0].agent}
    assert asked[0].agent.endswith("(+https://me.example)")


def test_what_cannot_be_fetched_is_said_in_words(tmp_path: Path) -> None:
    code, told = explain(tmp_path, "http://127.0.0.1:1/")
    assert (code, told["refused"]["reason"]) == (1, "unreachable")
    assert "refuses connections" in told["refused"]["detail"]


def test_a_page_of_a_platform_is_read_by_its_api(tmp_path: Path, peertube: Site) -> None:
    uuid = min(peertube.truth.videos)
    code, told = explain(tmp_path, f"{peertube.url}/w/{uuid}")
    assert (code, told["page"]) == (0, "crawler.pages.peertube.api.VideoDetail")
    assert [record["id"] for record in told["records"]] == [uuid]


def test_a_handle_that_is_no_account_is_looked_for_among_the_channels(tmp_path: Path, peertube: Site) -> None:
    channel = min(peertube.truth.channels)
    code, told = explain(tmp_path, f"{peertube.url}/@{channel.partition('@')[0]}")
    assert (code, [record["id"] for record in told["records"]]) == (0, [channel])


def test_a_whole_host_is_told_by_where_a_crawl_begins(tmp_path: Path, peertube: Site) -> None:
    code, told = explain(tmp_path, peertube.url)
    assert (code, told["page"], told["records"]) == (0, None, [])
    assert f"{peertube.url}/api/v1/server/stats" in {link["url"] for link in told["links"]}


def test_a_url_without_a_scheme_is_asked_for_as_its_host_speaks(tmp_path: Path, plain: Site) -> None:
    url = min(plain.truth.videos)
    code, told = explain(tmp_path, url.removeprefix("http://"))
    assert (code, told["url"]) == (0, url)


def test_a_server_that_fails_is_no_record(tmp_path: Path, plain: Site) -> None:
    before = len(plain.requests)
    code, told = explain(tmp_path, f"{plain.url}/broken")
    assert (code, told["refused"]["reason"]) == (1, "http_500")
    assert [one.path for one in plain.requests[before:]].count("/broken") == 1


def test_the_past_is_told_first_where_there_is_a_crawl(tmp_path: Path, plain: Site) -> None:
    url = min(plain.truth.videos)
    store = ("-s", f"STORE_DIR={tmp_path / 'store'}")
    run("crawl", "videos", "-a", f"url={url}", "-a", "scope=seed", *QUICK, *store)
    ended = run("explain", url, *QUICK, *store)
    assert ended.stdout.startswith("videos: recorded, as video schema.org ")
    assert f"\n\n{url}\nread by StructuredPage in " in ended.stdout
    asked = json.loads(run("explain", url, "--json", "--spider", "videos", *QUICK, *store).stdout)
    assert [one["state"] for one in asked["crawls"]] == ["recorded"]
    assert len(asked["records"]) == 1


def test_the_delay_that_a_robots_txt_asks_for_is_kept(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=2, videos=2), Quirks(rate_limit=False, crawl_delay_s=0.4)) as site:
        code, _ = explain(tmp_path, f"{site.url}/w/{min(site.truth.videos)}")
        arrived = [request.arrived for request in site.requests]
    assert code == 0
    assert len(arrived) == 3
    assert min(later - earlier for earlier, later in pairwise(arrived)) > 0.35


def test_a_request_rate_is_a_delay_too() -> None:
    slot = SimpleNamespace(delay=0.1, jitter=0.5)
    downloader = SimpleNamespace(slots={"site.example": slot}, get_slot_key=lambda _: "site.example")
    settings = Settings({"USER_AGENT": "crawler"})
    errand: Any = Errand(errand=None)
    errand.crawler = SimpleNamespace(settings=settings, engine=SimpleNamespace(downloader=downloader))
    rules = Protego.parse("User-agent: *\nRequest-rate: 1/5")
    errand.heed_delay(SimpleNamespace(rp=rules), Request("https://site.example/"))
    assert (slot.delay, slot.jitter) == (5, 0)


def test_a_store_that_does_not_answer_keeps_nobody_from_looking_at_a_page(plain: Site) -> None:
    nowhere = ("-s", "REDIS_URL=redis://127.0.0.1:1")
    ended = run("explain", min(plain.truth.videos), *QUICK, *nowhere)
    assert ended.returncode == 0
    assert ended.stderr.startswith("The crawls cannot be asked: REDIS_URL redis://127.0.0.1:1 does not answer")
    asked = run("explain", "--offline", min(plain.truth.videos), *nowhere)
    assert (asked.returncode, asked.stdout) == (2, "")


@pytest.mark.parametrize(("words", "code"), [(("explain",), 2), (("newsite", "trial"), 1)])
def test_a_setting_that_lets_nothing_be_fetched_is_said(plain: Site, words: tuple[str, ...], code: int) -> None:
    ended = run(*words, min(plain.truth.videos), "-s", 'DOWNLOADER_MIDDLEWARES={"nowhere.Part": 1}')
    assert (ended.returncode, ended.stdout) == (code, "")
    assert "Nothing can be fetched (ModuleNotFoundError: No module named 'nowhere')" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("words", [("explain",), ("newsite", "trial")])
def test_a_signal_stops_it(words: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v/1"
        command = [sys.executable, "-W", "error", "-m", "scrapy", *words, url]
        with subprocess.Popen(command, cwd=ROOT, stdout=PIPE, stderr=PIPE, text=True) as process:  # noqa: S603
            listening.settimeout(DEADLINE_S)
            listening.accept()[0].close()  # the robots.txt, which is then asked for no more
            waiting = listening.accept()[0]
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=DEADLINE_S)
            waiting.close()
    assert (process.returncode, *told) == (130, "", "")
