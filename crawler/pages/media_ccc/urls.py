"""Addresses of media.ccc.de: pages that people see, and the public API that tells all of each."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from crawler.errors import NotARecord
from crawler.items import RecordKey
from crawler.pages.base import Link
from crawler.pages.paths import path_in, quoted

SITE = "media_ccc"
BASE = "https://media.ccc.de"
API = "https://api.media.ccc.de/public"
HOSTS = ("media.ccc.de", "www.media.ccc.de", "app.media.ccc.de", "api.media.ccc.de")
THING = re.compile(r"/(v|c|public/events|public/conferences)/([^/]+?)(?:\.json)?(?:/.*)?")
LISTS = {"": "conferences", "/public/conferences": "conferences", "/public/events": "events", "/b": "conferences"}
"""Paths of what lists others, and the list of the API."""
RECENT = "recent"


def start_link(url: str) -> Link:
    """Return the link to what `url` names, in the API.

    Raises:
        NotARecord: it names nothing that is there.
    """
    parts = urlsplit(url)
    path = unquote(parts.path).rstrip("/")
    if path in {"/recent", f"/public/events/{RECENT}"}:
        return Link(f"{API}/events/{RECENT}", "listing", leads_to=frozenset({"video"}))
    if path in LISTS:
        query = f"?{parts.query}" if parts.query and path.startswith("/public") else ""
        return Link(f"{API}/{LISTS[path]}{query}", "listing")
    if found := THING.fullmatch(path):
        return conference_link(found[2]) if found[1] in {"c", "public/conferences"} else event_link(found[2])
    raise NotARecord(
        "unknown_path",
        f"{url} names no talk or conference of media.ccc.de: pass one like {BASE}/v/talk or {BASE}/c/acronym",
    )


def event_link(name: str, guid: str = "") -> Link:
    """Return the link to a talk by its guid or slug."""
    return Link(f"{API}/events/{quoted(guid or name)}", "video", key=RecordKey("video", SITE, guid) if guid else None)


def conference_link(acronym: str) -> Link:
    """Return the link to a conference with all its talks."""
    return Link(f"{API}/conferences/{quoted(acronym)}", "user", key=RecordKey("user", SITE, acronym))


def page_url(slug: str) -> str:
    """Return the address of a talk as people see it."""
    return f"{BASE}/v/{quoted(slug)}"


def conference_url(acronym: str) -> str:
    """Return the address of a conference as people see it."""
    return f"{BASE}/c/{quoted(acronym)}"


def last_part(address: object) -> str:
    """Return the last part of an address's path: an acronym, a slug; empty for none."""
    return path_in(address).rstrip("/").rpartition("/")[2]
