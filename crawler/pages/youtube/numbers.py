"""Counts as YouTube prints them, in the languages that it prints them in."""

from __future__ import annotations

import re

from crawler.pages.structured import values
from crawler.pages.structured.counts import MAGNITUDES, Count, count

EXACT_BELOW = 1000
"""Subscribers from this number on are rounded to three digits, also where they are printed in full."""
DIGITS_KEPT = 3
MOST_CHARS = 300
"""A longer text is no label of a number."""
NUMBER = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d{2,3})*")  # noqa: RUF001 - as printed
GROUPED = re.compile(r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{2,3})*[.,'’ \u00a0\u202f]\d{3}|\d+")  # noqa: RUF001 - as printed
WORD = re.compile(r"[^\W\d_]+")
SUBSCRIBERS = re.compile(
    r"^(?:구독자|チャンネル登録者数|チャンネル登録者)\s*"
    r"|\s*(?:subscribers?|suscriptor(?:es)?|(?:d[e\u2019'])?\s?abonn[ée]{1,2}s?|Abonnent(?:en)?"
    r"|подписчик(?:а|ов)?|iscritt[io]"  # noqa: RUF001 - Russian
    r"|(?:de )?inscritos?|subscritor(?:es)?|abonnees?|subskryben(?:t|ci|tów)|(?:位)?(?:訂閱者|订阅者)|abone|名|人|명)$",
    re.IGNORECASE,
)
VIDEOS = re.compile(
    r"^(?:동영상)\s*|\s*(?:v[ií]d[eé]os?|videolar|видео|wideo|film(?:y|ów)?|本の動画|本|개|部影片|個視頻|个视频)$",
    re.IGNORECASE,
)
"""What is counted, on either side of the number."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
JOINED = re.compile(
    r"Joined (?:(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2}),|(?P<day_first>\d{1,2}) (?P<month_then>[A-Z][a-z]{2,3})) "
    r"(?P<year>\d{4})",
    re.ASCII,
)
"""In American English, and in that of all others."""
MAGNITUDE_STEMS = ("mil", "mill", "mio", "mrd", "thousand", "billion", "тыс", "млн", "млрд", "tys", "tsd", "tis")


def subscribers(printed: str | None, language: str) -> Count | None:
    """Return a number of subscribers, and whether it is rounded; None where it cannot be read for certain."""
    found = printed_count(printed, SUBSCRIBERS, language)
    return found and Count(found.value, found.approximate or is_rounded(found.value))


def videos(printed: str | None, language: str) -> Count | None:
    """Return a number of videos, and whether it is rounded."""
    return printed_count(printed, VIDEOS, language)


def printed_count(printed: str | None, noun: re.Pattern[str], language: str) -> Count | None:
    """Return the number beside a noun, which must be there: another thing's number is none."""
    if printed is None or len(printed) > MOST_CHARS:
        return None
    plain = " ".join(printed.split())
    bare = noun.sub("", plain).strip()
    bare = re.sub(r"\s(?:de|d[\u2019'])$", "", bare)
    return count(bare, language) if bare != plain else None


def is_rounded(value: int) -> bool:
    """Tell whether a number of subscribers has no more digits than the site keeps of one."""
    kept = 10 ** max(0, len(str(value)) - DIGITS_KEPT)
    return value >= EXACT_BELOW and value % kept == 0


def only_number(label: str | None, short: str | None = None) -> int | None:
    """Return the one number in a sentence such as `like this video along with 13,725,279 other people`.

    Args:
        label: the sentence; with two numbers or a magnitude, such as `145 mil`, it tells nothing for certain.
        short: the same number in short, such as `13M`, which it then has to begin with.
    """
    if label is None or len(label) > MOST_CHARS:
        return None
    found = NUMBER.findall(label)
    if len(found) != 1 or GROUPED.fullmatch(found[0]) is None:
        return None
    following = WORD.match(label[label.index(found[0]) + len(found[0]) :].lstrip())
    if following and is_magnitude(following[0].casefold()):
        return None
    digits = "".join(character for character in found[0] if character.isdecimal())
    begins_with = "".join(character for character in short or "" if character.isdecimal())
    return int(digits) if len(digits) <= 15 and digits.startswith(begins_with) else None  # noqa: PLR2004 - no count is longer


def joined(printed: str | None) -> str | None:
    """Return the day in a sentence such as `Joined Sep 18, 2005`; None in another language."""
    found = JOINED.fullmatch(" ".join((printed or "").split()))
    month = (found["month"] or found["month_then"])[:3] if found else ""
    if found is None or month not in MONTHS:
        return None
    day = int(found["day"] or found["day_first"])
    return values.date(f"{found['year']}-{MONTHS.index(month) + 1:02}-{day:02}")


def is_magnitude(word: str) -> bool:
    """Tell whether a word after a number multiplies it: `mil`, `millones`, `万` with or without a noun."""
    return word in MAGNITUDES or word.startswith(MAGNITUDE_STEMS) or (not word.isascii() and word[0] in MAGNITUDES)
