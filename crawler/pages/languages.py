"""Languages as archives write them, ISO 639-2 and -3 codes or English names, as BCP 47."""

from __future__ import annotations

from typing import Any

from crawler.pages.structured import values

SHORT = {
    "ara": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "chi": "zh", "cze": "cs", "dan": "da",
    "deu": "de", "dut": "nl", "ell": "el", "eng": "en", "epo": "eo", "est": "et", "eus": "eu", "fas": "fa",
    "fin": "fi", "fra": "fr", "fre": "fr", "ger": "de", "gle": "ga", "gre": "el", "heb": "he", "hin": "hi",
    "hrv": "hr", "hun": "hu", "ice": "is", "ind": "id", "isl": "is", "ita": "it", "jpn": "ja", "kor": "ko",
    "lat": "la", "lav": "lv", "lit": "lt", "nld": "nl", "nor": "no", "per": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk", "slo": "sk", "slv": "sl", "spa": "es", "srp": "sr",
    "swe": "sv", "tam": "ta", "tel": "te", "tha": "th", "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi",
    "zho": "zh",
}  # fmt: skip
"""Codes of three letters that BCP 47 has a shorter one for; others it takes as they are."""
NAMES = {
    "arabic": "ar", "bulgarian": "bg", "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl",
    "english": "en", "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi",
    "hungarian": "hu", "italian": "it", "japanese": "ja", "korean": "ko", "norwegian": "no", "persian": "fa",
    "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr", "spanish": "es",
    "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk", "vietnamese": "vi",
}  # fmt: skip
NONE = frozenset({"orig", "none", "n/a", "unknown", "no linguistic content", "silent"})
"""What is written where there is no one language."""
REGION_CHARS = 2


def bcp47(value: Any) -> str | None:
    """Return the BCP 47 tag of a code or an English name; None for what is neither."""
    told = (values.line(value) or "").casefold() if isinstance(value, str) else ""
    if not told or told in NONE:
        return None
    if told in NAMES:
        return NAMES[told]
    tag = values.language(told)
    primary, _, rest = (tag or "").partition("-")
    primary = SHORT.get(primary, primary)
    if not primary:
        return None
    return f"{primary}-{rest.upper() if len(rest) == REGION_CHARS else rest}" if rest else primary
