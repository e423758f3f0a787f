"""From LBRY's claims to records: a stream of the type video, or a channel."""

from __future__ import annotations

from typing import Any, ClassVar

from crawler.errors import NotARecord
from crawler.items import AccountType, Availability, MediaType, User, Video
from crawler.pages.base import RecordPage, Response
from crawler.pages.languages import bcp47
from crawler.pages.nodes import Node, dig, node, whole
from crawler.pages.odysee import urls
from crawler.pages.rows import texts
from crawler.pages.structured import values

SENSITIVE = frozenset({"mature", "nsfw", "porn", "xxx"})
"""Tags by which the site takes a video for one for adults."""
CONTROL = "c:"
"""Begins tags that the site's own programs set."""
REASONS = {"NOT_FOUND": "not_found", "BLOCKED": "blocked", "INVALID": "not_found"}
"""What the API calls a claim that it does not show."""
COUNTRY_CHARS = 2


class ClaimRecord(RecordPage):
    """What videos and channels have in common.

    Args:
        response: where the claim stood.
        claim: the claim.
    """

    site = urls.SITE

    def __init__(self, response: Response, claim: Node) -> None:
        super().__init__(response)
        self.claim = claim
        self.value = node(claim.get("value"))
        self.all_tags = texts(self.value.get("tags")) or []

    def id(self) -> str:
        """Return the claim's id."""
        return claim_id(self.claim) or ""

    def canonical_url(self) -> str:
        """Return the address of the page that people see."""
        told = (urls.page_url(self.claim.get(name)) for name in ("canonical_url", "short_url", "permanent_url"))
        return next((one for one in told if one), self.url)

    def description(self) -> str | None:
        """Return the whole text."""
        return values.text(self.value.get("description"))

    def tags(self) -> list[str] | None:
        """Return the tags that people gave."""
        return [one for one in self.all_tags if not one.startswith(CONTROL)] or None

    def language(self) -> str | None:
        """Return the first language."""
        return bcp47(dig(self.value, "languages", 0))

    def picture(self, name: str) -> str | None:
        """Return the address of a picture."""
        return values.http_url(dig(self.value, name, "url"), self.url)

    def updated_at(self) -> str | None:
        """Return when the claim was changed, where it was."""
        return values.date(self.claim.get("timestamp")) if self.claim.get("claim_op") == "update" else None

    @property
    def created(self) -> str | None:
        """When the claim was made."""
        first = values.date(dig(self.claim, "meta", "creation_timestamp"))
        return first or (values.date(self.claim.get("timestamp")) if self.claim.get("claim_op") == "create" else None)


class VideoClaim(ClaimRecord):
    """A video, or a livestream, which has no file."""

    record_type: ClassVar = Video

    def title(self) -> str:
        """Return the title, or the name where it has none.

        Raises:
            NotARecord: it has neither.
        """
        title = values.line(self.value.get("title")) or values.line(self.claim.get("name"))
        if title is None:
            raise NotARecord("no_title", f"the claim {self.id()} has neither a title nor a name")
        return title

    def published_at(self) -> str | None:
        """Return the date that the channel gives it, or else the claim's."""
        return values.date(self.value.get("release_time")) or self.created

    def duration(self) -> float | None:
        """Return the seconds."""
        told = whole(dig(self.value, "video", "duration"))
        return float(told) if told else None

    def repost_count(self) -> int | None:
        """Return how often it was reposted."""
        return whole(dig(self.claim, "meta", "reposted"))

    def uploader(self) -> str | None:
        """Return the channel's name, or who is named as author of what no channel signed."""
        return self.channel() or values.line(self.value.get("author"))

    def uploader_id(self) -> str | None:
        """Return the channel's claim id."""
        return self.channel_id()

    def uploader_url(self) -> str | None:
        """Return the channel's address."""
        return self.channel_url()

    def channel(self) -> str | None:
        """Return the channel's title, or its handle where it has none."""
        title = values.line(dig(self.signer, "value", "title"))
        return title or values.line(self.signer.get("name"))

    def channel_id(self) -> str | None:
        """Return the channel's claim id."""
        return claim_id(self.signer)

    def channel_url(self) -> str | None:
        """Return the channel's address."""
        return urls.page_url(self.signer.get("canonical_url")) or urls.page_url(self.signer.get("permanent_url"))

    def thumbnail(self) -> str | None:
        """Return the picture."""
        return self.picture("thumbnail")

    def license(self) -> str | None:
        """Return the licence, by its name or its address."""
        return values.line(self.value.get("license")) or values.line(self.value.get("license_url"))

    def is_family_friendly(self) -> bool | None:
        """Return False where its tags say that it is for adults."""
        return False if SENSITIVE & {tag.casefold() for tag in self.all_tags} else None

    def availability(self) -> Availability | None:
        """Return who can see it, where a tag says so."""
        if "c:members-only" in self.all_tags:
            return "needs_auth"
        return "unlisted" if "c:unlisted" in self.all_tags else None

    def media_type(self) -> MediaType:
        """Return whether it is a video or a stream without a file."""
        return "video" if self.value.get("source") else "livestream"

    def width(self) -> int | None:
        """Return the width."""
        return whole(dig(self.value, "video", "width")) or None

    def height(self) -> int | None:
        """Return the height."""
        return whole(dig(self.value, "video", "height")) or None

    def content_url(self) -> str | None:
        """Return the file, which only the answer to `get` tells."""
        return values.http_url(self.claim.get("streaming_url"), self.url)

    def embed_url(self) -> str | None:
        """Return the address of the player."""
        name = values.line(self.claim.get("name"))
        return urls.page_url(f"lbry://$/embed/{name}/{self.id()}") if name else None

    @property
    def signer(self) -> Node:
        """The channel that has signed it; empty where none has, or the signature is false."""
        is_false = self.claim.get("is_channel_signature_valid") is False
        return {} if is_false else node(self.claim.get("signing_channel"))


class ChannelClaim(ClaimRecord):
    """A channel."""

    record_type: ClassVar = User

    def username(self) -> str | None:
        """Return the handle."""
        return (values.line(self.claim.get("name")) or "").removeprefix("@") or None

    def name(self) -> str | None:
        """Return the title."""
        return values.line(self.value.get("title")) or self.username()

    def avatar_url(self) -> str | None:
        """Return the picture."""
        return self.picture("thumbnail")

    def banner_url(self) -> str | None:
        """Return the picture above the page."""
        return self.picture("cover")

    def profile_links(self) -> list[str] | None:
        """Return the channel's own site."""
        told = values.text(self.value.get("website_url")) or ""
        site = values.http_url(told, self.url) if told.startswith(("http://", "https://")) else None
        return [site] if site else None

    def account_type(self) -> AccountType:
        """Return that it is a channel."""
        return "channel"

    def country(self) -> str | None:
        """Return the country that it names."""
        told = values.line(dig(self.value, "locations", 0, "country")) or ""
        return told if len(told) == COUNTRY_CHARS and told.isascii() and told.isupper() else None

    def created_at(self) -> str | None:
        """Return when the claim was made."""
        return self.created


def claim_id(claim: Node) -> str | None:
    """Return a claim's id."""
    told = claim.get("claim_id")
    return told if isinstance(told, str) and urls.CLAIM_ID.fullmatch(told) else None


def claim_of_file(told: Node) -> Node:
    """Return the claim in an answer to `get`, which has its parts by other names."""
    name, claim = told.get("claim_name"), claim_id(told)
    channel = told.get("channel_name")
    signer = f"{channel}#{told.get('channel_claim_id')}"
    return {
        "claim_id": claim,
        "name": name,
        "permanent_url": f"lbry://{name}#{claim}",
        "signing_channel": {
            "claim_id": told.get("channel_claim_id"),
            "name": channel,
            "permanent_url": f"lbry://{signer}",
        }
        if channel
        else None,
        "streaming_url": told.get("streaming_url"),
        "value": told.get("metadata"),
        "value_type": "stream",
    }


def record_of(response: Response, told: Any) -> ClaimRecord:
    """Return what reads a claim; of a repost, what it repeats.

    Raises:
        NotARecord: it is neither a video nor a channel, or not there.
    """
    claim = node(told)
    if claim.get("value_type") == "repost":
        claim = node(claim.get("reposted_claim"))
    error = node(claim.get("error"))
    if error or not claim_id(claim):
        said = values.line(error.get("text")) or "no such claim"
        raise NotARecord(REASONS.get(str(error.get("name")), "not_found"), f"Odysee says: {said}")
    kind, stream = claim.get("value_type"), dig(claim, "value", "stream_type")
    if kind == "channel":
        return ChannelClaim(response, claim)
    has_file = bool(dig(claim, "value", "source"))
    if kind == "stream" and (stream == "video" or (stream is None and not has_file)):
        return VideoClaim(response, claim)
    raise NotARecord("not_a_video", f"{claim.get('name')} is a {kind} of the type {stream}"[:300])
