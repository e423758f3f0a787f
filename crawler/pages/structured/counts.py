"""Counts as sites print them: `1,234`, `5.04m subscribers`, `4,69 M`, `1.2万`, `10,000+`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NamedTuple

from crawler.pages.structured.values import text

LARGEST = 10**15
"""No count on the web is larger: what reads as more is no count."""
MAX_CHARS = 60

MAGNITUDES = {
    "k": 10**3, "m": 10**6, "b": 10**9, "bn": 10**9, "mil": 10**3, "mi": 10**6, "mill": 10**6, "mln": 10**6,
    "mio": 10**6, "mrd": 10**9, "md": 10**9, "tsd": 10**3, "tys": 10**3, "тыс": 10**3, "млн": 10**6, "млрд": 10**9,
    "thousand": 10**3, "million": 10**6, "millions": 10**6, "billion": 10**9, "lakh": 10**5, "crore": 10**7,
    "千": 10**3, "천": 10**3, "万": 10**4, "萬": 10**4, "만": 10**4, "億": 10**8, "亿": 10**8, "억": 10**8,
}  # fmt: skip
UNSURE = 0
"""Of what stands for one thing in a language, and for another in one that its sites write as well."""
LOCAL_MAGNITUDES = {
    "tr": {"b": 10**3, "bin": 10**3, "mn": 10**6, "mr": 10**9},
    "pt": {"b": 10**9, "bi": 10**9},
    **{language: {"mil": 10**6} for language in ("bs", "cs", "hr", "ro", "sk", "sr")},
    **{language: {"m": UNSURE} for language in ("ca", "id")},
    "en": {"mil": UNSURE},
}
"""What differs from that: in Catalan `m` is a thousand, in Indonesian `M` a billion."""
DECIMAL_COMMA = {
    "cs", "da", "de", "el", "es", "fi", "fr", "hr", "hu", "id", "it", "nb", "nl", "no", "pl", "pt", "ro", "ru", "sk",
    "sl", "sv", "tr", "uk", "vi",
}  # fmt: skip
"""Languages that write 1.234,5."""
NOUNS = {
    "abonnenten", "abonnes", "abonnés", "aufrufe", "comments", "comment", "de", "di", "followers", "follower",
    "iscritti", "likes", "like", "plays", "play", "posts", "reproducciones", "seguidores", "subscribers", "subscriber",
    "suscriptores", "videos", "video", "views", "view", "visualizaciones", "visualizações", "visualizzazioni", "vues",
    "watching", "подписчиков", "просмотров", "просмотра", "просмотр", "回", "回視聴", "人", "名", "次", "次观看",
    "次觀看", "位", "件", "회", "명",
}  # fmt: skip
"""What is counted, as far as it is known; an unknown word could be a magnitude."""
SHAPE = re.compile(r"(?P<number>\d[\d.,'’ \u00a0\u202f]*)(?P<words>.*)", re.DOTALL)  # noqa: RUF001 - as printed


class Count(NamedTuple):
    """A count, and whether the site rounded it."""

    value: int
    approximate: bool = False


def count(value: Any, language: str = "") -> Count | None:
    """Return the count that `value` prints, or None where that is not certain.

    Args:
        value: number or text.
        language: of the page, BCP 47; decides what a comma and a point mean.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Count(int(value)) if 0 <= value < LARGEST and value == int(value) else None
    printed = text(value) or ""
    shape = SHAPE.fullmatch(printed) if len(printed) <= MAX_CHARS else None
    if shape is None:
        return None
    primary = language.replace("_", "-").partition("-")[0].casefold()
    scale = magnitude(shape["words"], primary)
    number = decimal(shape["number"].strip(), primary, scaled=scale != 1) if scale else None
    if scale is None or number is None or number * scale >= LARGEST:
        return None
    return Count(round(number * scale), approximate=scale > 1 or "+" in shape["words"])


def exact(value: Any, language: str = "") -> int | None:
    """Return the count that `value` prints to its last digit; None also for one that is rounded."""
    found = count(value, language)
    return found.value if found and not found.approximate else None


def magnitude(words: str, primary: str) -> int | None:
    """Return what the words after a number multiply it with; None where one of them is unknown."""
    known = MAGNITUDES | LOCAL_MAGNITUDES.get(primary, {})
    tokens = [token for token in (word.rstrip(".+") for word in words.casefold().split()) if token]
    if tokens and tokens[0] not in NOUNS:
        east_asian = tokens[0][0] in known and not tokens[0].isascii() and tokens[0][1:] in NOUNS
        tokens[:1] = [tokens[0][0], tokens[0][1:]] if east_asian else tokens[:1]
    scale = known.get(tokens[0], 1) if tokens else 1
    return scale if all(token in NOUNS for token in tokens[1 if scale > 1 else 0 :]) else None


def decimal(number: str, primary: str, *, scaled: bool) -> Decimal | None:
    """Return the value of printed digits.

    Args:
        number: digits with separators.
        primary: language that decides where both readings are possible.
        scaled: a magnitude follows, so that a fraction is possible.
    """
    plain = re.sub(r"(?<=\d)['’ \u00a0\u202f](?=\d{3}(?:\D|$))", "", number)  # noqa: RUF001 - as printed
    point, comma = (",", ".") if primary in DECIMAL_COMMA else (".", ",")
    grouped = rf"\d{{1,3}}(?:{re.escape(comma)}\d{{2,3}})*{re.escape(comma)}\d{{3}}"
    if scaled:
        if re.fullmatch(rf"(?:{grouped}|\d+)(?:{re.escape(point)}\d+)?", plain):
            return Decimal(plain.replace(comma, "").replace(point, "."))
        # The other locale's decimal sign, where it cannot be grouping: "4,69 M" on an English page.
        return Decimal(plain.replace(",", ".")) if re.fullmatch(r"\d+[.,]\d{1,2}", plain) else None
    if re.fullmatch(rf"{grouped}|\d{{1,3}}(?:,\d{{2,3}})*,\d{{3}}", plain):
        return Decimal(re.sub(r"[.,]", "", plain))
    return Decimal(plain) if re.fullmatch(r"\d+", plain) else None
