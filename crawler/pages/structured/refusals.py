"""Pages that are no record, and why: consent screens, deleted and private videos, log-in pages, shells."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from urllib.parse import urlsplit

from crawler.errors import NotARecord
from crawler.pages.structured.addresses import is_home
from crawler.pages.structured.document import Document
from crawler.pages.structured.notices import DELETED, NOT_FOUND, UNAVAILABLE, any_of
from crawler.pages.structured.titles import SEPARATOR

PLACES = {
    "consent": re.compile(r"^(?:consent|guce|privacywall)\.|^[^/]*/(?:consent|cookie-?consent|privacy-?gate)(?:/|$)"),
    "login": re.compile(
        r"^(?:login|signin|accounts|auth)\.|^[^/]*/(?:accounts/)?(?:log-?in|sign-?in|auth)(?:/|\.\w+|$)"
    ),
    "age": re.compile(r"^[^/]*/(?:age-?(?:gate|check|verification|verify)|verify-?age)(?:/|$)"),
}
"""Where redirects end that lead to no page of the site: host and path."""

THING = r"(?:this |the |sorry,? )*(?:video|page|content|clip|account|user|profile|channel|media|post)"
IS = r"(?: (?:is|has been|was|are|you requested|currently))*"
SAYS = {
    "private": rf"private (?:video|account|profile|channel)(?: on .*)?|{THING} is private"
    r"|vid[eé]o priv[eé]e|v[ií]deo privado|video privato|(?:dieses )?video ist privat|privates video"
    r"|非公開動画|비공개 동영상|私密视频",
    "password": rf"password (?:required|protected)|protected (?:video|post|content)|{THING} is password protected",
    "deleted": rf"{THING}{IS} (?:deleted|removed|terminated|suspended)(?: .*)?|(?:deleted|removed) {THING}"
    f"|{any_of(DELETED)}",
    "unavailable": rf"{THING}{IS} (?:unavailable|no longer available|not available)(?: .*)?"
    rf"|{THING} isn'?t available(?: .*)?|content unavailable"
    f"|{any_of(UNAVAILABLE)}"
    r"|(?:503 )?service (?:temporarily )?unavailable|(?:502 )?bad gateway|(?:504 )?gateway time-?out",
    "not_found": r"(?:error |http )?(?:404|410)(?:[ :,.!-]*(?:error|page|file))*(?:[ :,.!-]*not found)?"
    rf"|(?:{THING} )?(?:was |could )?not(?: be)? found|{THING}(?: does not| doesn'?t) exist|oops.*not found"
    f"|{any_of(NOT_FOUND)}",
    "login": r"(?:please )?(?:log ?in|sign ?in|sign up)(?: or sign up| or register)?|login required"
    r"|log into (?:facebook|instagram)"
    r"|(?:sign|log) in to (?:continue|your account|confirm .*|see .*|view .*|watch .*)"
    r"|anmelden|se connecter|connexion|iniciar sesi[oó]n|ログイン|로그인",
    "age": r"age (?:verification|check|gate|restricted|confirmation)(?: required)?|(?:verify|confirm) your age"
    r"|are you (?:over )?18.*|adults? only|age[- ]restricted (?:video|content)",
    "consent": r"before you continue(?: .*)?|(?:cookie|privacy) (?:consent|choices|settings)|(?:we value )?your privacy"
    r"|your privacy choices|bevor (?:sie|du) (?:fortf[aä]hr|zu \w+ weiterge).*|avant (?:de continuer|d'accéder).*"
    r"|antes de continuar.*",
    "blocked": r"just a moment|attention required!?|access denied|are you (?:a )?(?:human|robot)\??|captcha"
    r"|verify you are human|(?:please wait\W*)?checking your browser.*|security check",
}
SENTENCES = {reason: re.compile(pattern) for reason, pattern in SAYS.items()}
"""What the whole title of such a page says."""
SHELL_LINKS = 2
SHELL_TEXT_CHARS = 200
MAX_ELEMENTS = 20_000
"""Elements of a page in which a text is looked for."""
UNREAD = {"script", "style", "noscript"}


def refuse_by_place(url: str) -> None:
    """Refuse what was read where redirects to no page end.

    Raises:
        NotARecord: with the reason.
    """
    parts = urlsplit(url)
    place = f"{parts.hostname or ''}{parts.path}".casefold()
    for reason, pattern in PLACES.items():
        if pattern.search(place):
            raise NotARecord(reason, f"redirected to {url}")


def refuse_by_title(document: Document, titles: list[str | None]) -> None:
    """Refuse what says in its title that it is no record.

    Raises:
        NotARecord: with the reason.
    """
    for title in filter(None, titles):
        if reason := says(title) or says(SEPARATOR.split(document.without_site(title) or "")[0]):
            raise NotARecord(reason, title)


def says(sentence: str) -> str | None:
    """Return why a page with this title is no record, or None."""
    composed = unicodedata.normalize("NFC", sentence[:200]).casefold()
    plain = " ".join(composed.replace("\u2019", "'").split()).strip(" .!¡-|")
    return next((reason for reason, pattern in SENTENCES.items() if pattern.fullmatch(plain)), None)


def refuse_shell(document: Document) -> None:
    """Refuse a page that a script fills: the site's name for a title, and nothing to read.

    Raises:
        NotARecord: with the reason `shell`.
    """
    if is_home(document.response.url):
        return
    anchors = document.selector.xpath("count(//body//a[@href])").get() or "0"
    if float(anchors) > SHELL_LINKS:
        return
    title = document.metas.first("og:title") or document.title or ""
    scripts = document.selector.xpath("//script[@src]")
    nameless = title.strip().casefold() in document.brands
    if scripts and (nameless or not title) and is_empty(document):
        raise NotARecord("shell", f"no content but the title {title!r}")


def is_empty(document: Document) -> bool:
    """Tell whether a page has hardly a text to read."""
    left = SHELL_TEXT_CHARS
    body = document.root.find("body")
    for element in () if body is None else islice(body.iter(), MAX_ELEMENTS):
        hidden = next(element.iterancestors("noscript"), None) is not None
        shown = "" if hidden or element.tag in UNREAD or not isinstance(element.tag, str) else element.text or ""
        after = "" if hidden or element is body else element.tail or ""
        left -= len(shown.strip()) + len(after.strip())
        if left <= 0:
            return False
    return True
