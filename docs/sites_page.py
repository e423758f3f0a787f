"""The page of the sites: what is read of each, as page classes, golden fixtures and `scrapy explain` show it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console

from crawler.explaining.answers import Answer, file_of, read_offline
from crawler.explaining.screen import show
from crawler.pages import PAGES
from crawler.pages.base import NOT_READ
from docs.markdown import code, table
from tests.cases import response_of

ABOUT = ("users", "videos", "listings", "API key", "robots")
"""What the words about a site say of it, a line each."""
SCREEN_COLUMNS = 100
GIVEN = {"kind", "site", "id", "url", *NOT_READ}
"""Fields that every record has, or that no page tells."""


class MissingWordsError(Exception):
    """Raised when nothing is written about a site, or not all that is to be said."""


@dataclass(frozen=True)
class Site:
    """A site, as its fixtures and its words show it.

    Attributes:
        name: value of the records' `site`.
        root: the project's folder.
    """

    name: str
    root: Path

    @cached_property
    def cases(self) -> list[Path]:
        """The folders of its fixtures."""
        return sorted(path.parent for path in (self.root / "tests" / "fixtures" / self.name).glob("*/meta.json"))

    @cached_property
    def words(self) -> str:
        """What is written about it.

        Raises:
            MissingWordsError: nothing is.
        """
        path = self.root / "docs" / "sites" / f"{self.name}.md"
        if not path.exists():
            raise MissingWordsError(f"docs/sites/{path.name} is missing: say in it what is read of the site.")
        return path.read_text("utf-8").strip().replace("](../", "](")

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.words.partition("\n")[0].removeprefix("# ")

    def about(self, what: str) -> str:
        """Return the line of its words about one thing.

        Raises:
            MissingWordsError: there is none.
        """
        found = re.search(rf"^- {what}: (.+)$", self.words, re.MULTILINE)
        if found is None:
            raise MissingWordsError(f"docs/sites/{self.name}.md has no line `- {what}: …`: add it.")
        return found[1]

    def records(self, kind: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the records of its fixtures, with their folders."""
        for case in self.cases:
            for name in ("record.json", "records.json"):
                path = case / name
                found = json.loads(path.read_text("utf-8")) if path.exists() else []
                for record in found if isinstance(found, list) else [found]:
                    if record.get("kind") == kind:
                        yield case, record

    def fields(self, kind: str) -> list[str]:
        """Return the fields that its pages fill, by their order in the first record that has the most."""
        known: dict[str, None] = {}
        for _, record in sorted(self.records(kind), key=lambda pair: -len(pair[1])):
            known |= dict.fromkeys(name for name, value in record.items() if value is not None and name not in GIVEN)
        return list(known)

    def fullest(self, kind: str) -> Path | None:
        """Return the fixture of one record with the most fields; of equals the one with the shortest name."""
        found = [(case, record) for case, record in self.records(kind) if (case / "record.json").exists()]
        return min(found, key=lambda pair: (-len(pair[1]), len(pair[0].name), pair[0].name))[0] if found else None


def sites_block(root: Path) -> str:
    """Return the overview, and a section for each site."""
    names = sorted({cls.site for cls in PAGES if cls.site}, key=str.casefold)
    sites = [*(Site(name, root) for name in names), Site("schema.org", root)]
    return "\n\n".join([overview(sites), *map(section, sites)])


def overview(sites: list[Site]) -> str:
    """Return one row a site."""
    heads = ("site", *ABOUT, "fields of a user", "fields of a video")
    rows = [
        (
            f"[{site.title}](#{anchor(site.title)})",
            *(site.about(what).partition(";")[0] for what in ABOUT),
            *(str(len(site.fields(kind)) or "-") for kind in ("user", "video")),
        )
        for site in sites
    ]
    return table(heads, rows)


def section(site: Site) -> str:
    """Return what is said of one site."""
    parts = [f"## {site.title}", site.words.partition("\n")[2].strip()]
    classes = [cls for cls in PAGES if cls.site == site.name and cls.examples]
    if classes:
        rows = [(code(cls.__name__), code(file_of(cls)), "<br>".join(map(code, cls.examples))) for cls in classes]
        parts.append(table(("page class", "file", "reads, such as"), rows))
    for kind in ("user", "video"):
        if fields := site.fields(kind):
            parts.append(f"Fields of a {kind} that are read: {', '.join(map(code, fields))}.")
        if case := site.fullest(kind):
            parts.append(f"```\n{screen(answer(case))}\n```")
    return "\n\n".join(parts)


def answer(case: Path) -> Answer:
    """Return what `scrapy explain` says of a fixture."""
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    return read_offline(meta["url"], None, response_of(case, meta), meta.get("platform"))


def screen(told: Answer) -> str:
    """Return an answer as a terminal shows it."""
    console = Console(file=io.StringIO(), width=SCREEN_COLUMNS, force_terminal=True, color_system=None, record=True)
    show(told, console)
    return "\n".join(line.rstrip() for line in console.export_text(styles=False).rstrip().splitlines())


def anchor(title: str) -> str:
    """Return the anchor that a heading has on a page of Markdown."""
    return re.sub(r"[^\w\- ]", "", title.casefold()).replace(" ", "-")
