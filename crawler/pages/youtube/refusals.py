"""Why a page of YouTube is no record: what the player, the alerts and the consent screen say, in many languages."""

from __future__ import annotations

import re

from crawler.errors import NotARecord
from crawler.pages.nodes import Node, dig, nodes
from crawler.pages.youtube.state import text_of

REASONS = {
    "bot_check": (r"\b(?:ro)?bots?\b", "ボット", "로봇", "봇이", r"\bбот"),  # noqa: RUF001 - Russian
    "private": (r"\bprivat", r"\bpriv[ée]e?\b", "非公開", "비공개", r"ограниченн\w+ доступ", r"закрыт\w+ видео"),
    "age": (
        *(
            r"\b(?:your|confirm) age\b",
            r"age[- ]restrict",
            r"\bedad\b",
            r"\bâge\b",
            r"\bIhr(?:es)? Alter",
            r"\bidade\b",
        ),
        *(r"\bla tua età\b", "年齢", "年龄", "年齡", "나이", "연령", "возраст"),
    ),
    "terminated": (
        *(r"\bterminated\b", r"\bcancelad[oa]\b", r"\bcancel[óo]\b", r"\bclôturé", r"\brésilié", r"\bgekündigt"),
        *("解約", "停止され", "해지", "заблокирован"),
    ),
    "deleted": (
        *(r"\bremoved\b", r"\bdeleted\b", r"\beliminad", r"\bretirad", r"\bsupprimée?\b", r"\bentfernt", r"\bgelöscht"),
        *("削除", "삭제", "удален"),
    ),
    "not_found": (
        *(r"\bdoes(?: not|n.t) exist\b", r"\bno existe\b", r"\bn.existe pas\b", r"\bexistiert nicht\b"),
        *("存在しません", "존재하지", "не существует"),
    ),
}
"""Words by which a sentence of the site is understood; the first that has one counts."""
PATTERNS = {reason: re.compile("|".join(words), re.IGNORECASE) for reason, words in REASONS.items()}
REMEDIES = {
    "bot_check": "YouTube asks whether we are a robot: crawl more slowly (DOWNLOAD_DELAY), or set YOUTUBE_API_KEY",
    "consent": "YouTube shows its consent screen here, as it does in the European Union: set YOUTUBE_API_KEY",
}
PLAYABLE = frozenset({"OK", "UNPLAYABLE", "LIVE_STREAM_OFFLINE", "CONTENT_CHECK_REQUIRED"})
"""Where the player plays, or says why it does not here and now: a country, a membership, a time, a warning."""
LOGIN = "LOGIN_REQUIRED"
NEEDS_AGE = frozenset({"AGE_VERIFICATION_REQUIRED", "AGE_CHECK_REQUIRED"})
CONSENT_FORM = 'action="https://consent.youtube.com/'


def understood(sentence: str, otherwise: str) -> str:
    """Return the reason that a sentence gives in one word."""
    return next((reason for reason, pattern in PATTERNS.items() if pattern.search(sentence)), otherwise)


def refusal(reason: str, sentence: str) -> NotARecord:
    """Return the error for a reason, with what the site said and what can be done."""
    remedy = REMEDIES.get(reason)
    return NotARecord(reason, f"{remedy} (it says: {sentence})" if remedy else sentence)


def refuse_player(player: Node) -> None:
    """Refuse a video that the player knows nothing of.

    Raises:
        NotARecord: with the reason.
    """
    status, sentence = said(player)
    if dig(player, "videoDetails", "isPrivate") is True:
        raise refusal("private", sentence)
    otherwise = "login" if status == LOGIN else "unavailable"
    reason = "age" if status in NEEDS_AGE else understood(sentence, otherwise)
    if has_data(player) and (status in PLAYABLE or needs_age(player) or (status == LOGIN and reason != "private")):
        return
    raise refusal(reason, sentence)


def needs_age(player: Node) -> bool:
    """Tell whether the player asks for the visitor's age."""
    status, sentence = said(player)
    is_gate = dig(player, "playabilityStatus", "desktopLegacyAgeGateReason") is not None
    return status in NEEDS_AGE or is_gate or (status == LOGIN and understood(sentence, "") == "age")


def has_data(player: Node) -> bool:
    """Tell whether the player was told enough of the video for a record: its title, and whose it is."""
    details = dig(player, "videoDetails")
    return bool(dig(details, "title") and dig(details, "videoId") and dig(details, "author"))


def said(player: Node) -> tuple[str, str]:
    """Return the player's status, and its sentences for the visitor."""
    playability = dig(player, "playabilityStatus")
    screen = dig(playability, "errorScreen", "playerErrorMessageRenderer")
    messages = dig(playability, "messages")
    told = [
        text_of(dig(playability, "reason")),
        *(text_of(dig(screen, name)) for name in ("reason", "subreason")),
        *(text_of(one) for one in (messages if isinstance(messages, list) else ())),
    ]
    status = dig(playability, "status")
    sentences = dict.fromkeys(sentence for sentence in told if sentence)
    return status if isinstance(status, str) else "", " ".join(sentences) or str(status or "no reason")


def refuse_alerts(data: Node) -> None:
    """Refuse a channel or playlist that is not there.

    Raises:
        NotARecord: with the reason that the alert gives.
    """
    for alert in nodes(dig(data, "alerts")):
        one = dig(alert, "alertRenderer")
        if dig(one, "type") == "ERROR":
            sentence = text_of(dig(one, "text")) or "no reason"
            raise refusal(understood(sentence, "unavailable"), sentence)


def refuse_consent(source: str) -> None:
    """Refuse the consent screen where it stands in place of the page.

    Raises:
        NotARecord: with the reason `consent`.
    """
    if CONSENT_FORM in source and "ytInitialData" not in source:
        raise refusal("consent", "Before you continue to YouTube")
