"""Texts that sites keep as a little HTML, as plain text with its line breaks."""

from __future__ import annotations

import html
import re
from typing import Any

MOST_CHARS = 200_000
"""A longer text is no description."""
PARAGRAPHS = re.compile(r"</p>\s*<p\b[^<>]{0,200}>", re.IGNORECASE)
LINE_BREAK = re.compile(r"<br\b[^<>]{0,50}>\r?\n?", re.IGNORECASE)
TAG = re.compile(
    r"</?(?:a|b|i|s|u|p|em|strong|strike|small|big|span|font|div|img|ul|ol|li|h[1-6])\b[^<>]{0,4000}>", re.IGNORECASE
)
SEPARATE = "\n\n"
REASON_CHARS = 300


def first_said(*values: Any, otherwise: str) -> str:
    """Return the first of what a site may have said that is a text, cut to the length of a reason."""
    return next((one.strip() for one in values if isinstance(one, str) and one.strip()), otherwise)[:REASON_CHARS]


def plain(value: Any) -> str | None:
    """Return the text of a piece of HTML; None where there is none. A `<` that begins no tag stays."""
    if not isinstance(value, str) or len(value) > MOST_CHARS:
        return None
    broken = LINE_BREAK.sub("\n", PARAGRAPHS.sub(SEPARATE, value))
    return html.unescape(TAG.sub("", broken)).replace("\xa0", " ") or None
