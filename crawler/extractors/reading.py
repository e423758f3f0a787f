"""An extractor of yt-dlp at work, in a thread of its own: for metadata only, with every request handed to the engine.

This module and those of the handler and the catalogue import yt-dlp, and are imported when that is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL
from yt_dlp.extractor import gen_extractor_classes, get_info_extractor
from yt_dlp.networking.exceptions import HTTPError, TransportError
from yt_dlp.utils import ExtractorError, GeoRestrictedError, PagedList, UnsupportedError, UserNotLive, unsmuggle_url

from crawler.errors import NotARecord, Unextracted
from crawler.extractors.catalogue import catalogue
from crawler.extractors.exchange import ROBOTS, Denied, Fetch
from crawler.extractors.guard import guarded
from crawler.extractors.handler import CrawlRH, Quiet
from crawler.pages.ytdlp import GENERIC, LISTS

MOST_HOPS = 3
"""Times that one extractor may refer to another one for the rest of a video."""
MOST_ENTRIES = 20_000
"""Entries of a list that are read."""
PARAMS: dict[str, Any] = {
    "quiet": True,
    "no_warnings": True,
    "noprogress": True,
    "color": "never",
    "cachedir": False,
    "geo_bypass": False,
    "js_runtimes": {},
    "ignore_no_formats_error": True,
    "skip_download": True,
    "extract_flat": True,
    "logger": Quiet(),
}
"""Nothing is kept on disk, no other place is pretended, no other program is run, and no file has to be found."""
SAYS = {
    "private": re.compile(r"\bprivate\b", re.IGNORECASE),
    "password": re.compile(r"\bpassword", re.IGNORECASE),
    "deleted": re.compile(r"deleted|removed|terminated|closed", re.IGNORECASE),
    "drm": re.compile(r"\bDRM\b"),
    "geo_restricted": re.compile(r"\b(?:country|region|your location)\b|\bgeo[ -]?(?:restrict|block)", re.IGNORECASE),
    "not_live": re.compile(r"\b(?:is|are) (?:currently )?(?:offline|not live)\b", re.IGNORECASE),
    "not_found": re.compile(r"not found|does not exist|doesn't exist", re.IGNORECASE),
    "login": re.compile(
        r"log(?:ged)?[ -]?in\b|sign(?:ed)?[ -]?in\b|cookies|credentials|subscri|members|registered", re.IGNORECASE
    ),
}
"""What an extractor says of a video that cannot be had; the first that fits."""
HINT = re.compile(r"[.\s]*\bUse --")
"""Begins what yt-dlp adds where a video is for those who have logged in, options for passwords among it."""
NOT_OF_THE_VIDEO = re.compile(
    r"PhantomJS|pycryptodome|impersonat|rate[ -]?limit|try again|network error|temporarily|captcha|not a bot"
    r"|IP address",
    re.IGNORECASE,
)
"""What an extractor says where only it cannot have the video, or not now."""

Info = dict[str, Any]


class MetadataOnly(YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """Runs extractors without what they would do for a download."""

    def __init__(self, fetch: Fetch) -> None:
        super().__init__(dict(PARAMS), auto_init=False)
        self.handler = CrawlRH(fetch, logger=Quiet(), cookiejar=self.cookiejar)

    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:  # noqa: ARG002 - yt-dlp's own
        """Return what sends requests: by the engine, and in no other way."""
        director = super().build_request_director(())
        director.add_handler(self.handler)
        return director

    def add_info_extractor(self, ie: Any) -> None:
        """Add an extractor, which then leaves manifests of formats unread."""
        super().add_info_extractor(ie)
        if not isinstance(ie, type):
            leave_formats(ie)


def leave_formats(ie: Any) -> None:
    """Let an extractor take one format for each manifest, which stands for all that are in it."""

    def one(url: str, *_: Any, **__: Any) -> list[Info]:
        return [{"url": str(url), "format_id": "manifest", "protocol": "manifest", "ext": "mp4"}]

    def one_and_no_subtitles(url: str, *_: Any, **__: Any) -> tuple[list[Info], Info]:
        return one(url), {}

    for kind in ("m3u8", "mpd", "ism", "akamai", "smil"):
        setattr(ie, f"_extract_{kind}_formats", one)
        setattr(ie, f"_extract_{kind}_formats_and_subtitles", one_and_no_subtitles)
    for kind in ("f4m", "wowza"):
        setattr(ie, f"_extract_{kind}_formats", one)
    for name in ("_extra_manifest_info", "_check_formats", "_extract_m3u8_vod_duration"):
        setattr(ie, name, lambda *_, **__: None)
    ie._is_valid_url = lambda *_, **__: True  # noqa: SLF001 - what is replaced is not ours


def read(url: str, key: str, fetch: Fetch, is_native: Callable[[str], bool]) -> Info:
    """Return what an extractor tells of a URL, as plain values; blocking.

    Args:
        url: of the page.
        key: of the extractor.
        fetch: does its requests.
        is_native: tells of a URL whether the project reads it itself.

    Raises:
        NotARecord: the site says that the video cannot be had.
        Unextracted: the extractor has failed, with the reason.
    """
    ydl = None
    with guarded():
        try:
            ydl = MetadataOnly(fetch)
            if key == GENERIC:
                ydl.add_default_info_extractors()
            return plain(ydl, resolved(ydl, url, key, is_native))
        except UnsupportedError as exc:
            raise Unextracted("unsupported", f"yt-dlp finds no video at {url}") from exc
        except Exception as exc:
            if isinstance(exc, ImportError | AttributeError | KeyError) and not has_extractor(key):
                raise Unextracted("removed", f"yt-dlp has no extractor {key} any more ({exc})") from exc
            raise reason_for(exc, key, url, ydl.handler.denied if ydl else []) from exc
        finally:
            if ydl is not None:
                ydl.close()


def has_extractor(key: str) -> bool:
    """Tell whether yt-dlp has an extractor, and its module can be imported."""
    try:
        return any(one.ie_key() == key and one() for one in gen_extractor_classes())
    except (ImportError, AttributeError):
        return False


def reason_for(exc: Exception, key: str, url: str, denied: list[Denied]) -> NotARecord | Unextracted:
    """Return what to tell of an extractor's exception: a refusal of the site's, or a failure."""
    said = str(getattr(exc, "orig_msg", "") or exc).strip().partition("\n")[0][:500]
    cause = getattr(exc, "cause", None) or exc
    if isinstance(exc, GeoRestrictedError):
        return NotARecord("geo_restricted", said)
    if isinstance(exc, UserNotLive):
        return NotARecord("not_live", said)
    if isinstance(cause, HTTPError):
        return Unextracted(f"http_{cause.status}", f"yt-dlp's {key} got HTTP {cause.status} from {cause.response.url}")
    forbidden = [one for one in denied if one.reason == ROBOTS]
    if forbidden or (denied and isinstance(cause, TransportError)):
        why = (forbidden or denied)[-1]
        return Unextracted(why.reason, f"yt-dlp's {key} cannot read {url}: {why.sentence}")
    if isinstance(exc, ExtractorError) and exc.expected and not NOT_OF_THE_VIDEO.search(said):
        words, *hint = HINT.split(said, maxsplit=1)
        rest = "login" if hint else "unavailable"
        return NotARecord(next((reason for reason, pattern in SAYS.items() if pattern.search(words)), rest), words)
    return Unextracted("raised", f"yt-dlp's {key} cannot read {url} ({type(exc).__name__}: {said})")


# --- from one extractor to the next ---


def resolved(ydl: MetadataOnly, url: str, key: str, is_native: Callable[[str], bool], hops: int = 0) -> Info:
    """Return what an extractor tells, together with what those tell that it refers to.

    Raises:
        UnsupportedError: there is nothing.
    """
    result = ydl.get_info_extractor(key).extract(url)
    if isinstance(result, list):
        result = {"_type": "playlist", "entries": result}
    if not isinstance(result, Mapping):
        raise UnsupportedError(url)
    told: Info = {name: value for name, value in result.items() if value is not None}
    further, kind = str(told.get("ie_key") or ""), told.get("_type")
    if kind in REFERENCES and key != GENERIC and hops < MOST_HOPS and further != GENERIC:
        target = str(told.get("url") or "")
        if not is_native(unsmuggle_url(target)[0]) and (next_key := further or catalogue().key_for(target)):
            inner = resolved(ydl, target, next_key, is_native, hops + 1)
            outer = {name: told[name] for name in told if name not in {"_type", "url", "ie_key"}}
            told = {**inner, **(outer if kind == "url_transparent" else {"id": outer.get("id", inner.get("id"))})}
    return {**told, "extractor_key": key}


# --- plain values ---

REFERENCES = frozenset({"url", "url_transparent"})
SCALARS = (str, int, float, bool)


def plain(ydl: MetadataOnly, info: Info) -> Info:
    """Return the parts of an info dict that pages read; the entries of a list are fetched here, page by page."""
    kept = scalars(info)
    if kept.get("_type") in REFERENCES and isinstance(kept.get("url"), str):
        kept["url"] = unsmuggle_url(kept["url"])[0]
    for name in ("tags", "categories"):
        if isinstance(value := info.get(name), list | tuple):
            kept[name] = [one for one in value if isinstance(one, str)]
    for name in ("formats", "thumbnails"):
        if isinstance(value := info.get(name), list | tuple):
            kept[name] = [scalars(one) for one in value if isinstance(one, Mapping)]
    if info.get("_type") in LISTS:
        kept["entries"] = []
        try:
            read_entries(info.get("entries"), kept)
        except Exception as exc:
            if not kept["entries"]:
                raise
            denied = ydl.handler.denied
            kept["stopped"] = denied[-1].sentence if denied else f"{type(exc).__name__}: {exc}"
    return kept


def scalars(info: Mapping[str, Any]) -> Info:
    """Return the texts and numbers of an info dict."""
    return {name: value for name, value in info.items() if isinstance(value, SCALARS)}


def read_entries(entries: Any, kept: Info) -> None:
    """Add to `kept` where the entries of a list lead to."""
    found: list[Info] = kept["entries"]
    for entry in entries_of(entries):
        if (place := plain_entry(entry)) is not None:
            found.append(place)
        if len(found) >= MOST_ENTRIES:
            kept["stopped"] = f"only the first {MOST_ENTRIES:,} entries are read"
            return


def entries_of(entries: Any) -> Iterator[Any]:
    """Return the entries of a list one by one, whichever of its forms it has; those in pages are fetched on the way."""
    if isinstance(entries, PagedList):
        return iter(entries._getslice(0, None))  # noqa: SLF001 - the public one fetches all pages at once
    return iter(entries or ())


def plain_entry(entry: Any) -> Info | None:
    """Return where an entry leads to; None for one that is nowhere by itself."""
    if not isinstance(entry, Mapping):
        return None
    by_reference = entry.get("_type") in REFERENCES
    address = entry.get("url") if by_reference else entry.get("webpage_url")
    if not isinstance(address, str):
        return None
    url = unsmuggle_url(address)[0]
    if urlsplit(url).scheme not in {"http", "https"}:
        return None
    key = entry.get("ie_key") if by_reference else entry.get("extractor_key")
    return {"url": url, "id": entry.get("id"), "ie_key": key, "is_list": entry.get("_type") in LISTS or makes_list(key)}


def makes_list(key: Any) -> bool:
    """Tell whether an extractor surely tells of a list, not of a video."""
    try:
        return getattr(get_info_extractor(key), "_RETURN_TYPE", None) == "playlist"
    except KeyError:
        return False
