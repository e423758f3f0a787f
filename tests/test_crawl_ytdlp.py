"""Crawls of a site that only yt-dlp understands: every request of its extractors is one of the crawl."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler import __version__
from tests.crawls import Ended, crawl
from tests.paces import LATE_S
from tests.players import SMIL, Players, running_players, write_plugin

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


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Players]:
    monkeypatch.setenv("PYTHONPATH", str(write_plugin(tmp_path)))
    with running_players() as running:
        yield running


def told(ended: Ended) -> dict[str, str]:
    """The failures that were told, by what the log says of them."""
    return {line.partition("Gave up: ")[2]: line for line in ended.log.splitlines() if "Gave up: " in line}


def test_a_film(tmp_path: Path, site: Players) -> None:
    url = site.page("/film/one")
    site.add("/api/film/one", json.dumps(FILM))
    ended = crawl("videos", tmp_path, f"url={url}", "scope=seed")
    print(ended.log, ended.records, site.asked())
    assert 0


def test_generic(tmp_path: Path, site: Players) -> None:
    url = site.page("/watch/kites", '<video controls><source src="/media/kites.mp4" type="video/mp4"></video>')
    smil = site.page("/watch/smil", f"<script>var flashvars = 'file={site.url}/lists/kites.smil&autostart=false';</script>")
    secret = site.page("/watch/secret", f"<script>var flashvars = 'file={site.url}/secret/kites.smil&autostart=false';</script>")
    site.add("/lists/kites.smil", SMIL, "application/smil")
    ended = crawl("videos", tmp_path, f"url={url},{smil},{secret}", "scope=seed", "DOWNLOAD_DELAY=0.5")
    print(ended.log, ended.records, site.asked(), [a.at for a in site.arrived])
    assert 0
