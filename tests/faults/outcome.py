"""What a crawl has left behind, measured against what it should have."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DROPPED = re.compile(r"'feeds/duplicates_dropped': (\d+)")


@dataclass(slots=True)
class Outcome:
    """A crawl's result.

    Attributes:
        events: faults that struck.
        lost: ids that are true and in no file.
        invented: ids that are in a file and not true.
        torn: lines that are no JSON, and a last line without its end.
        duplicates: lines whose record another line has, at the end.
        dropped: lines that the completion pass removed; with `duplicates`, what stood twice before it.
        again: pages that were fetched more than once for no reason of the site's.
        pages: answers that a crawl without any fault gets.
        dead: dead letters, id to what is known of them.
        unmet: statuses that the site should have answered with now and then, and never did.
        wrong: what else is not as promised, in words.
        measured: what else is worth a cell of the table.
        exits: exit codes of the instances that were there at the end.
        struck_exits: exit codes of those that were started again, with their numbers.
        seconds: from the first start to the last end.
        logs: of every instance.
    """

    events: int = 0
    lost: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    torn: int = 0
    duplicates: int = 0
    dropped: int = 0
    again: int = 0
    pages: int = 1
    dead: dict[str, str] = field(default_factory=dict)
    unmet: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    measured: str = ""
    exits: list[int] = field(default_factory=list)
    struck_exits: Counter[int] = field(default_factory=Counter)
    seconds: float = 0
    logs: list[Path] = field(default_factory=list)

    @property
    def again_percent(self) -> float:
        """Extra fetches, in percent of those that are needed."""
        return 100 * self.again / self.pages

    def told(self) -> list[str]:
        """Return the logs."""
        return [log.read_text(errors="replace") for log in self.logs]

    def faults(self, dead: int = 0) -> list[str]:
        """Return what is not as promised, in words; nothing when all is, and there are `dead` dead letters."""
        found = list(self.wrong)
        if self.unmet:
            found.append(f"the site never answered {self.unmet}")
        if self.lost:
            found.append(f"{len(self.lost)} records lost, such as {self.lost[:3]}")
        if self.invented:
            found.append(f"{len(self.invented)} records that are not true, such as {self.invented[:3]}")
        if self.torn:
            found.append(f"{self.torn} torn lines")
        if self.duplicates:
            found.append(f"{self.duplicates} duplicates after completion")
        if len(self.dead) != dead:
            found.append(f"{len(self.dead)} dead letters, not {dead}: {list(self.dead.items())[:2]}")
        if any(code != (1 if dead else 0) for code in self.exits):  # a missing page must not look like success
            found.append(f"exit codes {self.exits}")
        return found


def read(files: Iterable[Path], truth: Iterable[str]) -> Outcome:
    """Read feeds, and compare them with what is true."""
    ids: Counter[str] = Counter()
    torn = 0
    for path in files:
        content = path.read_bytes() if path.exists() else b""
        torn += not content.endswith(b"\n") and content != b""
        for line in content.splitlines():
            try:
                ids[json.loads(line)["id"]] += 1
            except (ValueError, KeyError, TypeError):
                torn += 1
    expected = set(truth)
    return Outcome(
        lost=sorted(expected - ids.keys()),
        invented=sorted(ids.keys() - expected),
        torn=torn,
        duplicates=sum(times - 1 for times in ids.values()),
    )


def dropped(logs: Sequence[Path]) -> int:
    """Return how many lines the completion pass removed, as the instances' statistics tell."""
    return sum(int(number) for log in logs if log.exists() for number in DROPPED.findall(log.read_text()))
