"""From Dailymotion's JSON to records: the API's objects, whatever fields were asked for, and the player's metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crawler.errors import NotARecord
from crawler.items import Availability, LiveStatus, User, Video
from crawler.pages.base import REASONS, Response
from crawler.pages.dailymotion import urls
from crawler.pages.nodes import Node, node, whole
from crawler.pages.rows import texts
from crawler.pages.structured import values
from crawler.pages.texts import first_said, plain

ADULT_YEARS = 18
SIZED = re.compile(r"(?:thumbnail|avatar|cover)_(\d{2,4})_url")
PLACE_HOLDER = "dmcdn.net/images/"
"""In the addresses of pictures that are the site's own, such as those of users who have none."""
LINKS = ("website_url", "facebook_url", "twitter_url", "instagram_url", "linkedin_url", "pinterest_url")
PLAYER_REASONS = {"DM002": "deleted", "DM010": "private"}
"""What the player's error codes mean, as far as that is documented."""
NOT_FOUND = "not_found"


def refuse_error(body: Any) -> None:
    """Refuse an answer that is an error, whatever the HTTP status was.

    Raises:
        NotARecord: with the reason.
    """
    if not isinstance(body, Mapping):
        raise NotARecord("no_json", "the answer is no JSON object")
    error = body.get("error")
    if not error:
        return
    told = node(error)
    code, kind = told.get("code"), told.get("type")
    said = first_said(told.get("message"), told.get("title"), error, otherwise="an error")
    reason = REASONS.get(code) if isinstance(code, int) else PLAYER_REASONS.get(code) if isinstance(code, str) else None
    if reason is None:
        reason = NOT_FOUND if kind == NOT_FOUND else "private" if kind == "access_forbidden" else "unavailable"
    raise NotARecord(reason, said)


def video(row: Node, response: Response) -> Video:
    """Return the record of a video.

    Raises:
        NotARecord: the row lacks its id or title.
    """
    video_id, title = row.get("id"), values.line(row.get("title"))
    if not isinstance(video_id, str) or not urls.VIDEO_ID.fullmatch(video_id) or not title:
        raise NotARecord("shell", "no id or no title of a video")
    is_live = live_status(row) == "is_live"
    explicit = flag(row, "explicit")
    return Video(
        site=urls.SITE,
        id=video_id,
        url=urls.video_url(video_id),
        fetched_at=response.fetched_at,
        fetched_from=response.url,
        title=title,
        description=plain(row.get("description")),
        published_at=moment(row.get("created_time")),
        updated_at=moment(row.get("updated_time")),
        duration=None if is_live else whole(row.get("duration")) or None,
        view_count=whole(row.get("views_total")),
        like_count=whole(row.get("likes_total")),
        comment_count=whole(row.get("comments_total")),
        uploader=values.line(of_owner(row, "screenname")),
        uploader_id=owner_id(row),
        uploader_url=owner_url(row),
        channel_follower_count=whole(of_owner(row, "followers_total")),
        thumbnail=picture(row, "thumbnail"),
        tags=texts(row.get("tags")),
        categories=category(row),
        language=values.language(row.get("language")),
        age_limit=None if explicit is None else ADULT_YEARS if explicit else 0,
        is_family_friendly=None if explicit is None else not explicit,
        live_status=live_status(row),
        availability=availability(row),
        media_type="livestream" if row.get("mode") == "live" else "video" if row.get("mode") == "vod" else None,
        width=whole(row.get("width")) or None,
        height=whole(row.get("height")) or None,
        embed_url=values.http_url(row.get("embed_url"), urls.BASE),
    )


def user(row: Node, response: Response) -> User:
    """Return the record of a user.

    Raises:
        NotARecord: the row lacks their id.
    """
    user_id, name = row.get("id"), values.line(row.get("screenname"))
    if not isinstance(user_id, str) or not urls.USER_ID.fullmatch(user_id):
        raise NotARecord("shell", "no id of a user")
    username = values.line(row.get("username"))
    url = values.http_url(row.get("url"), urls.BASE)
    links = [found for one in LINKS if (found := values.http_url(row.get(one), urls.BASE))]
    return User(
        site=urls.SITE,
        id=user_id,
        url=secure(url) or f"{urls.BASE}/{username or user_id}",
        fetched_at=response.fetched_at,
        fetched_from=response.url,
        username=username,
        name=name,
        description=plain(row.get("description")),
        avatar_url=picture(row, "avatar"),
        banner_url=own_picture(row.get("cover_url")) or picture(row, "cover"),
        links=links or None,
        follower_count=whole(row.get("followers_total")),
        following_count=whole(row.get("following_total")),
        video_count=whole(row.get("videos_total")),
        view_count=whole(row.get("views_total")),
        is_verified=flag(row, "verified"),
        country=country(row.get("country")),
        language=values.language(row.get("language")),
        created_at=moment(row.get("created_time")),
    )


def of_owner(row: Node, name: str) -> Any:
    """Return what is told of the owner: `owner.name` in the API, an object in the player's metadata."""
    for holder in ("owner", "user"):
        found = row.get(f"{holder}.{name}", node(row.get(holder)).get(name))
        if found is not None:
            return found
    return None


def owner_id(row: Node) -> str | None:
    """Return the owner's id, which the plain `owner` is."""
    told = (of_owner(row, "id"), row.get("owner"))
    return next((one for one in told if isinstance(one, str) and urls.USER_ID.fullmatch(one)), None)


def owner_url(row: Node) -> str | None:
    """Return the address of the owner's page."""
    told = secure(values.http_url(of_owner(row, "url"), urls.BASE))
    name = of_owner(row, "username")
    return told or (f"{urls.BASE}/{name}" if isinstance(name, str) and urls.NAME.fullmatch(name) else None)


def secure(url: str | None) -> str | None:
    """Return an address of the site with https, as it answers today."""
    return url.replace("http://", "https://", 1) if url and "dailymotion.com/" in url else url


def live_status(row: Node) -> LiveStatus | None:
    """Return the status in yt-dlp's words: what is off air may be on again, and any video be the replay of a stream."""
    return "is_live" if row.get("mode") == "live" and row.get("onair") is True else None


def availability(row: Node) -> Availability | None:
    """Return who can see it."""
    if flag(row, "password_protected"):
        return "password"
    private = flag(row, "private")
    return None if private is None else "private" if private else "public"


def category(row: Node) -> list[str] | None:
    """Return the category, which the API calls the channel: by its name where that was asked for."""
    holder = row.get("channel")
    told = row.get("channel.name") or (holder.get("name") if isinstance(holder, Mapping) else holder)
    found = values.line(told) if isinstance(told, str) else None
    return [found] if found else None


def picture(row: Node, name: str) -> str | None:
    """Return the address of the largest picture: of a known size, else the one without."""
    sizes = sorted(
        (
            (int(found[1]), value)
            for key, value in row.items()
            if (found := SIZED.fullmatch(key)) and key.startswith(name)
        ),
        key=lambda pair: -pair[0],
    )
    told = [*(value for _, value in sizes), row.get(f"{name}_url")]
    if name == "thumbnail":
        posters = {**node(row.get("posters")), **node(row.get("thumbnails"))}
        told += [posters[size] for size in sorted((key for key in posters if key.isdecimal()), key=int, reverse=True)]
    return next((url for one in told if isinstance(one, str) and (url := own_picture(one))), None)


def own_picture(told: Any) -> str | None:
    """Return the address of a picture; None for one of the site's own."""
    url = values.http_url(told, urls.BASE)
    return None if url and PLACE_HOLDER in url else url


def flag(row: Node, name: str) -> bool | None:
    """Return a JSON truth value."""
    found = row.get(name)
    return found if isinstance(found, bool) else None


def moment(value: Any) -> str | None:
    """Return a Unix time in seconds as ISO 8601."""
    return values.date(value) if isinstance(value, int) and not isinstance(value, bool) else None


def country(value: Any) -> str | None:
    """Return an ISO 3166-1 alpha-2 code."""
    return value.upper() if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value) else None
