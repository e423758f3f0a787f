"""What the pages of the fault site link to, and which of them have which record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

VIDEOS_A_LIST = 5
LISTS_A_LIST = 30
KINDS = ("v", "w", "x")
"""How the paths of pages with a record begin."""
HOME, NEAR_HOME = "/", "/near/0"


@dataclass(frozen=True, slots=True)
class Tree:
    """Lists of some records each; each page is linked from one list, and each list from one other.

    With `twins` half of the records have one or two pages more: one in the same list, one in a second tree of lists,
    which is for another host. Whoever loses a request loses a record that has no other page.

    Attributes:
        records: number of records, from 0.
        twins: whether some have more than one page.
    """

    records: int
    twins: bool = False

    @property
    def lists(self) -> int:
        """Number of lists of a tree, the home page too."""
        return -(-self.records // VIDEOS_A_LIST)

    @property
    def homes(self) -> tuple[str, ...]:
        """Paths of the home pages."""
        return (HOME, NEAR_HOME) if self.twins else (HOME,)

    @property
    def linked(self) -> frozenset[str]:
        """All paths that are linked, and the home pages."""
        found, waiting = set(self.homes), list(self.homes)
        while waiting:
            children = self.children(waiting.pop())
            found.update(children)
            waiting += children
        return frozenset(found)

    def pages_of(self, number: int) -> list[str]:
        """Return the paths of all pages that have a record."""
        twins = {1: ("w",), 3: ("x",), 5: ("w", "x")}.get(number % 6, ()) if self.twins else ()
        return [f"/{kind}/{number}" for kind in ("v", *twins)]

    def record_of(self, path: str) -> int | None:
        """Return the record that the page at `path` has, also where it is not linked; None where there is none."""
        kind, _, number = path.removeprefix("/").partition("/")
        is_one = kind in KINDS and number.isdecimal() and int(number) < self.records
        return int(number) if is_one else None

    def list_of(self, path: str) -> int | None:
        """Return the number of the list at `path`; None where there is none."""
        if path in self.homes:
            return 0
        kind, _, number = path.removeprefix("/").partition("/")
        is_one = kind in ("list", "near")[: len(self.homes)] and number.isdecimal() and 0 < int(number) < self.lists
        return int(number) if is_one else None

    def children(self, path: str) -> list[str]:
        """Return the paths that a page links to."""
        number = self.list_of(path)
        if number is None:
            return []
        kinds, name = (("/x/",), "near") if path.startswith("/near") else (("/v/", "/w/"), "list")
        records = range(number * VIDEOS_A_LIST, min((number + 1) * VIDEOS_A_LIST, self.records))
        first = number * LISTS_A_LIST + 1
        lists = range(first, min(first + LISTS_A_LIST, self.lists))
        pages = [page for one in records for page in self.pages_of(one) if page.startswith(kinds)]
        return [*pages, *(f"/{name}/{n}" for n in lists)]

    def below(self, paths: Iterable[str]) -> set[int]:
        """Return the records that can be reached through these pages only, and by no other way."""
        reached, waiting = set[str](), list(paths)
        while waiting:
            path = waiting.pop()
            reached.add(path)
            waiting += self.children(path)
        return {one for one in range(self.records) if reached.issuperset(self.pages_of(one))}
