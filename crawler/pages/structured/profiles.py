"""The fields of a user, as schema.org nodes and as `<meta>`s tell them."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from crawler.pages.structured.counts import Count, count
from crawler.pages.structured.document import Document
from crawler.pages.structured.entities import ORGANIZATIONS, PERSONS, VIDEOS
from crawler.pages.structured.jsonld import types
from crawler.pages.structured.schema import Entity, Fields, account_name, legacy_counts, picture, words
from crawler.pages.structured.values import date, http_url, line, text, uncut
from crawler.pages.structured.videos import own_words

MAX_LISTS = 20
HANDLE = re.compile(r"@?([\w.-]{1,100})")
HANDLE_IN_PATH = re.compile(r"/@([\w.-]{1,100})(?:/|$)")
METAS = {
    "username": ("profile:username",),
    "name": ("og:title", "twitter:title"),
    "description": ("og:description", "twitter:description", "description"),
    "avatar_url": ("og:image:secure_url", "og:image", "twitter:image"),
    "tags": ("og:video:tag", "profile:tag"),
}
"""The `<meta>`s that tell a field, the best first."""
HANDLE_IN_NAME = re.compile(r"(?P<name>.+?)\s+\(@(?P<handle>[\w.-]{1,100})\).*")


def of_node(entity: Entity) -> Fields:
    """Return what a Person or an Organization says."""
    received = legacy_counts(entity) | entity.counts("interactionStatistic")
    done = entity.counts("agentInteractionStatistic")
    kinds = types(entity.node)
    return {
        "name": account_name(entity),
        "username": handle(entity),
        "description": uncut(text(entity.first("description"))),
        "avatar_url": picture(entity, *(("logo", "image") if kinds & ORGANIZATIONS else ("image", "thumbnailUrl"))),
        "links": links(entity),
        "account_type": "person" if kinds & PERSONS else "organization" if kinds & ORGANIZATIONS else None,
        "follower_count": received.get("follow"),
        "following_count": done.get("follow"),
        "like_count": received.get("like"),
        "view_count": received.get("view"),
        "video_count": video_count(entity),
        "tags": words(entity.values("keywords")),
    }


def of_profile_page(entity: Entity) -> Fields:
    """Return what a ProfilePage says of itself and of the one it is about."""
    zone = entity.document.zone
    return {
        "created_at": date(text(entity.first("dateCreated")), zone=zone),
        "updated_at": date(text(entity.first("dateModified")), zone=zone),
        "video_count": video_count(entity),
    }


def of_metas(document: Document) -> Fields:
    """Return what OpenGraph and the Twitter card say, on a page that calls itself a profile."""
    metas = document.metas
    handle_told = line(metas.first(*METAS["username"]))
    in_path = HANDLE_IN_PATH.search(unquote(urlsplit(document.canonical).path))
    known: Fields = {"username": handle_told.removeprefix("@") if handle_told else in_path[1] if in_path else None}
    if document.og_type != "profile":
        return known
    title = document.without_site(line(metas.first(*METAS["name"])) or document.title)
    named = HANDLE_IN_NAME.fullmatch(title or "")
    return {
        "name": named["name"] if named else title,
        "username": known["username"] or (named["handle"] if named else None),
        "description": uncut(own_words(document, metas.first(*METAS["description"]))),
        "avatar_url": http_url(metas.first(*METAS["avatar_url"]), document.base),
        "tags": words(metas.all(*METAS["tags"])),
    }


def source_of_meta(document: Document, field: str) -> str:
    """Return which of the `<meta>`s told a field of `of_metas()`, as `provenance=1` names it."""
    return document.metas.source(*METAS.get(field, ())) or {"name": "title"}.get(field, "URL")


def handle(entity: Entity) -> str | None:
    """Return the handle: an `alternateName` that can be one, else the `/@handle` of the profile's address."""
    name = line(entity.first("alternateName"))
    path = urlsplit(entity.url("url") or entity.document.canonical).path
    if found := HANDLE_IN_PATH.search(unquote(path)):
        return found[1]
    shape = HANDLE.fullmatch(name or "")
    # A nickname is none: a handle is written as one, or stands in the profile's address.
    return (
        shape[1] if name and shape and (name[0] == "@" or shape[1].casefold() in path.casefold().split("/")) else None
    )


def links(entity: Entity) -> list[str] | None:
    """Return the addresses that `sameAs` names, without the profile's own."""
    own = {entity.document.canonical, entity.document.response.url}
    found = (http_url(value, entity.document.base) for value in entity.values("sameAs") if isinstance(value, str))
    return list(dict.fromkeys(url for url in found if url and url not in own)) or None


def video_count(entity: Entity) -> Count | None:
    """Return how many videos a profile declares: a count of posts, or of a list, only where all are videos."""
    for counter in entity.graph.children(entity.node, "agentInteractionStatistic", "interactionStatistic"):
        action = entity.graph.first(counter, "interactionType")
        made = entity.graph.children(action, "object", "result") if isinstance(action, dict) else []
        named = (line(counter.get("name")) or line(counter.get("description")) or "").casefold()
        if any(types(node) & VIDEOS for node in made) or named in {"videos", "uploads", "video uploads"}:
            return count(counter.get("userInteractionCount"), entity.document.language)
    for listed in entity.graph.children(entity.node, "mainEntity", "hasPart", "subjectOf")[:MAX_LISTS]:
        parts = entity.graph.children(listed, "itemListElement")
        things = [thing for part in parts for thing in (entity.graph.children(part, "item") or [part])]
        if things and all(types(thing) & VIDEOS for thing in things):
            return count(listed.get("numberOfItems"), entity.document.language)
    return None
