"""TED's addresses: talks, speakers, playlists and series."""

from __future__ import annotations

import re

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.paths import parameter, path_in

SITE = "ted"
HOME = "www.ted.com"
BASE = f"https://{HOME}"
HOSTS = (HOME, "ted.com")
"""Other subdomains, such as `blog.` and `ed.`, have no talks of this kind."""
PLAYER_HOSTS = ("embed.ted.com", "embed-ssl.ted.com")
SLUG = r"[\w-]+"
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?")
TALK_PATH = rf"/talks/(?:lang/[\w-]+/)?({SLUG})(?:\.html|/transcript)?/?"
SPEAKER_PATH = rf"/speakers/({SLUG})/?"
LISTING_PATH = rf"/playlists/(?:\d+/)?{SLUG}/?|/series/{SLUG}/?"
OEMBED_PATH = r"/services/v1/oembed(?:\.json)?/?"


def start_link(url: str) -> Link:
    """Return the link to what `url` names: a talk, a speaker, a playlist or a series.

    Raises:
        NotARecord: it names none.
    """
    path = path_in(url)
    if re.fullmatch(OEMBED_PATH, path) and "/talks/" in (asked := parameter(url, "url")):
        return start_link(asked)
    if slug := slug_of(path):
        language = parameter(url, "language")
        return Link(f"{talk_url(slug)}{f'?language={language}' if LANGUAGE.fullmatch(language) else ''}", "video")
    if speaker := speaker_of(path):
        return speaker_link(speaker)
    if re.fullmatch(LISTING_PATH, path):
        return Link(f"{BASE}{path}", "listing", leads_to=frozenset({"video"}))
    raise NotARecord(
        "unknown_path",
        f"{url} names no talk, speaker or playlist of TED: pass one like {BASE}/talks/… or {BASE}/speakers/…",
    )


def slug_of(path: str) -> str | None:
    """Return the name that a talk has in addresses, None for what is no talk's."""
    found = re.fullmatch(TALK_PATH, path)
    return found[1] if found else None


def speaker_of(path: str) -> str | None:
    """Return the name that a speaker has in addresses, None for what is no speaker's."""
    found = re.fullmatch(SPEAKER_PATH, path)
    return found[1] if found else None


def talk_url(slug: str) -> str:
    """Return the address of a talk, in the language in which it was given."""
    return f"{BASE}/talks/{slug}"


def speaker_url(slug: str) -> str:
    """Return the address of a speaker's page."""
    return f"{BASE}/speakers/{slug}"


def speaker_link(slug: str) -> Link:
    """Return the link to a speaker's page."""
    return Link(speaker_url(slug), "user", key=RecordKey("user", SITE, slug))
