"""The JSON of PeerTube's API, as versions 4, 6 and 8 spell it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.site.model import CATEGORIES, LANGUAGES, LICENCES, Account, Channel, File, Image, Video
from tests.site.words import cut

Json = dict[str, Any]
STATES = {False: {"id": 1, "label": "Published"}, True: {"id": 4, "label": "Waiting for livestream"}}
PREVIEW_SIZE = {"width": 850, "height": 480}
THUMBNAIL_SIZE = {"width": 280, "height": 157}


def stamp(time: datetime) -> str:
    """A time as the API writes it: milliseconds, `Z`."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def label(known: dict[Any, str], key: Any) -> Json:
    return {"id": key, "label": known.get(key, "Unknown")}


class Shapes:
    """Writes accounts, channels and videos for one base URL and one version."""

    def __init__(self, base: str, version: int = 6) -> None:
        self.base = base
        self.host = urlsplit(base).netloc
        self.version = version

    def host_of(self, actor: Account) -> str:
        return actor.host or self.host

    def origin(self, actor: Account) -> str:
        return self.base if actor.host is None else remote_base(actor.host)

    def account_url(self, account: Account) -> str:
        return f"{self.origin(account)}/accounts/{account.name}"

    def channel_url(self, channel: Channel) -> str:
        return f"{self.origin(channel)}/video-channels/{channel.name}"

    def video_url(self, video: Video) -> str:
        return f"{self.origin(video.account)}/videos/watch/{video.uuid}"

    def file_url(self, file: File) -> str:
        return f"{self.base}/static/web-videos/{file.stem}-{file.height}.mp4"

    def width(self, file: File) -> Json:
        """Versions before 6 do not tell it."""
        return {"width": file.width} if self.version > 5 else {}

    def image(self, image: Image, folder: str, actor: Account) -> Json:
        path = f"/lazy-static/{folder}/{image.stem}.png"
        names: Json = {"path": path}
        if self.version >= 8:
            names = {"path": None, "fileUrl": self.base + path}
        return {"width": image.width, **names, "createdAt": stamp(actor.created), "updatedAt": stamp(actor.updated)}

    def images(self, images: tuple[Image, ...], kind: str, actor: Account) -> Json:
        """`avatars` or `banners`; up to version 5 the smallest one also as `avatar` or `banner`."""
        written = [self.image(image, f"{kind}s", actor) for image in images]
        old = {kind: min(written, key=lambda one: one["width"], default=None)} if self.version < 6 else {}
        return {f"{kind}s": written} | old

    def actor(self, actor: Account, url: str) -> Json:
        return {
            "url": url,
            "name": actor.name,
            "host": self.host_of(actor),
            **self.images(actor.avatars, "avatar", actor),
            "id": actor.id,
            "hostRedundancyAllowed": False,
            "followingCount": actor.following,
            "followersCount": actor.followers,
            "createdAt": stamp(actor.created),
        }

    def account(self, account: Account) -> Json:
        about = {
            "displayName": account.display_name,
            "description": account.description,
            "updatedAt": stamp(account.updated),
        }
        user = {"userId": account.id} if account.host is None and account.name != "peertube" else {}
        return self.actor(account, self.account_url(account)) | about | user

    def channel(self, channel: Channel) -> Json:
        return {
            **self.actor(channel, self.channel_url(channel)),
            **self.images(channel.banners, "banner", channel),
            "displayName": channel.display_name,
            "description": channel.description,
            "support": channel.support,
            "isLocal": channel.host is None,
            "updatedAt": stamp(channel.updated),
            "ownerAccount": self.account(channel.owner),
        }

    def summary(self, actor: Account, url: str) -> Json:
        """An account or a channel as a row of a list of videos has it."""
        return {
            "id": actor.id,
            "displayName": actor.display_name,
            "name": actor.name,
            "url": url,
            "host": self.host_of(actor),
            **self.images(actor.avatars, "avatar", actor),
        }

    def pictures(self, video: Video) -> Json:
        thumbnail, preview = (
            f"/lazy-static/thumbnails/{video.picture}.jpg",
            f"/lazy-static/previews/{video.picture}.jpg",
        )
        if self.version < 8:
            return {"thumbnailPath": thumbnail, "previewPath": preview}
        return {
            "thumbnailPath": None,
            "previewPath": None,
            "thumbnails": [
                {"fileUrl": self.base + preview, **PREVIEW_SIZE},
                {"fileUrl": self.base + thumbnail, **THUMBNAIL_SIZE},
            ],
        }

    def common(self, video: Video, description: str | None) -> Json:
        shortened = {"truncatedDescription": cut(video.description)} if self.version > 4 else {}
        original = stamp(video.originally) if video.originally else None
        return {
            "id": video.id,
            "uuid": video.uuid,
            "shortUUID": video.short,
            "url": self.video_url(video),
            "name": video.name,
            "category": label(CATEGORIES, video.category),
            "licence": label(LICENCES, video.licence),
            "language": label(LANGUAGES, video.language),
            "privacy": {"id": 2, "label": "Unlisted"} if video.fate == "unlisted" else {"id": 1, "label": "Public"},
            "nsfw": video.nsfw,
            **shortened,
            "description": description,
            "isLocal": video.is_local,
            "duration": video.duration,
            "views": video.views,
            "viewers": 0,
            "likes": video.likes,
            "dislikes": video.dislikes,
            **self.pictures(video),
            "embedPath": f"/videos/embed/{video.uuid}",
            "createdAt": stamp(video.created),
            "updatedAt": stamp(video.updated),
            "publishedAt": stamp(video.published),
            "originallyPublishedAt": original,
            "isLive": video.is_live,
        }

    def video_row(self, video: Video) -> Json:
        """A row of a list: no tags, no files, the description cut."""
        return self.common(video, cut(video.description)) | {
            "account": self.summary(video.account, self.account_url(video.account)),
            "channel": self.summary(video.channel, self.channel_url(video.channel)),
        }

    def video(self, video: Video) -> Json:
        """A video whole."""
        return self.common(video, video.description) | {
            "account": self.account(video.account),
            "channel": self.channel(video.channel),
            "blacklisted": False,
            "blacklistedReason": None,
            "streamingPlaylists": [],
            "files": [self.file(file, number, video) for number, file in enumerate(video.files)],
            "support": None,
            "descriptionPath": f"/api/v1/videos/{video.uuid}/description",
            "tags": list(video.tags),
            "commentsEnabled": True,
            "downloadEnabled": True,
            "waitTranscoding": True,
            "state": STATES[video.fate == "upcoming"],
            "trackerUrls": [f"{self.base}/tracker/announce"],
        }

    def file(self, file: File, number: int, video: Video) -> Json:
        return {
            "id": video.id * 10 + number,
            "resolution": {"id": file.height, "label": f"{file.height}p"},
            **({"height": file.height} if self.version > 5 else {}),
            **self.width(file),
            "size": file.size,
            "fps": 25,
            "fileUrl": self.file_url(file),
            "fileDownloadUrl": f"{self.base}/download/web-videos/{video.uuid}-{file.height}.mp4",
        }


def remote_base(host: str) -> str:
    """Base URL of another instance; one with a port is another sample site."""
    return f"http://{host}" if ":" in host else f"https://{host}"
