"""PeerTube's HTML: an app's shell with tags in its head. Author, counts and tags of a video are not in it."""

from __future__ import annotations

from typing import Any

from tests.site.answers import Answer
from tests.site.html import document, json_ld, link, meta
from tests.site.model import Account, Channel, Video
from tests.site.shapes import Shapes, stamp

NAME = "Sample site"
PLATFORM = meta("og:platform", "PeerTube")
APP = ['<div id="app"></div>']
SHELL = document(NAME, [PLATFORM], APP)


def missing_page() -> Answer:
    return Answer(f"<html><head>{PLATFORM}</head><body></body></html>", 404)


def video_page(shapes: Shapes, video: Video) -> Answer:
    url, embed = f"{shapes.base}/w/{video.short}", f"{shapes.base}/videos/embed/{video.uuid}"
    image, line = f"{shapes.base}/lazy-static/previews/{video.picture}.jpg", one_line(video.description)
    data = {
        "@context": "http://schema.org",
        "@type": "VideoObject",
        "name": video.name,
        "description": line,
        "image": image,
        "url": url,
        "embedUrl": embed,
        "uploadDate": stamp(video.published),
        "duration": f"PT{video.duration}S",
        "thumbnailUrl": image,
    }
    tags = {"og:type": "video", "og:title": video.name, "og:image": image, "og:url": url, "og:video:url": embed}
    return page(video.name, line, tags | {"og:video:type": "text/html", "twitter:card": "player"}, data, url)


def actor_page(shapes: Shapes, actor: Account) -> Answer:
    is_channel = isinstance(actor, Channel)
    handle = actor.name if actor.host is None else f"{actor.name}@{actor.host}"
    url = f"{shapes.base}/c/{handle}/videos" if is_channel else f"{shapes.base}/a/{handle}/video-channels"
    line = one_line(actor.description)
    data = {
        "@context": "http://schema.org",
        "@type": "ProfilePage",
        "dateCreated": stamp(actor.created),
        "dateModified": stamp(actor.updated),
        "mainEntity": {"@id": "#main-author", "@type": "Person", "name": actor.display_name, "description": line},
    }
    tags = {"og:type": "website", "og:title": actor.display_name, "og:url": url, "twitter:card": "summary"}
    return page(actor.display_name, line, tags, data, url)


def page(title: str, line: str, tags: dict[str, str], data: Any, url: str) -> Answer:
    about = line or "Generated for tests."
    head = [PLATFORM, meta("description", about, "name"), meta("og:site_name", NAME), meta("og:description", about)]
    head += [meta(name, content) for name, content in tags.items()]
    return Answer(document(f"{title} - {NAME}", [*head, json_ld(data), link("canonical", url)], APP))


def one_line(text: str | None) -> str:
    """A description as the pages show it: its first 200 characters on one line."""
    return " ".join((text or "").split())[:200]
