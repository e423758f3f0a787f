"""Tables for terminals of any width: in a narrow one the columns that matter least are left out, and none is cut."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

AROUND = 3
"""Cells that rich puts around and between columns, for each of them; the table takes one more."""
LEAST_FIRST = 26
"""Cells that the first column keeps before another one is left out; a longer name is folded."""


def table_of(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    dispensable: Sequence[str] = (),
    bold: Collection[int] = (),
) -> Table:
    """Return rows as a table; all cells but the first are numbers.

    Args:
        names: of the columns.
        rows: their cells.
        width: of the terminal, in cells.
        dispensable: columns that may be left out, the first of them first.
        bold: numbers of the rows that stand out.
    """
    kept = columns_for(names, rows, width, dispensable)
    first, *others = (names[column] for column in kept)
    table = Table(
        Column(first, overflow="fold"),
        *(Column(name, justify="right", no_wrap=True) for name in others),
        box=SIMPLE_HEAD,
    )
    for number, row in enumerate(rows):
        table.add_row(*(Text(row[column]) for column in kept), style="bold" if number in bold else None)
    return table


def columns_for(
    names: Sequence[str], rows: Sequence[Sequence[str]], width: int, dispensable: Sequence[str]
) -> list[int]:
    """Return the columns for which there is room."""
    widths = [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]
    widths[0] = min(widths[0], LEAST_FIRST)
    kept = list(range(len(names)))
    for name in dispensable:
        if 1 + sum(widths[column] + AROUND for column in kept) <= width:
            break
        kept.remove(names.index(name))
    return kept
