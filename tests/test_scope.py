from __future__ import annotations

from typing import Any

import pytest

from crawler.pages import FALLBACK
from crawler.pages.base import Link, LinkKind, Listing, Page, Response
from crawler.spiders.scope import bare_host, followed, leads_to

HOME = "https://site.example/watch/7"
BOTH = frozenset({"user", "video"})
USERS = frozenset({"user"})
VIDEOS = frozenset({"video"})
NOTHING: frozenset[str] = frozenset()


class Single(Page):
    """A page of one record of a known site."""


class Rows(Page):
    """A page of a list."""

    def listing(self) -> Listing:
        return Listing("videos of kim", "video")


def link(path: str, kind: LinkKind = "listing", **more: Any) -> Link:
    return Link(path if path.startswith("http") else f"https://site.example{path}", kind, **more)


def paths(
    links: list[Link],
    scope: str,
    page: type[Page] = Single,
    wanted: frozenset[str] = BOTH,
    found: frozenset[str] = NOTHING,
) -> list[str]:
    kept = followed(page(Response(HOME, b"<p>")), links, scope=scope, wanted=wanted, found=found)
    return [one.url.removeprefix("https://site.example") for one in kept]


EVERYWHERE = [
    link("/a"),
    link("https://www.site.example/b"),
    link("https://WWW.SITE.example/c"),
    link("https://other.example/d"),
    link("https://sub.site.example/e"),
    link("https://site.example:9000/f"),
    link("/g", outward=True),
]


@pytest.mark.parametrize("scope", ["seed", "host"])
def test_only_links_on_the_pages_host_are_followed(scope: str) -> None:
    assert paths(EVERYWHERE, scope) == ["/a", "https://www.site.example/b", "https://WWW.SITE.example/c"]


def test_in_the_web_every_link_is_followed() -> None:
    assert len(paths(EVERYWHERE, "web")) == len(EVERYWHERE)


@pytest.mark.parametrize("scope", ["seed", "host", "web"])
def test_only_links_that_lead_to_wanted_records_are_followed(scope: str) -> None:
    links = [
        link("/u", "user"),
        link("/v", "video"),
        link("/l"),
        link("/lv", leads_to=VIDEOS),
        link("/lu", leads_to=USERS),
    ]
    assert paths(links, scope, wanted=USERS) == ["/u", "/l", "/lu"]
    assert paths(links, scope, wanted=VIDEOS) == ["/v", "/l", "/lv"]
    assert paths(links, scope, wanted=NOTHING) == []


@pytest.mark.parametrize("scope", ["seed", "host", "web"])
def test_a_url_is_followed_once_in_the_order_of_the_page(scope: str) -> None:
    links = [link("/b", "video"), link("/a", "user"), link("/b"), link("/a", "video")]
    assert paths(links, scope) == ["/b", "/a"]


def test_from_a_seed_only_kinds_that_its_page_did_not_give_are_followed() -> None:
    links = [link("/v", "video"), link("/u", "user"), link("/lv", leads_to=VIDEOS), link("/l")]
    assert paths(links, "seed", found=VIDEOS) == ["/u", "/l"]
    assert paths(links, "seed", found=BOTH) == []
    assert paths(links, "host", found=BOTH) == ["/v", "/u", "/lv", "/l"]


def test_from_a_list_that_is_a_seed_its_rows_and_pages_are_followed() -> None:
    links = [link("/v", "video"), link("/l?page=2")]
    assert paths(links, "seed", page=Rows, found=VIDEOS) == ["/v", "/l?page=2"]


def test_from_a_seed_of_an_unknown_site_no_lists_are_followed() -> None:
    links = [link("/l"), link("/v", "video"), link("/u", "user")]
    assert paths(links, "seed", page=FALLBACK) == ["/v", "/u"]
    assert paths(links, "host", page=FALLBACK) == ["/l", "/v", "/u"]


def test_a_link_to_a_record_leads_to_its_own_kind_only() -> None:
    assert leads_to(link("/v", "video", leads_to=BOTH)) == VIDEOS
    assert leads_to(link("/l", leads_to=USERS)) == USERS


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Site.example/a", "site.example"),
        ("http://site.example:80/", "site.example:80"),
        ("https://wwwsite.example/", "wwwsite.example"),
        ("data:,x", ""),
    ],
)
def test_a_host_is_known_without_its_www(url: str, host: str) -> None:
    assert bare_host(url) == host
