"""Crawls that are led to addresses that are not public: real servers on several loopback addresses."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.commands import run
from tests.crawls import Ended, crawl
from tests.serving import Quiet, serving
from tests.site import Catalogue, Quirks, running_site
from tests.web_page import VIDEO, html

RESOLVER = "TWISTED_DNS_RESOLVER=scrapy.resolver.CachingHostnameResolver"
"""Scrapy's resolver that knows IPv6; its default one does not."""


class Web(ThreadingHTTPServer):
    """A site whose pages are videos that link to what they are told; also a proxy that plays every site itself."""

    daemon_threads = True

    def __init__(self, address: str, host: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), Pages)
        self.url = f"http://{host}:{self.server_address[1]}"
        self.links: list[str] = []
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []

    def lead_to(self, *urls: str) -> None:
        """Link to pages that redirect to `urls`."""
        for number, url in enumerate(urls):
            self.moved[f"/away/{number}"] = url
        self.links += self.moved


class Pages(Quiet):
    """One connection."""

    server: Web

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
        self.server.asked.append(self.path)
        target = self.server.moved.get(urlsplit(self.path).path)
        body = self.page().encode() if "/watch" in self.path or self.path == "/" else b""
        moved = {"Location": target} if target else {}
        headers = {"Content-Type": "text/html; charset=utf-8", **moved}
        self.answer(302 if target else 200 if body else 404, headers, body)

    def page(self) -> str:
        url = self.path if self.path.startswith("http") else f"{self.server.url}{self.path}"
        links = self.server.links if self.path.endswith("/watch/0") else []
        return html({**VIDEO, "url": url}, body="".join(f'<a href="{link}">more</a>' for link in links))


@contextmanager
def web(address: str, host: str = "") -> Iterator[Web]:
    """Serve a site."""
    server = Web(address, host or address)
    with serving(server):
        yield server


class Sites(NamedTuple):
    """A seed's site, and two that are not."""

    seed: Web
    other: Web
    near: Web

    @property
    def start(self) -> str:
        return f"{self.seed.url}/watch/0"

    @property
    def strangers(self) -> list[str]:
        return [f"{self.other.url}/watch/2", f"{self.near.url}/watch/3", f"{self.other.url}/watch/4"]


@pytest.fixture
def sites() -> Iterator[Sites]:
    with ExitStack() as stack:
        seed, other, near = (
            stack.enter_context(web(*one)) for one in (("127.0.0.1",), ("127.0.0.2",), ("127.0.0.1", "localhost"))
        )
        seed.links = ["/watch/1"]
        sites = Sites(seed, other, near)
        seed.lead_to(*sites.strangers)
        yield sites


def urls(ended: Ended) -> list[str]:
    return sorted(record["url"] for record in ended.records)


def test_a_seed_does_not_lead_to_other_private_places(sites: Sites, tmp_path: Path) -> None:
    ended = crawl("videos", tmp_path, f"url={sites.start}", "scope=web")
    assert urls(ended) == [sites.start, f"{sites.seed.url}/watch/1"]
    assert (sites.other.asked, sites.near.asked) == ([], [])
    assert "'addresses/refused': 3" in ended.log
    assert "retry/count" not in ended.log
    for stranger in sites.strangers:
        assert f"{stranger} is not fetched: " in ended.log
    assert "127.0.0.2 is not a public address; where that is meant, pass -s PRIVATE_HOSTS=127.0.0.2" in ended.log
    assert "localhost is at 127.0.0.1, which is not a public address" in ended.log
    assert "-s PRIVATE_HOSTS=localhost" in ended.log
    assert "No robots.txt could be read" not in ended.log


def test_an_instance_does_not_lead_to_a_private_one_that_it_follows(tmp_path: Path) -> None:
    with web("127.0.0.1") as other:
        followed = Catalogue.generate(users=5, videos=10, remote_host=other.url.removeprefix("http://"))
        with running_site(followed, Quirks(rate_limit=False)) as site:
            ended = crawl("users", tmp_path, f"url={site.url}", "scope=web")
    assert set(ended.by_id("user")) == set(site.truth.users)
    assert other.asked == []
    assert f"Gave up: {other.url}/" in ended.log
    assert " is not fetched: 127.0.0.1 is not a public address" in ended.log


def test_what_private_hosts_names_is_fetched(sites: Sites, tmp_path: Path) -> None:
    ended = crawl("videos", tmp_path, f"url={sites.start}", "scope=web", "PRIVATE_HOSTS=127.0.0.2/31,localhost")
    assert urls(ended) == sorted([sites.start, f"{sites.seed.url}/watch/1", *sites.strangers])
    assert "addresses/refused" not in ended.log


def test_an_instance_that_starts_later_fetches_what_a_seed_of_another_has_led_to(sites: Sites, tmp_path: Path) -> None:
    first = crawl("videos", tmp_path, f"url={sites.start}", "scope=web", "max_pages=1", "CONCURRENT_REQUESTS=1")
    assert urls(first) == [sites.start]
    later = crawl("videos", tmp_path, option="-o")
    assert urls(later) == [sites.start, f"{sites.seed.url}/watch/1"]
    assert (sites.other.asked, sites.near.asked) == ([], [])
    assert "'addresses/refused': 3" in later.log


def test_seeds_that_another_process_plants_name_their_hosts_too(sites: Sites, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text(sites.start + "\n")
    assert run("seed", "videos", str(seeds), "-s", f"STORE_DIR={tmp_path / 'store'}").returncode == 0
    ended = crawl("videos", tmp_path, "scope=web")
    assert urls(ended) == [sites.start, f"{sites.seed.url}/watch/1"]


def test_a_robots_txt_that_moves_to_a_private_place_is_one_that_cannot_be_read(sites: Sites, tmp_path: Path) -> None:
    sites.seed.moved["/robots.txt"] = f"{sites.other.url}/robots.txt"
    ended = crawl("videos", tmp_path, f"url={sites.start}")
    assert urls(ended) == [sites.start, f"{sites.seed.url}/watch/1"]
    assert sites.other.asked == []
    assert "No robots.txt could be read" in ended.log


def test_the_port_of_a_seed_is_the_only_one_of_its_host(sites: Sites, tmp_path: Path) -> None:
    with web("127.0.0.1") as neighbour:
        sites.seed.lead_to(f"{neighbour.url}/watch/5")
        ended = crawl("videos", tmp_path, f"url={sites.start}", "scope=web")
        assert neighbour.asked == []
    assert f"{neighbour.url}/watch/5 is not fetched: 127.0.0.1 is not a public address" in ended.log


def test_a_private_place_by_ipv6_is_a_seeds_or_refused(sites: Sites, tmp_path: Path) -> None:
    try:
        six = web("::1", "[::1]")
        server = six.__enter__()
    except OSError:
        pytest.skip("this machine has no ::1")
    with ExitStack() as stack:
        stack.push(six)
        sites.seed.lead_to(f"{server.url}/watch/6")
        ended = crawl("videos", tmp_path, f"url={sites.start}", "scope=web", RESOLVER)
        assert server.asked == []
        assert "::1 is not a public address" in ended.log
        server.links = ["/watch/7"]
        server.lead_to(f"{sites.other.url}/watch/2")
        ended = crawl("videos", tmp_path, f"url={server.url}/watch/0", "scope=web", RESOLVER)
        assert urls(ended) == [f"{server.url}/watch/0", f"{server.url}/watch/7"]
        assert sites.other.asked == []


def test_a_proxy_may_be_anywhere_and_is_not_asked_for_private_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web("127.0.0.1") as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        start = "http://site.example/watch/0"
        private = [
            "http://10.0.0.7/watch/1",
            "http://127.1/watch/2",
            "http://localhost:9/watch/3",
            "http://[::1]/watch/4",
        ]
        proxy.lead_to("http://other.example/watch/5", *private)
        ended = crawl("videos", tmp_path, f"url={start}", "scope=web")
    assert urls(ended) == ["http://other.example/watch/5", start]
    assert "'addresses/refused': 4" in ended.log
    assert {asked.split("/")[2] for asked in proxy.asked} == {"site.example", "other.example"}


def test_explain_follows_no_redirect_to_a_private_place(sites: Sites) -> None:
    done = run("explain", "--json", f"{sites.seed.url}/away/0")
    refused = json.loads(done.stdout)["refused"]
    assert "127.0.0.2 is not a public address" in refused["detail"]
    assert sites.other.asked == []


def test_what_a_person_types_is_fetched_and_where_it_redirects_is_not(sites: Sites) -> None:
    done = run("shell", "--nolog", sites.start, "-c", f"(fetch('{sites.near.url}/watch/1'), response.url)[1]")
    assert done.stdout == f"{sites.near.url}/watch/1\n"
    done = run("fetch", f"{sites.seed.url}/away/0")
    assert "127.0.0.2 is not a public address" in done.stderr
    assert sites.other.asked == []


def test_private_hosts_that_can_be_none_are_said_before_anything_is_fetched(sites: Sites, tmp_path: Path) -> None:
    ended = crawl("videos", tmp_path, f"url={sites.start}", "PRIVATE_HOSTS=http://127.0.0.2")
    assert ended.exit_code == 2
    assert "PRIVATE_HOSTS has 'http://127.0.0.2', which is no name of a host" in ended.log
    assert sites.seed.asked == []
