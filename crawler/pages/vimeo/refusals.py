"""Why a page of Vimeo is no record: password, privacy, removed videos, checks for robots."""

from __future__ import annotations

import re

from crawler.errors import NotARecord
from crawler.pages.nodes import Node, node
from crawler.pages.structured.document import Document
from crawler.pages.structured.refusals import refuse_by_title, says
from crawler.pages.texts import first_said

SITE_NAME = "Vimeo"
PASSWORD_VIEW = 4
"""`view` of a player that asks for a password."""
PASSWORD_FORM = re.compile(r"<form\b[^<>]{0,300}\baction=\"[^\"]{0,200}/(?:check-)?password\"")
CHECKS = ("Verify to continue", "Verify you are human", "cf-turnstile", "cf_chl_opt", "Just a moment...")
CHECK_CHARS = 60_000
"""A page with such a check is short; others can name it in a script."""
SENTENCES = {
    "private": (
        *("Because of its privacy settings, this video cannot be played here", "This video is private"),
        *("You do not have permission to access this", "If this is your video"),
    ),
    "not_found": (*("we couldn't find that page", "VimeUhOh", "This video does not exist", "Page not found"),),
    "login": ("Log in to watch", "Sign in to watch", "Join to watch", "Log in to Vimeo to watch"),
    "deleted": ("This video has been removed", "This video was deleted", "Video has been deleted"),
}
"""What error pages say in their title or headings."""


def refuse_page(document: Document, source: str) -> None:
    """Refuse the page that asks for a password, or whether a robot is reading.

    Raises:
        NotARecord: with the reason.
    """
    if 'id="pw_form"' in source or PASSWORD_FORM.search(source):
        raise NotARecord("password", "the video is protected by a password")
    if len(source) < CHECK_CHARS and document.metas.first("og:video:url") is None:
        check = next((one for one in CHECKS if one in source), None)
        if check:
            raise NotARecord("blocked", f"Vimeo asks whether we are a robot ({check}): raise DOWNLOAD_DELAY")


def refuse_title(document: Document) -> None:
    """Refuse what says in its title or a heading that there is no video.

    Raises:
        NotARecord: with the reason.
    """
    titles = [document.metas.first("og:title"), document.title, *document.headings]
    for title in (one.replace("\u2019", "'") for one in titles if one):
        for reason, sentences in SENTENCES.items():
            if any(sentence.casefold() in title.casefold() for sentence in sentences):
                raise NotARecord(reason, title[:300])
    refuse_by_title(document, titles)


def refuse_og_title(document: Document) -> None:
    """Refuse a page that OpenGraph calls a video, and tells what is no title of one.

    Raises:
        NotARecord: with the reason.
    """
    title = document.metas.first("og:title") or ""
    refuse_by_title(document, [title])
    if title.strip() == SITE_NAME:
        raise NotARecord("shell", f"no content but the title {title!r}")


def refuse_config(config: Node) -> None:
    """Refuse a player's configuration that has no video, or asks for a password.

    Raises:
        NotARecord: with the reason.
    """
    if not config:
        return
    if config.get("view") == PASSWORD_VIEW:
        raise NotARecord("password", "the video is protected by a password")
    if not node(config.get("video")):
        words = first_said(config.get("message"), config.get("error"), config.get("title"), otherwise="no video")
        privacy = "privacy" in words or "permission" in words
        raise NotARecord("private" if privacy else says(words) or "not_found", words)
