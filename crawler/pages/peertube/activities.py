"""From PeerTube's ActivityPub objects to records: what other instances are told of videos, accounts and channels."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from crawler.errors import NotARecord
from crawler.items import User, Video
from crawler.pages.base import Response
from crawler.pages.embedded import address
from crawler.pages.nodes import Node, node, nodes
from crawler.pages.peertube.records import largest_file, live_status, pixels, rating, tags, whole
from crawler.pages.peertube.urls import SITE, long_uuid
from crawler.pages.structured.values import duration

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ACTOR_TYPES: dict[str, Literal["person", "channel"]] = {"Person": "person", "Group": "channel"}
ACTOR_PATH = re.compile(r"/(?:accounts|video-channels|a|c)/([^/@]+)/?")


def video(row: Node, response: Response) -> Video:
    """Return the record of a `Video`.

    Raises:
        NotARecord: it has no id of its own.
    """
    uuid, url = row.get("uuid"), address(row.get("id"), response)
    if not isinstance(uuid, str) or long_uuid(uuid) is None or url is None:
        raise NotARecord("no_video", f"{response.url} holds a video without its id")
    live = bool(row.get("isLiveBroadcast"))
    account, channel = holder(row, "Person", response), holder(row, "Group", response)
    width, height, content_url = largest_file({}, row)
    category = name_of(row, "category")
    return Video(
        site=SITE,
        id=uuid,
        url=url,
        fetched_at=response.fetched_at,
        fetched_from=response.url,
        title=row.get("name") or "",
        description=row.get("content") or None,
        published_at=row.get("published"),
        updated_at=row.get("updated"),
        duration=None if live else duration(row.get("duration")),
        view_count=whole(row.get("views")),
        uploader_id=actor_id(account),
        uploader_url=account,
        channel_id=actor_id(channel),
        channel_url=channel,
        thumbnail=widest(row.get("icon"), response),
        tags=tags(row, row),
        categories=[category] if category else None,
        language=node(row.get("language")).get("identifier"),
        license=name_of(row, "licence"),
        **rating(row.get("sensitive")),
        live_status=live_status(row.get("state"), live=live),
        availability="public" if is_public(row) else None,
        media_type="livestream" if live else "video",
        width=width,
        height=height,
        content_url=content_url,
    )


def user(row: Node, response: Response) -> User:
    """Return the record of an account (`Person`) or channel (`Group`).

    Raises:
        NotARecord: it is another actor, such as the instance's own, or has no id.
    """
    url, name = address(row.get("id"), response), row.get("preferredUsername")
    kind = ACTOR_TYPES.get(str(row.get("type")))
    if kind is None or name == "peertube":
        raise NotARecord("instance_actor", f"{response.url} is an actor, but no user: {row.get('type')}")
    if url is None or not isinstance(name, str) or not name:
        raise NotARecord("no_user", f"{response.url} holds an actor without its id")
    host = urlsplit(url).netloc.lower()
    owner = holder(row, "Person", response) if kind == "channel" else None
    return User(
        site=SITE,
        id=f"{name}@{host}",
        url=url,
        fetched_at=response.fetched_at,
        fetched_from=response.url,
        username=name,
        name=row.get("name") or None,
        description=row.get("summary") or None,
        avatar_url=widest(row.get("icon"), response),
        banner_url=widest(row.get("image"), response) if kind == "channel" else None,
        account_type=kind,
        owner_id=actor_id(owner),
        owner_url=owner,
        host=host,
        created_at=row.get("published"),
    )


def holder(row: Node, kind: str, response: Response) -> str | None:
    """Return the address of the first `kind` that something is attributed to."""
    found = (address(one.get("id"), response) for one in nodes(row.get("attributedTo")) if one.get("type") == kind)
    return next((url for url in found if url), None)


def actor_id(url: str | None) -> str | None:
    """Return `name@host` of the account or channel at an address; None where the address does not tell it."""
    parts = urlsplit(url or "")
    found = ACTOR_PATH.fullmatch(unquote(parts.path))
    return f"{found[1]}@{parts.netloc.lower()}" if found else None


def name_of(row: Node, name: str) -> str | None:
    """Return the name of a category or licence."""
    value = node(row.get(name))
    return value.get("name") if value.get("identifier") is not None else None


def widest(value: Any, response: Response) -> str | None:
    """Return the address of the widest of one picture or several."""
    found = [
        (pixels(image.get("width")), url)
        for image in nodes(value if isinstance(value, list) else [value])
        if (url := address(image.get("url"), response))
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def is_public(row: Node) -> bool:
    """Tell whether something is addressed to everyone."""
    to = row.get("to")
    return PUBLIC in (to if isinstance(to, list) else [to])
