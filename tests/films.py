"""Pages of a site that only yt-dlp knows, as their structured data tells them."""

from __future__ import annotations

from crawler.pages.base import Response
from crawler.pages.ytdlp import JudgedPage

URL = "https://films.example/watch/77"
PAGE = """<html><head><title>Kites | Films</title>{head}<meta property="og:site_name" content="Films"></head>
<body><h1>Kites</h1>{body}<a href="/more">More</a><a href="/other">Other</a><a href="/third">Third</a></body></html>"""
PLAYER = "<video controls src='/kites.mp4'></video>"
JSON_LD = '<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "{kind}", {more}}}</script>'
VIDEO = '"name": "Kites", "url": "https://films.example/watch/77", "embedUrl": "https://films.example/embed/77"'


def judged(head: str = "", body: str = "", url: str = URL) -> JudgedPage:
    text = PAGE.format(head=head, body=body)
    return JudgedPage(Response(url, text.encode(), 200, {"content-type": "text/html"}, "2026-01-02T03:04:05Z"))
