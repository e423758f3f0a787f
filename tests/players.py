"""A site on loopback whose videos only yt-dlp understands, and a plugin with extractors for some of its pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic

import pytest

from tests.serving import Quiet, serving

DEADLINE_S = 120
ROBOTS = "User-agent: *\nDisallow: /secret/\n"
PAGE = """<!DOCTYPE html><html><head><title>{title} - Small Films</title>
<meta property="og:site_name" content="Small Films"><meta property="og:title" content="{title}"></head>
<body><h1>{title}</h1>{body}<a href="/about">About</a></body></html>"""
PLAIN = "<p>Nothing to see, and much to read.</p>"
SMIL = """<?xml version="1.0"?><smil><head><meta name="title" content="x"/></head>
<body><switch><video src="http://127.0.0.1:1/kites.mp4" width="640" height="360"/></switch></body>
</smil>"""
FILM = {
    "title": "Kites",
    "description": "Wind.",
    "timestamp": 1_700_000_000,
    "duration": 61,
    "view_count": 7,
    "uploader": "Ann",
    "tags": ["kites", "bay"],
    "age_limit": 0,
}
WHOLE = """<script type="application/ld+json">{"@context": "https://schema.org", "@type": "VideoObject",
"name": "Kites over the bay", "uploadDate": "2024-05-01T10:00:00Z", "duration": "PT2M"}</script>"""
PLUGIN = """
import threading
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError, OnDemandPagedList

BASE = r"http://127\\.0\\.0\\.1:\\d+"


class SmallFilmsIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/film/(?P<id>\\w+)"

    def _real_extract(self, url):
        base, number = url.partition("/film/")[0], self._match_id(url)
        self._download_webpage(url, number)
        told = self._download_json(f"{base}/api/film/{number}", number, headers={"User-Agent": "A browser/1.0"})
        formats = self._extract_m3u8_formats(f"{base}/media/{number}.m3u8", number)
        if not formats:
            raise ExtractorError("no formats")
        return {"id": number, "formats": formats, "uploader_url": f"{base}/people/ann", **told}


class SmallFilmsSecretIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/hidden/(?P<id>\\w+)"

    def _real_extract(self, url):
        return {"id": "1", **self._download_json(url.partition("/hidden/")[0] + "/secret/1", "1")}


class SmallFilmsSecretTooIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/veiled/(?P<id>\\w+)"

    def _real_extract(self, url):
        told = self._download_json(url.partition("/veiled/")[0] + "/secret/2", "2", fatal=False)
        return {"id": "2", "title": told.get("title")}


class SmallFilmsPeopleIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/people/(?P<id>\\w+)"

    def _real_extract(self, url):
        base, number = url.partition("/people/")[0], self._match_id(url)

        def page(index):
            told = self._download_json(f"{base}/api/people/{number}", number, query={"page": index})
            for one in told["films"]:
                yield self.url_result(f"{base}/film/{one}", "SmallFilms", one)

        return self.playlist_result(OnDemandPagedList(page, 2), number, "Films of Ann")


class SmallFilmsHangsIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/hangs/(?P<id>\\w+)"

    def _real_extract(self, url):
        self._download_webpage(url + "?begun", "1")
        threading.Event().wait()


class SmallFilmsRaisesIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/raises/(?P<id>\\w+)"

    def _real_extract(self, url):
        raise [ValueError("odd"), RecursionError("deep")][int(self._match_id(url))]


class SmallFilmsGoneIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/gone/(?P<id>\\w+)"

    def _real_extract(self, url):
        raise ExtractorError("This film has been removed by its owner", expected=True)


class SmallFilmsAsideIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/aside/(?P<id>\\w+)"

    def _real_extract(self, url):
        import urllib.request

        urllib.request.urlopen(url.replace("/aside/", "/behind/"))
        return {"id": "1", "title": "Past the engine"}


class SmallFilmsDeafIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/deaf/(?P<id>\\w+)"

    def _real_extract(self, url):
        while True:
            self._download_webpage(url, "1", fatal=False)


class SmallFilmsEndlessIE(InfoExtractor):
    _VALID_URL = rf"{BASE}/endless/(?P<id>\\w+)"

    def _real_extract(self, url):
        while True:
            self._download_webpage(url + "?again", "1")
"""


@dataclass(frozen=True)
class Arrived:
    """A request that has arrived."""

    path: str
    agent: str
    headers: dict[str, str]
    at: float


@dataclass
class Players:
    """What the site answers, and what it was asked.

    Attributes:
        url: without a slash at the end.
        pages: status, content type and body by path; without the query, unless that is there too.
        arrived: requests, in their order.
    """

    url: str = ""
    pages: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    def page(self, path: str, body: str = PLAIN, title: str = "Kites over the bay") -> str:
        """Add an HTML page; return its URL."""
        self.pages[path] = (200, "text/html; charset=utf-8", PAGE.format(title=title, body=body))
        return self.url + path

    def add(self, path: str, body: str, kind: str = "application/json", status: int = 200) -> None:
        """Add something else."""
        self.pages[path] = (status, kind, body)

    def until(self, path: str) -> None:
        """Wait until a path has been asked for."""
        with self.news:
            assert self.news.wait_for(lambda: path in self.asked(), DEADLINE_S)

    def asked(self) -> list[str]:
        """Return the paths that were asked for, without what the crawl asks of any host."""
        paths = [one.path for one in self.arrived]
        return [path for path in paths if path not in {"/robots.txt", "/.well-known/nodeinfo"}]


def handler(site: Players) -> type[BaseHTTPRequestHandler]:
    """Return what serves one connection."""

    class Handler(Quiet):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
            at, headers = monotonic(), {name.lower(): value for name, value in self.headers.items()}
            with site.news:
                site.arrived.append(Arrived(self.path, headers.get("user-agent", ""), headers, at))
                site.news.notify_all()
            known = site.pages.get(self.path) or site.pages.get(self.path.partition("?")[0])
            status, kind, body = known or (404, "text/plain", "")
            self.answer(status, {"Content-Type": kind, "Last-Modified": "Tue, 01 Jan 2019 00:00:00 GMT"}, body.encode())

    return Handler


@contextmanager
def running_players() -> Iterator[Players]:
    """Run the site."""
    site = Players()
    site.add("/robots.txt", ROBOTS, "text/plain")
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler(site))) as site.url:
        yield site


def write_plugin(folder: Path) -> Path:
    """Write the plugin; return the folder to put on PYTHONPATH."""
    package = folder / "plugins" / "yt_dlp_plugins" / "extractor"
    package.mkdir(parents=True)
    (package / "small_films.py").write_text(PLUGIN, "utf-8")
    return folder / "plugins"


def film(site: Players, number: str, body: str = "") -> str:
    """Add a film and what its extractor asks for; return the address of its page."""
    site.add(f"/api/film/{number}", json.dumps(FILM))
    return site.page(f"/film/{number}", body or PLAIN)


def flash(site: Players, path: str) -> str:
    """Markup from which the generic extractor goes on to a further file."""
    return f"<script>var flashvars = 'file={site.url}{path}&autostart=false';</script>"


def without_ytdlp(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Python find no yt-dlp."""
    (folder / "without").mkdir()
    (folder / "without" / "sitecustomize.py").write_text(
        "import importlib.machinery as m\n"
        "find = m.PathFinder.find_spec\n"
        "m.PathFinder.find_spec = lambda name, *rest: None if name == 'yt_dlp' else find(name, *rest)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(folder / "without"))
