"""ActivityPub outboxes: an account's videos whole, 50 a page, with what no list shows in between."""

from __future__ import annotations

from typing import Any

from tests.site.answers import ACTIVITY, Answer, Asked, bad_parameter, json_answer
from tests.site.model import CATEGORIES, LANGUAGES, LICENCES, Account, File, Share, Video
from tests.site.shapes import PREVIEW_SIZE, THUMBNAIL_SIZE, Json, Shapes, stamp

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
LARGEST_PAGE = 50


def outbox(shapes: Shapes, account: Account, entries: list[Video | Share], asked: Asked) -> Answer:
    """Answer for an outbox or, with `page`, for one page of it."""
    base = f"{shapes.account_url(account)}/outbox"
    whole = {"@context": CONTEXT, "totalItems": len(entries)}
    if "page" not in asked.query:
        return json_answer(whole | {"id": base, "type": "OrderedCollection", "first": f"{base}?page=1"}, ACTIVITY)
    page, size = asked.query["page"], asked.query.get("size", "10")
    if not page.isdecimal() or int(page) < 1:
        return bad_parameter("page", page, "Should have a valid page number")
    if not size.isdecimal() or not 1 <= int(size) <= LARGEST_PAGE:
        return bad_parameter("size", size, f"Should have a valid page size (max: {LARGEST_PAGE})")
    number, end = int(page), int(page) * int(size)
    items = [activity(shapes, account, entry) for entry in entries[end - int(size) : end]]
    body = whole | {
        "id": f"{base}?page={number}",
        "type": "OrderedCollectionPage",
        "partOf": base,
        "orderedItems": items,
    }
    if number > 1:
        body["prev"] = f"{base}?page={number - 1}"
    if end < len(entries):
        body["next"] = f"{base}?page={number + 1}"
    return json_answer(body, ACTIVITY)


def activity(shapes: Shapes, account: Account, entry: Video | Share) -> Json:
    """An announcement of another's video, a new video, or what is left of a deleted one."""
    actor = shapes.account_url(account)
    followers = f"{actor}/followers"
    if isinstance(entry, Share):
        url = shapes.video_url(entry.video)
        return {
            "to": [PUBLIC],
            "cc": [followers],
            "type": "Announce",
            "id": f"{url}/announces/1",
            "actor": actor,
            "object": url,
        }
    url = shapes.video_url(entry)
    to, cc = ([followers], [PUBLIC]) if entry.fate == "unlisted" else ([PUBLIC], [followers])
    if entry.fate == "deleted":
        gone = {"type": "Tombstone", "id": url, "formerType": "Video", "deleted": stamp(entry.updated)}
        return {"to": to, "cc": cc, "type": "Delete", "id": f"{url}/delete", "actor": actor, "object": gone}
    video = {"to": to, "cc": cc} | video_object(shapes, entry)
    return {"to": to, "cc": cc, "type": "Create", "id": f"{url}/activity", "actor": actor, "object": video}


def video_object(shapes: Shapes, video: Video) -> Json:
    """A video as an ActivityPub object: all but likes and dislikes, which are only linked."""
    return {
        "type": "Video",
        "id": shapes.video_url(video),
        "name": video.name,
        "duration": f"PT{video.duration}S",
        "uuid": video.uuid,
        **identified("category", CATEGORIES, video.category),
        **identified("licence", LICENCES, video.licence),
        **identified("language", LANGUAGES, video.language),
        "views": video.views,
        "sensitive": video.nsfw,
        "waitTranscoding": True,
        "state": 4 if video.fate == "upcoming" else 1,
        "commentsEnabled": True,
        "downloadEnabled": True,
        "published": stamp(video.published),
        "originallyPublishedAt": stamp(video.originally) if video.originally else None,
        "updated": stamp(video.updated),
        "tag": [{"type": "Hashtag", "name": tag} for tag in video.tags],
        "mediaType": "text/markdown",
        "content": video.description,
        "support": None,
        "subtitleLanguage": [],
        "icon": [icon(shapes, video, "thumbnails", THUMBNAIL_SIZE), icon(shapes, video, "previews", PREVIEW_SIZE)],
        "isLiveBroadcast": video.is_live,
        **links(shapes, video),
    }


def links(shapes: Shapes, video: Video) -> Json:
    """A video's page and files, its owners, and where its counts are."""
    url = shapes.video_url(video)
    person = {"type": "Person", "id": shapes.account_url(video.account)}
    group = {"type": "Group", "id": shapes.channel_url(video.channel)}
    return {
        "url": [
            {"type": "Link", "mediaType": "text/html", "href": url},
            *(media(shapes, file) for file in video.files),
        ],
        **{part: f"{url}/{part}" for part in ("likes", "dislikes", "comments")},
        "shares": f"{url}/announces",
        "attributedTo": [person, group],
    }


def identified(name: str, known: dict[Any, str], key: Any) -> Json:
    """`category`, `licence` or `language`; left out where it is unknown."""
    return {} if key is None else {name: {"identifier": str(key), "name": known[key]}}


def icon(shapes: Shapes, video: Video, folder: str, size: dict[str, int]) -> Json:
    return {
        "type": "Image",
        "url": f"{shapes.base}/lazy-static/{folder}/{video.picture}.jpg",
        "mediaType": "image/jpeg",
        **size,
    }


def media(shapes: Shapes, file: File) -> Json:
    size = {"height": file.height, **shapes.width(file), "size": file.size, "fps": 25}
    return {"type": "Link", "mediaType": "video/mp4", "href": shapes.file_url(file), **size}
