"""archive.org's addresses: of items, collections, accounts, and of the listings of what they hold."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.paths import path_in, quoted

SITE = "archive_org"
BASE = "https://archive.org"
HOSTS = ("archive.org", "www.archive.org")
IDENTIFIER = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NAMES_AN_ITEM = re.compile(r"/(?:details|metadata|embed|download|stream)/([^/&]+).*")
COLLECTION_VIDEOS = re.compile(rf"collection:\(({IDENTIFIER.pattern})\) AND mediatype:movies")
SEARCHES = ("/services/search/v1/scrape", "/advancedsearch.php")
ROWS = 1_000
"""Rows of a page of a listing; the scrape API takes 100 to 10,000."""


def start_link(url: str) -> Link:
    """Return the link to what `url` names: an item, a collection, an account, or a search.

    Raises:
        NotARecord: it names none.
    """
    parts = urlsplit(url)
    if parts.path in SEARCHES:
        return Link(url, "listing", leads_to=frozenset({"video"}))
    identifier = identifier_of(url)
    if identifier:
        return Link(metadata_url(identifier), "user" if identifier.startswith("@") else "video")
    raise NotARecord(
        "unknown_path",
        f"{url} names no item of archive.org: pass one like {BASE}/details/IDENTIFIER or {BASE}/details/@account",
    )


def identifier_of(url: str) -> str:
    """Return the identifier that an address names; empty for none."""
    found = NAMES_AN_ITEM.fullmatch(path_in(url))
    return found[1] if found and IDENTIFIER.fullmatch(found[1]) else ""


def metadata_url(identifier: str) -> str:
    """Return the address of all that the site says of an item."""
    return f"{BASE}/metadata/{quoted(identifier, '@')}"


def details_url(identifier: str) -> str:
    """Return the address of an item as people see it."""
    return f"{BASE}/details/{quoted(identifier, '@')}"


def file_url(identifier: str, name: str) -> str:
    """Return the address of one of an item's files."""
    return f"{BASE}/download/{quoted(identifier)}/{quoted(name.lstrip('/'), '/')}"


def video_key(identifier: str) -> RecordKey:
    """Return the key of a video."""
    return RecordKey("video", SITE, identifier)


def video_link(identifier: str) -> Link:
    """Return the link to a video."""
    return Link(metadata_url(identifier), "video", key=video_key(identifier))


def user_link(identifier: str) -> Link:
    """Return the link to an account or a collection."""
    return Link(metadata_url(identifier), "user", key=RecordKey("user", SITE, identifier))


def collection_videos(identifier: str) -> Link:
    """Return the link to the first page of the videos of a collection."""
    search = f"collection:({identifier}) AND mediatype:movies"
    query = urlencode({"q": search, "fields": "identifier,mediatype", "count": ROWS})
    return Link(f"{BASE}{SEARCHES[0]}?{query}", "listing", leads_to=frozenset({"video"}))


def collection_of(query: str) -> str | None:
    """Return the collection whose videos a search asks for, None where it is about something else."""
    found = COLLECTION_VIDEOS.fullmatch(query)
    return found[1] if found else None
