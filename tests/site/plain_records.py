"""The plain site's records: each as a page marks it up, and as a crawl must read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import escape
from typing import Any

from tests.site.html import json_ld, link, meta
from tests.site.model import Account, Video
from tests.site.shapes import stamp
from tests.site.truth import Fields, utc

SYNTAXES = ("json-ld", "microdata", "opengraph", "mixed")
"""How the videos are marked up, in turn. The parts of `mixed` complement each other."""
SCHEMA = "https://schema.org"
BROKEN = '<script type="application/ld+json">{"@type": "VideoObject", "name": "Broken", }</script>'


@dataclass(frozen=True, slots=True)
class Markup:
    """A record as a page has it, and the fields that can be read from that."""

    title: str
    head: list[str]
    body: list[str]
    fields: Fields


class PlainRecords:
    """Marks up people and videos for the site at `base`."""

    def __init__(self, base: str) -> None:
        self.base = base

    def video_url(self, video: Video) -> str:
        return f"{self.base}/v/{video.short}"

    def person_url(self, account: Account) -> str:
        return f"{self.base}/u/{account.name}"

    def person(self, account: Account, videos: int) -> Markup:
        url = self.person_url(account)
        avatar = f"{self.base}/avatars/{account.avatars[0].stem}.png" if account.avatars else None
        links = [f"https://social.example/{account.name}"] if account.id % 2 else None
        person = {
            "@type": "Person",
            "name": account.display_name,
            "alternateName": account.name,
            "description": account.description,
            "image": avatar,
            "url": url,
            "sameAs": links,
            "interactionStatistic": counter("FollowAction", account.followers),
            "agentInteractionStatistic": counter("WriteAction", videos),
        }
        times = {"dateCreated": stamp(account.created), "dateModified": stamp(account.updated)}
        data = {"@context": SCHEMA, "@type": "ProfilePage", **times, "mainEntity": known(person)}
        fields = {
            "site": "schema.org",
            "id": url,
            "url": url,
            "username": account.name,
            "name": account.display_name,
            "description": account.description,
            "avatar_url": avatar,
            "links": links,
            "account_type": "person",
            "follower_count": account.followers,
            "created_at": utc(account.created),
            "updated_at": utc(account.updated),
        }
        heading = f"<h1>{escape(account.display_name)}</h1>"
        return Markup(account.display_name, [link("canonical", url), json_ld(data)], [heading], fields)

    def video(self, number: int, video: Video) -> Markup:
        """Mark up the video that has this number in the catalogue; the number decides the syntax and its twists."""
        url, syntax = self.video_url(video), SYNTAXES[number % len(SYNTAXES)]
        facts = Facts(self, number, video)
        head, body, names = {
            "json-ld": facts.json_ld,
            "microdata": facts.microdata,
            "opengraph": facts.opengraph,
            "mixed": facts.mixed,
        }[syntax]()
        common = {"site": "schema.org", "id": url, "url": url, "title": video.name}
        expected = facts.expected()
        fields = common | {name: expected[name] for name in names}
        broken = [BROKEN] if number % 7 == 0 else []
        return Markup(video.name, [link("canonical", url), *broken, *head], body, fields)


Parts = tuple[list[str], list[str], tuple[str, ...]]
"""Head, body, and the names of the fields that they tell."""


class Facts:
    """A video as the syntaxes word it."""

    def __init__(self, records: PlainRecords, number: int, video: Video) -> None:
        self.number, self.video = number, video
        self.url, self.author_url = records.video_url(video), records.person_url(video.account)
        self.image = f"{records.base}/previews/{video.picture}.jpg"
        self.embed = f"{records.base}/embed/{video.short}"
        self.file = f"{records.base}/media/{video.short}.mp4"
        self.published = local_time(video.published) if number % 5 == 2 else stamp(video.published)
        self.duration = None if video.is_live else spelled(video.duration, number)

    def expected(self) -> Fields:
        video = self.video
        return {
            "description": video.description,
            "published_at": utc(video.published),
            "duration": None if video.is_live else float(video.duration),
            "view_count": video.views,
            "like_count": video.likes,
            "uploader": video.account.display_name,
            "uploader_url": self.author_url,
            "thumbnail": self.image,
            "tags": list(video.tags) or None,
            "language": video.language,
            "is_family_friendly": not video.nsfw,
            "embed_url": self.embed,
            "content_url": self.file,
            "width": 1280,
            "height": 720,
        }

    def json_ld(self) -> Parts:
        """All in one block; the title of every third one has its `&` escaped for HTML."""
        video = self.video
        data = {
            **self.core(),
            "duration": self.duration,
            "author": {"@type": "Person", "name": video.account.display_name, "url": self.author_url},
            "interactionStatistic": [counter("WatchAction", video.views), counter("LikeAction", video.likes)],
            "keywords": list(video.tags) or None,
            "inLanguage": video.language,
            "isFamilyFriendly": not video.nsfw,
            "embedUrl": self.embed,
            "contentUrl": self.file,
        }
        told = "description published_at duration view_count like_count uploader uploader_url thumbnail tags language"
        names = (*told.split(), "is_family_friendly", "embed_url", "content_url")
        return [json_ld(known(data))], [f"<h1>{escape(video.name)}</h1>"], names

    def core(self) -> dict[str, Any]:
        escaped = self.video.name.replace("&", "&amp;") if self.number % 3 == 0 else self.video.name
        return {
            "@context": SCHEMA,
            "@type": "VideoObject",
            "name": escaped,
            "url": self.url,
            "description": self.video.description,
            "uploadDate": self.published,
            "thumbnailUrl": [self.image],
        }

    def microdata(self) -> Parts:
        video = self.video
        inner = [
            f'<h1 itemprop="name">{escape(video.name)}</h1>',
            *([meta("description", video.description, "itemprop")] if video.description else []),
            meta("uploadDate", self.published, "itemprop"),
            f'<link itemprop="thumbnailUrl" href="{self.image}"><link itemprop="embedUrl" href="{self.embed}">',
            *self.watched(),
        ]
        names = "description published_at duration view_count uploader uploader_url thumbnail embed_url"
        return [], ['<div itemscope itemtype="http://schema.org/VideoObject">', *inner, "</div>"], tuple(names.split())

    def watched(self) -> list[str]:
        """Duration, author and views in microdata; every other author's name is in a `<link>`, as on YouTube."""
        name = escape(self.video.account.display_name)
        author = (
            f'<link itemprop="name" content="{name}">'
            if self.number % 8 == 1
            else f'<span itemprop="name">{name}</span>'
        )
        return [
            *([meta("duration", self.duration, "itemprop")] if self.duration else []),
            '<span itemprop="author" itemscope itemtype="http://schema.org/Person">',
            f'<link itemprop="url" href="{self.author_url}">{author}</span>',
            meta("interactionCount", self.video.views, "itemprop"),
        ]

    def opengraph(self) -> Parts:
        video = self.video
        tags = {"og:type": "video.other", "og:title": video.name, "og:url": self.url, "og:image": self.image}
        tags |= {"og:description": video.description} if video.description else {}
        tags |= {
            "og:video:url": self.file,
            "og:video:type": "video/mp4",
            "og:video:width": "1280",
            "og:video:height": "720",
        }
        tags |= {"video:release_date": self.published}
        tags |= {} if video.is_live else {"video:duration": str(video.duration)}
        head = [meta(name, content) for name, content in tags.items()] + [meta("video:tag", tag) for tag in video.tags]
        names = "description published_at duration thumbnail tags content_url width height"
        return head, [f"<h1>{escape(video.name)}</h1>"], tuple(names.split())

    def mixed(self) -> Parts:
        """Title, text, date, picture in JSON-LD; duration, author, views in microdata; tags in OpenGraph."""
        head = [json_ld(known(self.core())), meta("og:type", "video.other"), meta("og:title", self.video.name)]
        head += [meta("video:tag", tag) for tag in self.video.tags]
        name = meta("name", self.video.name, "itemprop")
        body = ['<div itemscope itemtype="http://schema.org/VideoObject">', name, *self.watched(), "</div>"]
        names = "description published_at duration view_count uploader uploader_url thumbnail tags"
        return head, body, tuple(names.split())


def counter(action: str, number: int) -> dict[str, Any]:
    return {"@type": "InteractionCounter", "interactionType": f"{SCHEMA}/{action}", "userInteractionCount": number}


def known(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is None."""
    return {name: value for name, value in data.items() if value is not None}


def local_time(time: datetime) -> str:
    """A time with the offset of Seoul."""
    return time.astimezone(timezone(timedelta(hours=9))).isoformat(timespec="milliseconds")


def spelled(seconds: int, number: int) -> str:
    """An ISO 8601 duration, in one of the spellings that sites use."""
    minutes, rest = divmod(seconds, 60)
    hours = f"PT{minutes // 60:02d}H{minutes % 60:02d}M{rest:02d}S"
    return (f"PT{seconds}S", f"PT{minutes}M{rest}S", hours, "P0D" + hours.removeprefix("P"))[number // 4 % 4]
