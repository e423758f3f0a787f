"""The source of a new site's page classes, by what its pages are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from crawler.items import Record
from crawler.pages.base import RecordKind, Response
from crawler.pages.structured.addresses import IDENTIFYING

LINE_CHARS = 120
PLAIN = re.compile(r"[A-Za-z.~_!$&+,;=:-][A-Za-z.~_!$&+,;=:@-]*")
"""Parts of a path that may well be in that of every such page; handles and what has a number or an escape are not."""
SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()])")


@dataclass(frozen=True, slots=True)
class Draft:
    """A page class to be written.

    Attributes:
        site: its name.
        kind: of its records.
        response: a page that it is to read.
        record: what the structured data of the page tells; None where it tells of no such record.
    """

    site: str
    kind: RecordKind
    response: Response
    record: Record | None

    @property
    def class_name(self) -> str:
        """Its name, such as `MySiteVideo`."""
        return "".join(part.capitalize() for part in f"{self.site}_{self.kind}".split("_"))

    @property
    def base(self) -> str:
        """The class that it builds on."""
        return "RecordPage" if self.record is None else f"Structured{self.kind.capitalize()}Page"

    @property
    def segments(self) -> list[str]:
        """The parts of the page's path."""
        return [part for part in urlsplit(self.response.url).path.split("/") if part]

    @property
    def variable(self) -> list[int]:
        """Numbers of the parts of the path that are other ones on other pages: the last one, handles, numbers."""
        if self.parameter:
            return []
        last = len(self.segments) - 1
        return [number for number, part in enumerate(self.segments) if number == last or not PLAIN.fullmatch(part)]

    @property
    def parameter(self) -> str:
        """The parameter of the query that says which video it is; empty for none."""
        names = parse_qs(urlsplit(self.response.url).query)
        return next((name for name in names if name.casefold() in IDENTIFYING), "")

    @property
    def path(self) -> str:
        """The regular expression of the paths that it reads."""
        variable = self.variable
        parts = [
            ("@[^/]+" if part.startswith("@") else "[^/]+") if number in variable else SPECIAL.sub(r"\\\1", part)
            for number, part in enumerate(self.segments)
        ]
        return "".join(f"/{part}" for part in parts) + "/?"

    def source(self) -> str:
        """Return the class."""
        told = "structured data first, below what that does not tell right" if self.record else "by its HTML"
        lines = [
            f"class {self.class_name}({self.base}):",
            f'    """A {self.kind}: {told}."""',
            "",
            f'    site = "{self.site}"',
            *tuple_of("hosts", (urlsplit(self.response.url).hostname or "").removeprefix("www.")),
            f'    path = r"{self.path}"',
            *tuple_of("examples", self.response.url),
            *([f"    record_type = {self.kind.capitalize()}"] if self.record is None else []),
            *self.methods(),
        ]
        return "\n".join(lines) + "\n"

    def methods(self) -> list[str]:
        """Return the methods, each after an empty line."""
        handle = self.segments[-1].startswith("@") if self.segments else False
        last = 'urlsplit(self.url).path.rstrip("/").rpartition("/")[2]' + ('.removeprefix("@")' if handle else "")
        missing = f'f"{{self.url}} names no {self.kind}: it has no {self.parameter}="'
        lines: list[str] = []
        if self.parameter:
            lines += [
                "",
                "    def id(self) -> str:",
                f'        found = parse_qs(urlsplit(self.url).query).get("{self.parameter}")',
                "        if not found:",
                f"            raise NotARecord({json.dumps('unknown_path')}, {missing})",
                "        return found[0]",
            ]
        elif len(self.variable) == 1:
            lines += ["", "    def id(self) -> str:", f"        return {last}"]
        elif self.record is None:
            lines += ["", "    def id(self) -> str:", "        return self.url"]
        if handle and self.kind == "user" and getattr(self.record, "username", None) is None:
            lines += ["", "    def username(self) -> str:", f"        return {last}"]
        return lines + (self.heading() if self.record is None else [])

    def heading(self) -> list[str]:
        """Return the method of the name or title, by the page's heading."""
        return [
            "",
            f"    def {'name' if self.kind == 'user' else 'title'}(self) -> str:",
            '        heading = " ".join(self.response.selector.xpath("string(//h1)").get("").split())',
            "        if not heading:",
            '            raise NotARecord("shell", "it has no <h1>")',
            "        return heading",
        ]


def tuple_of(name: str, value: str) -> list[str]:
    """Return the lines of a tuple of one text, as the formatter has them."""
    literal = json.dumps(value)
    line = f"    {name} = ({literal},)"
    return [line] if len(line) <= LINE_CHARS else [f"    {name} = (", f"        {literal},", "    )"]


def module(drafts: list[Draft]) -> str:
    """Return the module of a site."""
    classes = [draft.source() for draft in drafts]
    body = "\n\n".join(classes)
    parsing = [name for name in ("parse_qs", "urlsplit") if f"{name}(" in body]
    refusing = ["from crawler.errors import NotARecord"] if "NotARecord(" in body else []
    records = sorted(draft.kind.capitalize() for draft in drafts if draft.record is None)
    structured = sorted(draft.base for draft in drafts if draft.record is not None)
    kinds = " and ".join(f"{draft.kind}s" for draft in drafts)
    blocks = [
        [f'"""{kinds.capitalize()} of {drafts[0].site}."""'],
        ["from __future__ import annotations"],
        [f"from urllib.parse import {', '.join(parsing)}"] if parsing else [],
        [
            *refusing,
            *([f"from crawler.items import {', '.join(records)}"] if records else []),
            *(["from crawler.pages.base import RecordPage"] if records else []),
            *([f"from crawler.pages.structured import {', '.join(structured)}"] if structured else []),
        ],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n\n\n" + body
