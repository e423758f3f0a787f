"""A PeerTube: sends each request to its API, its outboxes or its pages."""

from __future__ import annotations

import re
from html import escape

from tests.site.activity import outbox
from tests.site.answers import JSON, XML, Answer, Asked, json_answer, problem
from tests.site.api import Api
from tests.site.catalogue import Catalogue
from tests.site.instance import Instance
from tests.site.model import Account, Channel, Video
from tests.site.peertube_html import SHELL, actor_page, missing_page, video_page
from tests.site.quirks import Kind, Quirks
from tests.site.shapes import Shapes
from tests.site.words import cut

SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/2.0"
OUTBOX = re.compile(r"/accounts/([^/]+)/outbox")
VIDEO_PAGE = re.compile(r"/(?:w|videos/watch)/([\w-]+)")
ACTOR_PAGE = re.compile(r"/(a/|accounts/|c/|video-channels/|@)([^/]+)(?:/.*)?")
SOFTWARE_VERSIONS = {4: "4.3.1", 6: "6.3.0", 8: "8.1.0"}


class PeerTube:
    """Serves a catalogue as PeerTube does."""

    def __init__(self, catalogue: Catalogue, quirks: Quirks, base: str) -> None:
        self.instance = Instance(catalogue, quirks)
        self.shapes = Shapes(base, quirks.api_version)
        self.api = Api(self.instance, self.shapes, quirks)
        self.version = SOFTWARE_VERSIONS[quirks.api_version]
        self.files = {
            "/.well-known/nodeinfo": self.nodeinfo_links,
            "/nodeinfo/2.0.json": self.nodeinfo,
            "/robots.txt": lambda: quirks.robots("Disallow:"),
            "/sitemap.xml": self.sitemap,
        }

    def kind(self, asked: Asked) -> Kind:
        """Which counter of the limiter a request is on."""
        if asked.path.startswith("/api/") or asked.path in self.files:
            return "api"
        return "activitypub" if asked.wants_activity else "html"

    def answer(self, asked: Asked) -> Answer:
        if file := self.files.get(asked.path):
            return file()
        if asked.path.startswith("/api/v1/"):
            return self.api.answer(asked)
        if asked.wants_activity and (match := OUTBOX.fullmatch(asked.path)):
            account = self.api.account_named.get(match[1].lower())
            if account is None or account.host is not None:
                return problem(404, "Account not found")
            return outbox(self.shapes, account, self.instance.entries(account), asked)
        return self.page(asked)

    def page(self, asked: Asked) -> Answer:
        """An HTML page; a path that is no route answers 200 with the empty app."""
        if match := VIDEO_PAGE.fullmatch(asked.path):
            video = self.instance.by_id.get(match[1])
            return video_page(self.shapes, video) if video and self.api.readable(video) else missing_page()
        if match := ACTOR_PAGE.fullmatch(asked.path):
            actor = self.actor(match[1], match[2].lower())
            return actor_page(self.shapes, actor) if actor else missing_page()
        return Answer(SHELL)

    def actor(self, where: str, handle: str) -> Account | None:
        accounts: dict[str, Account] = self.api.account_named
        channel = None if where in {"a/", "accounts/"} else self.api.channel_named.get(handle)
        return channel or (None if where in {"c/", "video-channels/"} else accounts.get(handle))

    def nodeinfo_links(self) -> Answer:
        return json_answer({"links": [{"rel": SCHEMA, "href": f"{self.shapes.base}/nodeinfo/2.0.json"}]})

    def nodeinfo(self) -> Answer:
        catalogue = self.instance.catalogue
        body = {
            "version": "2.0",
            "software": {"name": "peertube", "version": self.version},
            "protocols": ["activitypub"],
            "services": {"inbound": [], "outbound": ["atom1.0", "rss2.0"]},
            "openRegistrations": False,
            "usage": {"users": {"total": len(catalogue.local_accounts)}, "localPosts": len(self.instance.videos)},
            "metadata": {"nodeName": "Sample site"},
        }
        return json_answer(body, f'{JSON}; profile="{SCHEMA}#"')

    def sitemap(self) -> Answer:
        """All local actors, and the videos that are safe for work."""
        base, catalogue = self.shapes.base, self.instance.catalogue
        entries = [f"<url><loc>{base}{path}</loc></url>" for path in ("/about/instance", "/videos/local")]
        entries += [sitemap_video(base, video) for video in self.instance.videos if video.is_local and not video.nsfw]
        entries += [f"<url><loc>{base}{path_of(actor)}</loc></url>" for actor in catalogue.local_channels]
        entries += [f"<url><loc>{base}{path_of(actor)}</loc></url>" for actor in catalogue.local_accounts]
        names = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"'
        return Answer(
            f'<?xml version="1.0" encoding="UTF-8"?><urlset {names}>{"".join(entries)}</urlset>', content_type=XML
        )


def path_of(actor: Account) -> str:
    return f"/c/{actor.name}/videos" if isinstance(actor, Channel) else f"/a/{actor.name}/video-channels"


def sitemap_video(base: str, video: Video) -> str:
    title, about = escape(video.name), escape(cut(video.description) or video.name)
    tags = f"<video:title>{title}</video:title><video:description>{about}</video:description>"
    player = f"<video:player_loc>{base}/videos/embed/{video.uuid}</video:player_loc>"
    return f"<url><loc>{base}/w/{video.short}</loc><video:video>{tags}{player}</video:video></url>"
