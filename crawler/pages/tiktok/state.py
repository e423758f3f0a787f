"""What TikTok's pages hold as JSON, from 2019 to today, all in the shape that it has today."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from crawler.errors import NotARecord
from crawler.pages.embedded import NEXT_DATA, script
from crawler.pages.nodes import Node, assigned, dig, loaded, node, nodes, words

UNIVERSAL, SIGI, EMBED = "__UNIVERSAL_DATA_FOR_REHYDRATION__", "SIGI_STATE", "__FRONTITY_CONNECT_STATE__"
API = "web API"
SCOPE = "__DEFAULT_SCOPE__"
VIDEO_SCOPES = ("webapp.video-detail", "webapp.reflow.video.detail")
USER_SCOPE = "webapp.user-detail"
NOBODY = 10202
REASONS = {NOBODY: "not_found", 10221: "not_found", 10216: "private", 10222: "private", 10204: "unavailable"}
"""Why there is no record, by the page's own `statusCode`."""
CHALLENGES = ("<title>Please wait...", "<title>Security Check", "/captcha/", "verify-page", 'id="wci"')
SHELL_MOST_CHARS = 200_000
"""A longer page is no challenge."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a page tells of its one thing.

    Attributes:
        source: part of the page that tells it.
        thing: an `itemStruct` or `userInfo`; empty where it is not there.
        status: the page's `statusCode`; 0 is fine.
        title: what the site calls the page.
        videos: further videos that are there, by id.
    """

    source: str = ""
    thing: Node = field(default_factory=dict)
    status: int = 0
    title: str | None = None
    videos: tuple[Any, ...] = ()


def video_told(source: str, video_id: str) -> Told:
    """Return what a page tells of the video that its address names."""
    if answer := answered(source):
        return of_detail(API, answer, "itemInfo", "itemStruct")
    scopes = node(script(source, UNIVERSAL).get(SCOPE))
    for name in VIDEO_SCOPES:
        if detail := node(scopes.get(name)):
            return of_detail(UNIVERSAL, detail, "itemInfo", "itemStruct")
    if sigi := sigi_state(source):
        return Told(SIGI, sigi_item(sigi, video_id), status_of(node(sigi.get("VideoPage"))))
    if props := node(dig(script(source, NEXT_DATA), "props", "pageProps")):
        if old := node(props.get("videoData")):
            return Told(NEXT_DATA, item_of_2019(old), status_of(props))
        return of_detail(NEXT_DATA, props, "itemInfo", "itemStruct")
    pages = node(dig(script(source, EMBED), "source", "data"))
    found = (item_of_2019(node(dig(page, "videoData"))) for page in pages.values())
    item = next((item for item in found if item.get("id") == video_id), None)
    return Told(EMBED, item) if item else Told()


def user_told(source: str, handle: str) -> Told:
    """Return what a page tells of the user that its address names."""
    if answer := answered(source):
        return of_detail(API, answer, "userInfo")
    if detail := node(dig(script(source, UNIVERSAL), SCOPE, USER_SCOPE)):
        return of_detail(UNIVERSAL, detail, "userInfo")
    if sigi := sigi_state(source):
        users, stats = node(dig(sigi, "UserModule", "users")), node(dig(sigi, "UserModule", "stats"))
        own = next((name for name in users if name.casefold() == handle.casefold()), "")
        info = {"user": users[own], "stats": stats.get(own)} if own else {}
        items = tuple(node(sigi.get("ItemModule")).values())
        return Told(SIGI, info, status_of(node(sigi.get("UserPage"))), videos=items)
    props = node(dig(script(source, NEXT_DATA), "props", "pageProps"))
    if old := node(props.get("userData")):
        return Told(NEXT_DATA, user_of_2019(old), status_of(props))
    return of_detail(NEXT_DATA, props, "userInfo") if props else Told()


def answered(source: str) -> Node:
    """Return a body that is an answer for the site's scripts; empty for a page."""
    return node(loaded(source)) if source[:100].lstrip().startswith("{") else {}


def of_detail(source: str, detail: Node, *path: str) -> Told:
    """Return what one of the site's answers tells, with its status."""
    titles = (dig(detail, *where, "title") for where in (("shareMeta",), ("metaParams",), ("seoProps", "metaParams")))
    title = next((found for one in titles if (found := words(one))), None)
    items = dig(detail, "itemList") or dig(detail, "userInfo", "itemList")
    videos = tuple(items) if isinstance(items, list) else ()
    return Told(source, node(dig(detail, *path)), status_of(detail), title, videos)


def status_of(detail: Node) -> int:
    """Return the `statusCode` of an answer; 0 where there is none, and the page is not one of 2020 that has a 404."""
    status = detail.get("statusCode")
    if isinstance(status, int) and status:
        return status
    return NOBODY if detail.get("serverCode") == HTTPStatus.NOT_FOUND else 0


def sigi_state(source: str) -> Node:
    """Return the state of the pages of 2021 to 2023: a script of its own, or a variable."""
    return script(source, SIGI) or assigned(source, SIGI)


def sigi_item(sigi: Node, video_id: str) -> Node:
    """Return a video of that state, with its author in it."""
    item = node(dig(sigi, "ItemModule", video_id))
    handle = item.get("author")
    if not isinstance(handle, str):
        return item
    known = node(dig(sigi, "UserModule", "users", handle))
    stats = item.get("authorStats") or dig(sigi, "UserModule", "stats", handle)
    named = {"uniqueId": handle, "nickname": item.get("nickname"), "id": item.get("authorId")}
    return {**item, "author": {**named, **known}, "authorStats": stats}


def item_of_2019(data: Node) -> Node:
    """Return a video of the older shape, which players for other sites still have, in today's."""
    item, author = node(data.get("itemInfos")), node(data.get("authorInfos"))
    if not item:
        return {}
    sizes, covers = node(dig(item, "video", "videoMeta")), item.get("covers")
    names = ("diggCount", "shareCount", "playCount", "commentCount")
    marked = data.get("textExtra")
    return {
        "id": item.get("id"),
        "desc": item.get("text"),
        "createTime": item.get("createTime"),
        "video": {**sizes, "cover": dig(covers, 0), "playAddr": dig(item, "video", "urls", 0)},
        "author": {"id": author.get("userId"), "uniqueId": author.get("uniqueId"), "nickname": author.get("nickName")},
        "stats": {name: item.get(name) for name in names},
        "textExtra": [{"hashtagName": one.get("HashtagName") or one.get("hashtagName")} for one in nodes(marked)]
        if isinstance(marked, list)
        else None,
    }


def user_of_2019(data: Node) -> Node:
    """Return a user of the older shape in today's."""
    names = {"followerCount": "fans", "followingCount": "following", "heartCount": "heart", "videoCount": "video"}
    avatar = dig(data, "coversLarger", 0) or dig(data, "coversMedium", 0) or dig(data, "covers", 0)
    user = {"id": data.get("userId"), "nickname": data.get("nickName"), "avatarLarger": avatar}
    return {
        "user": {**user, **{name: data.get(name) for name in ("uniqueId", "signature", "verified")}},
        "stats": {name: data.get(old) for name, old in names.items()},
    }


def refuse(told: Told, source: str, url: str) -> None:
    """Refuse a page that tells nothing of its thing.

    Raises:
        NotARecord: always, with the reason.
    """
    if told.status:
        raise NotARecord(REASONS.get(told.status, "unavailable"), f"{url} says statusCode {told.status}")
    head = source[:SHELL_MOST_CHARS]
    if not told.source and len(source) <= SHELL_MOST_CHARS and any(mark in head for mark in CHALLENGES):
        raise NotARecord("bot_check", f"{url} asks whether we are a robot: crawl more slowly (DOWNLOAD_DELAY)")
    raise NotARecord("shell", f"{url} holds no data of a video or user")
