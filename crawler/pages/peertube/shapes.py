"""How PeerTube's JSON looks, of the REST API and of ActivityPub: so that a body tells by itself what made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from crawler.pages.base import Response
from crawler.pages.nodes import Node, node, nodes
from crawler.pages.peertube.records import rows_of

NAMESPACE = "https://joinpeertube.org/ns"
"""What the software's own words in ActivityPub are defined by."""
DOCUMENTATION = "https://docs.joinpeertube.org/"
SEARCH_HOSTS = ("sepiasearch.org",)
"""Search engines over many instances: they answer like an instance, and are none."""
MAX_BODY_BYTES = 20 * 2**20
VIDEO_WORDS = frozenset({"uuid", "nsfw", "isLive", "privacy", "account", "likes", "dislikes"})
ACCOUNT_WORDS = frozenset({"displayName", "host", "name"})
ACTOR_WORDS = ACCOUNT_WORDS | {"followersCount", "followingCount"}
PLAYER = re.compile(r"/(?:videos|video-playlists)/embed/[\w-]{20}")
MAX_PLAYER_CHARS = 5_000
VIDEO_ID = re.compile(r"/videos/watch/[\w-]{36}")


def is_peertube_json(response: Response) -> bool:
    """Tell whether a body is JSON that only PeerTube makes."""
    host = urlsplit(response.url).hostname or ""
    content_type = response.headers.get("content-type", "")
    if host in SEARCH_HOSTS or ("json" not in content_type and content_type) or len(response.body) > MAX_BODY_BYTES:
        return False
    body = response.json
    if not isinstance(body, Mapping):
        return False
    if "@context" in body:
        return names_peertube(body["@context"]) or is_activity_video(body)
    path = urlsplit(response.url).path
    if not path.startswith("/api/v1/"):
        return is_video(body) or is_oembed(body)
    if DOCUMENTATION in str(body.get("docs")):  # an error
        return True
    return is_video(body) or is_actor(body) or any(is_video(row) or is_actor(row) for row in rows_of(body)[:1])


def names_peertube(context: Any) -> bool:
    """Tell whether the `@context` of an ActivityPub object defines PeerTube's words."""
    parts = context if isinstance(context, list) else [context]
    return any(str(value).startswith(NAMESPACE) for one in nodes(parts) for value in one.values())


def is_video(row: Node) -> bool:
    """Tell whether an object is a video of the REST API, from a list or whole."""
    return row.keys() >= VIDEO_WORDS and node(row.get("account")).keys() >= ACCOUNT_WORDS


def is_actor(row: Node) -> bool:
    """Tell whether an object is an account or channel of the REST API."""
    return row.keys() >= ACTOR_WORDS


def is_oembed(row: Node) -> bool:
    """Tell whether an object is an oEmbed answer of PeerTube."""
    return row.get("provider_name") == "PeerTube" and PLAYER.search(str(row.get("html"))[:MAX_PLAYER_CHARS]) is not None


def is_activity_video(row: Node) -> bool:
    """Tell whether an object is a video in ActivityPub."""
    return row.get("type") == "Video" and "uuid" in row and VIDEO_ID.search(str(row.get("id"))) is not None
