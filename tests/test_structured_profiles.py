"""Who a page is about that names the site, and others, beside its user."""

from __future__ import annotations

import pytest

from crawler.items import User, Video
from tests.web_page import URL, VIDEO, html, one

PROFILE = "https://clips.example/@ann"
HEAD = '<meta property="og:type" content="profile"><meta property="og:title" content="Ann | Clips">'


@pytest.mark.parametrize("about", [{}, {"url": "https://clips.example/"}, {"url": "https://clips.example/about"}])
@pytest.mark.parametrize("name", ["Clips", "clips.example"])
def test_the_site_that_is_named_on_a_profile_is_not_its_user(name: str, about: dict[str, str]) -> None:
    site = {"@type": "Organization", "name": name, "logo": "/logo.png", "sameAs": ["https://social.example/clips"]}
    user = one(html(site | about, head=HEAD), PROFILE)
    assert isinstance(user, User)
    assert (user.name, user.username, user.avatar_url, user.links) == ("Ann", "ann", None, None)


def test_the_profile_of_the_site_itself_is_its_own() -> None:
    site = {"@type": "Organization", "name": "Clips Team", "url": "https://clips.example/@team", "logo": "/logo.png"}
    head = HEAD.replace("Ann | Clips", "Clips Team")
    user = one(html(site, head=head), "https://clips.example/@team")
    assert (user.name, user.avatar_url) == ("Clips Team", "https://clips.example/logo.png")


def test_a_page_that_calls_itself_a_video_is_not_its_author_s_profile() -> None:
    author = {"@type": "ProfilePage", "mainEntity": {"@type": "Person", "name": "Ann", "url": "/@ann"}}
    head = '<meta property="og:type" content="video.other">'
    assert isinstance(one(html(author, VIDEO, head=head)), Video)
    assert isinstance(one(html(author), URL), User)
