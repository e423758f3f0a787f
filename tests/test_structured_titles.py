"""Titles as sites write them, with the characters that HTML has another meaning for."""

from __future__ import annotations

import pytest

from tests.web_page import VIDEO, html, one


@pytest.mark.parametrize("shown", ["<h1>Tom &amp; Ann</h1>", "<title>Tom &amp; Ann - Site</title>"])
def test_a_title_that_is_encoded_twice_is_told_as_the_page_shows_it(shown: str) -> None:
    assert one(html(VIDEO | {"name": "Tom &amp;amp; Ann"}, body=shown)).title == "Tom & Ann"
    head = '<meta property="og:type" content="video"><meta property="og:video" content="/embed/7">'
    told = '<meta property="og:title" content="Tom &amp;amp; Ann">'
    assert one(html(head=head + told, body=shown)).title == "Tom & Ann"


def test_a_title_about_html_stays_as_it_is() -> None:
    shown = "<h1>How to write &amp;amp; in HTML</h1>"
    assert (
        one(html(VIDEO | {"name": "How to write &amp;amp; in HTML"}, body=shown)).title == "How to write &amp; in HTML"
    )
    assert one(html(VIDEO | {"name": "How to write &amp;amp; in HTML"})).title == "How to write &amp; in HTML"
