"""The fields of a video, as schema.org nodes and as `<meta>`s tell them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from crawler.pages.structured.counts import count
from crawler.pages.structured.document import Document
from crawler.pages.structured.metas import CARD, OPENGRAPH, Player
from crawler.pages.structured.oembed import OEmbed
from crawler.pages.structured.schema import (
    Entity,
    Fields,
    account,
    account_name,
    account_url,
    is_site,
    legacy_counts,
    picture,
    words,
)
from crawler.pages.structured.titles import is_made_by_site
from crawler.pages.structured.values import (
    DAY_SECONDS,
    boolean,
    date,
    duration,
    http_url,
    language,
    line,
    text,
    uncut,
)

MEDIA_FILE = re.compile(r"\.(?:mp4|webm|m3u8|mpd|mov|m4v|ogv|mkv|flv)$", re.IGNORECASE)
METAS = {
    "title": ("og:title", "twitter:title"),
    "description": ("og:description", "twitter:description", "description"),
    "published_at": ("video:release_date", "og:video:release_date", "ya:ovs:upload_date"),
    "duration": ("video:duration", "og:video:duration"),
    "thumbnail": ("og:image:secure_url", "og:image", "twitter:image"),
    "tags": ("og:video:tag", "video:tag"),
    "age_limit": ("og:restrictions:age",),
    "uploader_url": ("video:director",),
}
"""The `<meta>`s that tell a field, the best first."""
PUBLISHER, SIZE = ("uploader", "uploader_url", "channel_follower_count"), ("width", "height")
"""Fields that together are of one account, or of one file."""
COUNTS = ("view", "like", "dislike", "comment", "repost")


def of_node(entity: Entity) -> Fields:
    """Return what a VideoObject says."""
    document = entity.document
    return {
        "title": document.without_site(line(entity.first("name", "headline", "title"))),
        "description": uncut(text(entity.first("description"))),
        "published_at": published(entity),
        "updated_at": date(text(entity.first("dateModified")), zone=document.zone),
        "duration": duration(quantity(entity, "duration")),
        "thumbnail": picture(entity, "thumbnailUrl", "thumbnailURL", "thumbnail", "image"),
        "tags": words(entity.values("keywords")),
        "categories": words(entity.values("genre")),
        "language": language(entity.first("inLanguage")),
        "license": licence(entity),
        "is_family_friendly": boolean(entity.first("isFamilyFriendly")),
        "live_status": live_status(entity),
        "embed_url": entity.url("embedUrl", "embedURL"),
        "content_url": content_url(entity),
        **size(entity),
        **counts(entity),
        **uploader(entity),
    }


def of_metas(document: Document) -> Fields:
    """Return what OpenGraph, the Twitter card and the video `<meta>`s say."""
    metas = document.metas
    players, of_card = metas.players(), metas.first("twitter:player")
    files = [player for player in players if is_file(player, of_card)]
    pages = [player.url for player in players if player.is_page and not MEDIA_FILE.search(player.url)]
    file = files[0] if files else None
    told = {field: metas.first(*names) for field, names in METAS.items()}
    director = http_url(told["uploader_url"], document.base)
    own = (
        director
        and urlsplit(director).netloc == document.response.host
        and document.og_type in {"video", "video.other"}
    )
    return {
        "title": document.without_site(line(told["title"]) or document.title),
        "description": uncut(own_words(document, told["description"])),
        "published_at": date(told["published_at"], zone=document.zone),
        "duration": duration(told["duration"]),
        "thumbnail": http_url(told["thumbnail"], document.base),
        "tags": words(metas.all(*METAS["tags"])),
        "age_limit": years(told["age_limit"]),
        "uploader_url": director if own else None,
        "embed_url": http_url(next(iter(pages), of_card), document.base),
        "content_url": http_url(file.url, document.base) if file else None,
        "width": pixels(file.width) if file else None,
        "height": pixels(file.height) if file else None,
    }


def is_file(player: Player, of_card: str | None) -> bool:
    """Tell whether an `og:video` is a media file; some sites say so of the page that their Twitter card names, too."""
    return bool(MEDIA_FILE.search(player.url.partition("?")[0])) or (player.is_file and player.url != of_card)


def source_of_meta(document: Document, field: str) -> str:
    """Return which of the `<meta>`s told a field of `of_metas()`, as `provenance=1` names it."""
    if field == "embed_url" and not any(player.is_page for player in document.metas.players()):
        return CARD
    if field in METAS:
        return document.metas.source(*METAS[field]) or "title"
    return OPENGRAPH


def of_oembed(document: Document, told: OEmbed) -> Fields:
    """Return what the site's oEmbed answer says."""
    return told.fields(document.brands) | {"title": document.without_site(told.title)}


def agreeing(sources: Iterable[tuple[str, Fields]]) -> Iterator[tuple[str, Fields]]:
    """Yield what each source tells, without the account and the size that are others than those told before."""
    known: Fields = {}
    for source, told in sources:
        own = {name: value for name, value in told.items() if value is not None}
        both = [name for name in PUBLISHER[:2] if name in own and name in known]
        left_out = set(PUBLISHER) if both and not any(is_alike(own[name], known[name]) for name in both) else set()
        if any(name in known for name in SIZE) and not any(own.get(name) == known.get(name) for name in SIZE):
            left_out.update(SIZE)
        kept = {name: value for name, value in own.items() if name not in left_out}
        known = kept | known
        yield source, kept


def is_alike(one: str, other: str) -> bool:
    """Tell whether two addresses of an account are one, or two names, of which one may be a part: `Ann`, `Ann Lee`."""
    if one.startswith("http"):
        return one.rstrip("/") == other.rstrip("/")
    words_of_one, words_of_other = (set(re.findall(r"\w+", name.casefold())) or {name} for name in (one, other))
    return words_of_one <= words_of_other or words_of_other <= words_of_one


def published(entity: Entity) -> str | None:
    """Return when the video was published; an upload date of the same day is taken when it alone has the time."""
    zone = entity.document.zone
    told = [line(value) for name in ("datePublished", "uploadDate") for value in entity.values(name)]
    first, *others = [value for value in told if date(value, zone=zone)] or [None]
    more = [
        other for other in others if first and other and len(first) == len("2026-01-01") and other.startswith(first)
    ]
    return date(max([first or "", *more], key=len), zone=zone)


def quantity(entity: Entity, name: str) -> Any:
    """Return a value that may be written as a `QuantitativeValue` or a `Duration`."""
    value = entity.first(name)
    return entity.graph.first(value, "value", "@value", "name", "duration") if isinstance(value, dict) else value


def size(entity: Entity) -> Fields:
    """Return width and height, where they are not only those of the player."""
    known = {name: pixels(quantity(entity, name)) for name in ("width", "height")}
    players = [
        (pixels(player.width), pixels(player.height))
        for player in entity.document.metas.players()
        if not player.is_file
    ]
    return {} if (known["width"], known["height"]) in players else known


def pixels(value: Any) -> int | None:
    """Return a number of pixels, `1920` or `1920px`."""
    plain = value.strip().removesuffix("px").strip() if isinstance(value, str) else value
    found = count(plain)
    return found.value or None if found else None


def counts(entity: Entity) -> Fields:
    """Return the counts of a video."""
    told = legacy_counts(entity) | entity.counts("interactionStatistic")
    comments = count(entity.first("commentCount"), entity.document.language)
    known = {f"{name}_count": told.get(name) for name in COUNTS}
    return known | {"comment_count": known["comment_count"] or comments}


def uploader(entity: Entity) -> Fields:
    """Return who published the video; a publisher that is the site itself did not."""
    holder = account(entity, "author", "creator", "actor")
    if holder is None:
        publisher = account(entity, "publisher")
        holder = None if publisher is None or is_site(publisher) else publisher
    if holder is None:
        return {}
    return {
        "uploader": account_name(holder),
        "uploader_url": account_url(holder),
        "channel_follower_count": (legacy_counts(holder) | holder.counts("interactionStatistic")).get("follow"),
    }


def content_url(entity: Entity) -> str | None:
    """Return the media file; some sites name the page itself."""
    url = entity.url("contentUrl", "contentURL")
    document = entity.document
    return (
        None if url in {document.response.url, document.canonical, entity.url("url"), entity.url("embedUrl")} else url
    )


def licence(entity: Entity) -> str | None:
    """Return the licence, an address or words."""
    value = entity.first("license")
    if isinstance(value, dict):
        return entity.of(value).url("url", "@id") or line(entity.of(value).first("name"))
    return line(value)


def live_status(entity: Entity) -> str | None:
    """Return what the `BroadcastEvent` of a video says, at the time when the page was read."""
    event = next((node for node in entity.graph.children(entity.node, "publication")), None)
    broadcast = entity.of(event) if event else entity
    if boolean(broadcast.first("isLiveBroadcast")) is not True:
        return None
    starts, ends, now = (
        date(value, zone=entity.document.zone)
        for value in (broadcast.first("startDate"), broadcast.first("endDate"), entity.document.response.fetched_at)
    )
    if now is None:
        return None
    if ends and is_before(ends, now):
        return "was_live"
    if starts and is_before(now, starts):
        return "is_upcoming"
    length = duration(quantity(entity, "duration"))
    is_long_over = starts and not ends and length and age(starts, now) > length + DAY_SECONDS
    return None if is_long_over else "is_live"  # some sites call all that has been a stream one, without its end


def age(start: str, now: str) -> float:
    """Return the seconds between two ISO 8601 times."""
    return (datetime.fromisoformat(now) - datetime.fromisoformat(start)).total_seconds()


def is_before(one: str, other: str) -> bool:
    """Compare two ISO 8601 times."""
    return datetime.fromisoformat(one) < datetime.fromisoformat(other)


def years(value: str | None) -> int | None:
    """Return the years of an age limit such as `18+`."""
    found = re.fullmatch(r"\s*(\d{1,2})\+?\s*", value or "")
    return int(found[1]) if found else None


def own_words(document: Document, summary: str | None) -> str | None:
    """Return the summary of a page, or None when the site made it: it names both the page and the site."""
    plain = text(summary)
    title = document.without_site(line(document.metas.first("og:title")) or document.title)
    if plain is None or title is None:
        return plain
    if is_made_by_site(plain, title):
        return None
    said = plain.casefold()
    names_site = any(re.search(rf"\b{re.escape(brand)}\b", said) for brand in document.brands)
    return None if names_site and title.casefold() in said else plain
