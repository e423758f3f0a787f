"""Reads `crawler/settings.py` as text: each `NAME = value` with the docstring below it, in sections.

Text, because a default is best shown as it is written, and because the settings must not have effects here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from docs.markdown import code, table

SECTION = re.compile(r"^# --- (.+?) -*$", re.MULTILINE)


class Setting(NamedTuple):
    """A setting as it is documented."""

    section: str
    name: str
    default: str
    meaning: str


class UndocumentedSettingError(Exception):
    """Raised when no docstring stands below a setting; names it and its line."""


def settings_of(source: str) -> Iterator[Setting]:
    """Yield the settings of `source`, in its order.

    Raises:
        UndocumentedSettingError: no docstring stands below one.
    """
    sections = [(source.count("\n", 0, found.start()) + 1, found[1]) for found in SECTION.finditer(source)]
    body = ast.parse(source).body
    for statement, below in zip(body, [*body[1:], None], strict=True):
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=value) | ast.AnnAssign(ast.Name(name), value=value) if (
                value
            ):
                pass
            case _:
                continue
        if not name.isupper() or name.startswith("_"):  # Scrapy reads upper-case names only
            continue
        match below:
            case ast.Expr(ast.Constant(str() as text)):
                section = next((title for line, title in reversed(sections) if line < statement.lineno), "General")
                yield Setting(section, name, written(value, source), " ".join(text.split()))
            case _:
                where = f"{name} (line {statement.lineno} of crawler/settings.py)"
                raise UndocumentedSettingError(f"{where} has no text below it: say what it means, and its unit.")


def written(value: ast.expr, source: str) -> str:
    """Return a value as it is written; over several lines, as it would be on one."""
    segment = ast.get_source_segment(source, value) or ""
    return ast.unparse(value) if "\n" in segment else segment


def settings_block(source: str) -> str:
    """Return a heading and a table for each section of `source`."""
    parts = []
    for section, settings in groupby(settings_of(source), key=attrgetter("section")):
        rows = [(code(setting.name), code(setting.default), setting.meaning) for setting in settings]
        parts.append(f"## {section}\n\n{table(('setting', 'default', 'meaning'), rows)}")
    return "\n\n".join(parts)
