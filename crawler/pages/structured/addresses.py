"""Addresses of pages: what in them says which page it is, and whether two of them are one page.

Two records for one video are a nuisance; two videos with one address are one record, and the other is lost. So an
address that says less than the one that was read is not believed, unless what it leaves out is known to mean nothing.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus, urlsplit

from crawler.pages.structured.values import MAX_URL_CHARS

SHELL_SEGMENTS = frozenset({"404", "error", "login", "signin", "not-found", "notfound", "index.html", "consent"})
IDENTIFYING = frozenset({"v", "id", "vid", "video", "videoid", "video_id", "viewkey", "watch", "clip", "p"})
"""Query parameters that say which video it is; beside one of them, others do not."""
TRACKING = frozenset({
    "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "ysclid", "twclid", "ttclid",
    "li_fat_id", "igshid", "igsh", "mc_cid", "mc_eid", "mkt_tok", "vero_id", "oly_anon_id", "oly_enc_id", "_ga", "_gl",
    "_hsenc", "_hsmi", "ref_src", "ref_url", "spm", "spm_id_from",
})  # fmt: skip
"""Query parameters that only say where a visitor came from, on every site: cut from the addresses of records."""
TRACKING_PREFIXES = ("utm_", "mtm_")
INCIDENTAL = frozenset({
    "ref", "referrer", "from", "feature", "si", "t", "time_continue", "autoplay", "list", "playlist", "index",
    "lang", "hl", "cbrd", "ucbcb",
})  # fmt: skip
"""Query parameters that mean nothing where the page itself leaves them out, but may identify a page on some site.

So a canonical address may lack them, and they are never cut: `ref` is the number of the video on one site and
the banner that was clicked on another. `cbrd` and `ucbcb` are what YouTube's consent screen leaves behind.
"""


def without_tracking(url: str) -> str:
    """Return `url` without its tracking parameters; the others stay as they are written, and in their order."""
    parts = urlsplit(url)
    pieces = parts.query.split("&")
    kept = [piece for piece in pieces if not is_tracking(name_of(piece))]
    return url if kept == pieces else parts._replace(query="&".join(kept)).geturl()


def is_tracking(name: str) -> bool:
    """Tell whether a query parameter only says where a visitor came from."""
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def name_of(piece: str) -> str:
    """Return the name of one parameter of a query, lower case."""
    return unquote_plus(piece.partition("=")[0]).casefold()


def parameters(url: str) -> set[tuple[str, str]]:
    """Return the names and values of the query parameters that may say which page `url` is.

    A parameter without `=`, as in `/watch?77`, is a value without a name; one with an empty value says nothing.
    """
    found = set()
    for piece in urlsplit(url).query.split("&"):
        name, equals, value = name_of(piece), *piece.partition("=")[1:]
        if not is_tracking(name) and name not in INCIDENTAL:
            found.add((name, unquote_plus(value)) if equals else ("", unquote_plus(piece)))
    return {(name, value) for name, value in found if value}


def identifying(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of `parameters()` that surely say which video it is."""
    return {(name, value) for name, value in pairs if name in IDENTIFYING}


def is_home(url: str) -> bool:
    """Tell whether `url` is the home page of its host."""
    parts = urlsplit(without_tracking(url))
    return parts.path in {"", "/"} and not parts.query


def are_one_site(one: str, other: str) -> bool:
    """Tell whether the hosts of two addresses are the same, or one is within the other, as `api.site.example` is."""
    hosts = [(urlsplit(url).hostname or "").removeprefix("www.") for url in (one, other)]
    short, long = sorted(hosts, key=len)
    return short == long or ("." in short and long.endswith("." + short))


def same_page(one: str, other: str) -> bool | None:
    """Tell whether two addresses are of one page; None where one of them says less than the other."""
    if place(one) != place(other):
        return False
    here, there = parameters(one), parameters(other)
    if here == there or identifying(here) == identifying(there) != set():
        return True
    return None if here <= there or there <= here else False


def place(url: str) -> tuple[str, str]:
    """Return the host, as the desktop's and the phone's site share it, and the path."""
    parts = urlsplit(url)
    return parts.netloc.casefold().removeprefix("www.").removeprefix("m."), parts.path.rstrip("/")


def same_page_is_possible(canonical: str, asked: str) -> bool:
    """Tell whether `canonical` can be the page that was asked for, not a shell's one address for all pages."""
    there, here = urlsplit(canonical), urlsplit(asked)
    if len(canonical) > MAX_URL_CHARS or (is_home(canonical) and not is_home(asked)):
        return False
    kept, asked_path = (parts.path.strip("/").split("/") for parts in (there, here))
    if kept[-1].casefold() in SHELL_SEGMENTS and kept != asked_path:
        return False
    cut = asked_path[len(kept) :] if asked_path[: len(kept)] == kept else []
    number_lost = any(map(has_digit, cut)) and not any(map(has_digit, kept)) and not there.query
    return not number_lost and keeps_parameters(canonical, asked)


def keeps_parameters(canonical: str, asked: str) -> bool:
    """Tell whether `canonical` still says, in its query or its path, what the query of `asked` said."""
    told = parameters(asked)
    values = {value for _, value in parameters(canonical)}
    path = unquote(urlsplit(canonical).path)
    kept = {(name, value) for name, value in told if value in values or is_word(value, path)}
    identities = identifying(told)
    return kept == told or (identities != set() and identities <= kept)


def is_word(value: str, path: str) -> bool:
    """Tell whether `value` stands in a path, not only as a part of a longer word or number."""
    return re.search(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])", path) is not None


def has_digit(segment: str) -> bool:
    """Tell whether a segment of a path has a digit, as most ids have."""
    return any(character.isdecimal() for character in segment)
