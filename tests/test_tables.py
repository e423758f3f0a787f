from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console

from crawler.tables import table_of

NAMES = ("host", "pending", "delay", "errors")
ROWS = [("peertube.example:9105", "1,204", "0.25 s", "0.3 %"), ("b.example", "3", "12 s", "-")]


def drawn(width: int, rows: Sequence[tuple[str, ...]] = ROWS) -> str:
    console = Console(width=width, record=True, file=StringIO())
    console.print(table_of(NAMES, rows, width, ("delay", "errors")))
    return console.export_text()


def test_a_wide_terminal_shows_all_columns() -> None:
    assert all(name in drawn(60) for name in NAMES)


@pytest.mark.parametrize(("width", "left_out"), [(50, ["delay"]), (38, ["delay", "errors"])])
def test_a_narrow_terminal_leaves_out_what_matters_least_and_cuts_nothing(width: int, left_out: list[str]) -> None:
    shown = drawn(width)
    assert [name for name in NAMES if name not in shown] == left_out
    assert "peertube.example:9105" in shown
    assert "1,204" in shown
    assert "…" not in shown


@pytest.mark.parametrize("width", range(38, 70))
def test_no_width_breaks_a_row(width: int) -> None:
    assert len([line for line in drawn(width).splitlines() if line.strip()]) == len(ROWS) + 2


def test_a_name_that_is_longer_than_a_line_is_folded() -> None:
    shown = drawn(40, [("a" * 60, "1", "2 s", "-")])
    assert shown.count("a") == 60
