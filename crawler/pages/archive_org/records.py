"""From an item to its record: of `movies` a video, of a collection or an account a user."""

from __future__ import annotations

from typing import ClassVar

from crawler.errors import NotARecord
from crawler.items import AccountType, Availability, User, Video
from crawler.pages.archive_org import urls
from crawler.pages.archive_org.item import Item, file_url_of, plain
from crawler.pages.archive_org.markup import Markup
from crawler.pages.base import RecordPage, Response
from crawler.pages.languages import bcp47
from crawler.pages.nodes import whole
from crawler.pages.structured import values

ACCOUNT, COLLECTION, VIDEO = "account", "collection", "movies"


class ItemRecord(RecordPage):
    """What videos and users have in common."""

    site = urls.SITE

    def __init__(self, response: Response, item: Item, markup: Markup | None) -> None:
        super().__init__(response)
        self.item = item
        self.markup = markup
        self.account = markup.uploader if markup else None
        self.counts = markup.counts if markup else {}

    def id(self) -> str:
        """Return the identifier."""
        return self.item.identifier

    def canonical_url(self) -> str:
        """Return the address of the page that people see."""
        return urls.details_url(self.item.identifier)

    def description(self) -> str | None:
        """Return the whole text."""
        return self.item.description

    def tags(self) -> list[str] | None:
        """Return the subjects."""
        return self.item.subjects

    def view_count(self) -> int | None:
        """Return the views, which the site's older parts call downloads."""
        return self.counts.get("V", self.item.views)

    def language(self) -> str | None:
        """Return the language, where it is one."""
        told = self.item.all("language")
        return bcp47(told[0]) if len(told) == 1 else None


class VideoItem(ItemRecord):
    """A video."""

    record_type: ClassVar = Video

    def title(self) -> str:
        """Return the title.

        Raises:
            NotARecord: there is none.
        """
        title = plain(self.item.first("title") or "")
        if not title:
            raise NotARecord("shell", f"the item {self.item.identifier} has no title")
        return title

    def published_at(self) -> str | None:
        """Return when it became public in the archive."""
        return self.item.published

    def duration(self) -> float | None:
        """Return the seconds of a work of one part."""
        return self.item.duration or values.duration(self.shown("duration"))

    def comment_count(self) -> int | None:
        """Return the number of reviews."""
        return self.counts.get("R", self.item.reviews)

    def uploader(self) -> str | None:
        """Return who made it, or else the account that uploaded it."""
        creators = [name for one in self.item.all("creator") if (name := values.line(plain(one)))]
        return ", ".join(creators) or (self.account[1] if self.account else None)

    def uploader_id(self) -> str | None:
        """Return the account, where it is the one that `uploader()` names."""
        return self.account[0] if self.account and self.uploader() == self.account[1] else None

    def uploader_url(self) -> str | None:
        """Return the address of that account."""
        return urls.details_url(account) if (account := self.uploader_id()) else None

    def channel(self) -> str | None:
        """Return the title of the collection."""
        told = self.markup.collection_title(self.channel_id() or "") if self.markup else None
        return self.item.collection_title or told

    def channel_id(self) -> str | None:
        """Return the first of its collections, which the site calls the primary one."""
        found = self.item.first("collection") or ""
        return found if urls.IDENTIFIER.fullmatch(found) else None

    def channel_url(self) -> str | None:
        """Return the address of that collection."""
        return urls.details_url(collection) if (collection := self.channel_id()) else None

    def thumbnail(self) -> str | None:
        """Return the picture that is told, or else the one that the site has for every item."""
        told = [self.markup.item_property("thumbnailUrl")] if self.markup else []
        told.append(self.item.image)
        found = (values.http_url(one, self.url) for one in told if one)
        return next((one for one in found if one), f"{urls.BASE}/services/img/{self.item.identifier}")

    def license(self) -> str | None:
        """Return the address of the licence."""
        return self.item.first("licenseurl")

    def availability(self) -> Availability | None:
        """Return that it is for members, where it is."""
        return "needs_auth" if values.boolean(self.item.first("access-restricted-item")) else None

    def width(self) -> int | None:
        """Return the width of the largest file."""
        return whole(self.item.main.get("width")) or None

    def height(self) -> int | None:
        """Return the height of the largest file."""
        return whole(self.item.main.get("height")) or None

    def embed_url(self) -> str | None:
        """Return the address of the player."""
        return f"{urls.BASE}/embed/{self.item.identifier}"

    def content_url(self) -> str | None:
        """Return the address of the largest file."""
        return file_url_of(self.item) or values.http_url(self.shown("contentUrl"), self.url)

    def shown(self, name: str) -> str | None:
        """Return what the page's microdata tells of the one file, where no list of files does."""
        return self.markup.item_property(name) if self.markup and not self.item.videos else None


class UserItem(ItemRecord):
    """A collection or an account."""

    record_type: ClassVar = User

    def username(self) -> str | None:
        """Return an account's name."""
        return self.item.identifier.removeprefix("@") if self.is_account else None

    def name(self) -> str | None:
        """Return the title."""
        return plain(self.item.first("title") or "")

    def avatar_url(self) -> str | None:
        """Return the picture."""
        told = self.markup.collection_image if self.markup else None
        return told or f"{urls.BASE}/services/img/{self.item.identifier}"

    def account_type(self) -> AccountType:
        """Return what it is: a collection is one's videos and those of others, a channel."""
        return "person" if self.is_account else "channel"

    def owner_id(self) -> str | None:
        """Return the account that a collection was created by."""
        return self.account[0] if self.account and not self.is_account else None

    def owner_url(self) -> str | None:
        """Return the address of that account."""
        return urls.details_url(owner) if (owner := self.owner_id()) else None

    def created_at(self) -> str | None:
        """Return when it was made."""
        return self.item.added

    @property
    def is_account(self) -> bool:
        """Whether it is somebody's account."""
        return self.item.mediatype == ACCOUNT or self.item.identifier.startswith("@")
