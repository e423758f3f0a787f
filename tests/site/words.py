"""Text in several scripts, and the two spellings of a video's id."""

from __future__ import annotations

import string
from random import Random
from uuid import UUID

BASE58 = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
SHORT_UUID_LENGTH = 22
CUT_AT = 250
"""Length at which a listing cuts descriptions, in UTF-16 units, dots included."""

NAMES = (
    "Ada Brook", "한서윤", "青木はるか", "王小雨", "Мария Лесная", "نور الدين", "נועה לוי", "Ευγενία", "अनिता राव",
    "Zoë Ångström", "👩\u200d🚀 Luna", "Zero\u200bWidth\u200b", "<b>Bold</b> & Söhne",
    "\"Q\" 'n' <script>alert(1)</script>", "0", "Ada Brook",
)  # fmt: skip
WORDS = (
    "harbour", "lantern", "바다", "산책길", "夜空", "汽车", "книга", "река", "سماء", "ירח", "θάλασσα", "कहानी",
    "Straße", "naïve", "🌊", "🎻", "garden", "bicycle", "teapot", "příběh", "archive", "synth", "compost", "kayak",
    "R&D", "C++", "50%", "glacier",
)  # fmt: skip
MARKDOWN = "## Parts\n0:00 start\n1:30 middle\n\n- **bold** _it_ <script>alert(1)</script> [more]"
TAGS = ("open data", "c++", "a/b", "50% off", "여행", "музыка", "food & drink", "vlog", "#hash", "🎮")


class Writer:
    """Writes text that is the same for the same random numbers.

    No text begins or ends with a blank or holds two in a row: cleaning it changes nothing.
    """

    def __init__(self, random: Random) -> None:
        self.random = random

    def uuid(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def person(self, number: int) -> str:
        """The first accounts have the odd names; later ones are told apart by a number."""
        name = NAMES[number % len(NAMES)]
        return name if number < len(NAMES) else f"{name} {number}"

    def title(self) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(2, 8)))

    def about(self) -> str | None:
        """What an actor says of itself: nothing, a line, or pages."""
        size = self.random.choice((0, 8, 20, 20, 60, 400))
        return " ".join(self.random.choices(WORDS, k=size)) or None

    def description(self) -> str | None:
        """Markdown of a video: none, shorter than a listing's cut, or longer."""
        kind = self.random.choice(("none", "short", "long", "long", "huge"))
        if kind == "none":
            return None
        words = " ".join(self.random.choices(WORDS, k={"short": 12, "long": 70, "huge": 700}[kind]))
        if kind == "short":
            return words
        link = f"https://example.org/{self.random.randint(1, 9999)}?a=1&b=%20"
        return f"{words}\n\n{MARKDOWN}({link})\n@ada"


def cut(text: str | None) -> str | None:
    """Shorten a description as a listing does: at most 250 UTF-16 units with the dots, in the middle of a word."""
    if text is None or utf16_length(text) <= CUT_AT:
        return text
    size = CUT_AT - len("...")
    while utf16_length(text[:size]) > CUT_AT - len("..."):
        size -= 1
    return text[:size] + "..."


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def short_uuid(uuid: str) -> str:
    """Spell a UUID in Flickr's base 58, 22 characters."""
    number, digits = UUID(uuid).int, ""
    while number:
        number, digit = divmod(number, len(BASE58))
        digits = BASE58[digit] + digits
    return digits.rjust(SHORT_UUID_LENGTH, BASE58[0])


def slug(text: str) -> str:
    """Spell a label for a path: letters and digits of ASCII, joined by dashes."""
    return "-".join(
        "".join(char if char in string.ascii_letters + string.digits else " " for char in text).lower().split()
    )
