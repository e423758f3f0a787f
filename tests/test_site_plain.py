"""The plain sample site keeps its truth, and its traps are where it says."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from tests.site import Catalogue, Quirks, Site, running_site
from tests.site.client import Got, get

CATALOGUE = Catalogue.generate(users=60, videos=400, seed=7)


@pytest.fixture(scope="module")
def plain() -> Iterator[Site]:
    with running_site(CATALOGUE, Quirks(rate_limit=False, slow_page_ms=1), plain=True) as site:
        yield site


def crawl(site: Site, start: str) -> dict[str, Got]:
    """Follow every link of the plain site but those that robots.txt forbids."""
    found, waiting = {}, [start]
    while waiting:
        path = waiting.pop()
        if path in found or path in site.truth.forbidden or not path.startswith("/"):
            continue
        found[path] = get(site, path)
        if found[path].headers["content-type"].startswith("text/html"):
            waiting += found[path].page.css("a::attr(href)").getall()
    return found


def test_links_of_the_plain_site_lead_to_its_whole_truth_and_to_its_traps(plain: Site) -> None:
    found = crawl(plain, "/")
    canonicals = {got.page.xpath("//link[@rel='canonical']/@href").get() for got in found.values()}
    assert canonicals - {None} == plain.truth.videos.keys() | plain.truth.persons.keys()
    assert plain.truth.oddities.keys() < found.keys()
    assert any(path.startswith("/watch?v=") for path in found)
    assert {path: got.status for path, got in found.items() if got.status != 200} == {
        "/gone": 404, "/broken": 500, "/moved/1": 301, "/loop/1": 302,
    }  # fmt: skip
    assert all(path not in plain.truth.forbidden for path in (request.path for request in plain.requests))
    forbidden = {
        href
        for got in found.values()
        for href in got.page.css("a::attr(href)").getall()
        if href.startswith("/private/")
    }
    assert forbidden == plain.truth.forbidden


def test_the_plain_site_has_no_nodeinfo_and_forbids_one_path(plain: Site) -> None:
    assert get(plain, "/.well-known/nodeinfo").status == 404
    assert "Disallow: /private/" in get(plain, "/robots.txt").body.decode()
    assert f"{plain.url}/sitemap-videos.xml" in get(plain, "/sitemap.xml").body.decode()


def test_redirects_of_the_plain_site_end_at_a_video_or_never(plain: Site) -> None:
    path = "/moved/1"
    while (got := get(plain, path)).status in {301, 302}:
        path = got.headers["location"]
    assert plain.url + path in plain.truth.videos
    assert get(plain, get(plain, "/loop/1").headers["location"]).headers["location"] == "/loop/1"


def test_the_site_closes_although_an_answer_is_under_way() -> None:
    with running_site(CATALOGUE, Quirks(slow_page_ms=3_600_000), plain=True) as site:
        connection = http.client.HTTPConnection(site.host, timeout=30)
        connection.request("GET", "/slow")
        assert get(site, "/about").status == 200
    with pytest.raises(ConnectionError):
        connection.getresponse()
    connection.close()
