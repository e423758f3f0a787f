"""How an answer is shown: a table in a terminal, else plain lines with tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from crawler.explaining.answers import NO_RECORD, Answer, file_of
from crawler.items import Record
from crawler.looking import say
from crawler.pages.base import NOT_READ, known_fields
from crawler.words import counted

MOST_LINKS = 20
MOST_CHARS = 300
"""Characters of a value that are shown."""
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
"""Characters that move a terminal's cursor, or give it orders."""
MOST_OTHERS = 5
"""Things that were asked for too and are no records, of which the reasons are shown."""


def show(answer: Answer, console: Console) -> None:
    """Show all of an answer."""
    for line in heading(answer):
        say_plain(line, console)
    for record in answer.records:
        say(f"\n{record.kind} {record.site} {record.id}", console)
        show_fields(record, console)
        if unknown := unknown_fields(record):
            wrapped(f"unknown: {', '.join(unknown)}", console)
    for line in ending(answer):
        say_plain(line, console)


def say_plain(line: str, console: Console) -> None:
    """Print a line that may quote a page: only the line feeds that it begins with are meant."""
    words = line.lstrip("\n")
    say("\n" * (len(line) - len(words)) + CONTROLS.sub(" ", words), console)


def heading(answer: Answer) -> Iterator[str]:
    """Yield what was read, and by which class."""
    yield answer.url or ""
    if answer.read not in {"", answer.url}:
        yield f"read as {answer.read}"
    if answer.extractor:
        yield f"read by yt-dlp's extractor {answer.extractor}"
    elif answer.page is not None:
        yield f"read by {answer.page.__name__} in {file_of(answer.page)} (site {answer.page.site})"


def ending(answer: Answer) -> Iterator[str]:
    """Yield the links, the listings, and the refusals."""
    for listing, total in answer.totals.items():
        part = "it is a part of" if listing == answer.listing else "it tells of"
        declared = "not declared" if total is None else f"{total:,} declared"
        yield f"\n{part} the listing: {listing.name} ({listing.kind}s, {declared})"
    if answer.links and answer.page is None:
        yield "\nit names a whole host, not a page"
    if answer.links:
        yield f"\nleads to {counted(len(answer.links), 'link')}:"
        yield from (f"  {link.kind:<8} {link.url}" for link in answer.links[:MOST_LINKS])
        if (more := len(answer.links) - MOST_LINKS) > 0:
            yield f"  and {more:,} more"
    for key, why in answer.others[:MOST_OTHERS]:
        yield f"\nno record of {key.kind} {key.id}: {why.reason}{f' ({why.detail})' if why.detail else ''}"
    if answer.refused and answer.refused.reason == NO_RECORD:
        yield f"\nno record: {answer.refused.detail}"
    elif answer.refused:
        yield f"\nrefused: {answer.refused.reason}{f': {answer.refused.detail}' if answer.refused.detail else ''}"


def show_fields(record: Record, console: Console) -> None:
    """Show the known fields of a record, each with its value and where on the page it stands."""
    sources, rounded = record.provenance or {}, set(record.approximate or ())
    rows = [
        (name, shown(getattr(record, name)) + (" (rounded by the site)" if name in rounded else ""), sources.get(name))
        for name in known_fields(record)
    ]
    if not console.is_terminal:
        for name, value, source in rows:
            console.file.write(f"{name}\t{value}\t{source or ''}\n")
        return
    columns = [
        Column("field", no_wrap=True),
        Column("value", overflow="fold", ratio=3),
        Column("source", overflow="fold", ratio=1),
    ]
    shared = set(sources.values())
    if len(shared) == 1:  # said once, it leaves the values more room
        say(f"all of it told by: {shared.pop()}", console)
        columns.pop()
    table = Table(*columns, box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(cell or "") for cell in row[: len(columns)]))
    console.print(table)


def unknown_fields(record: Record) -> list[str]:
    """Return the names of the fields that the page has not told."""
    return [name for name in type(record).__slots__ if name not in NOT_READ and getattr(record, name) is None]


def shown(value: Any) -> str:
    """Return a value on one line, shortened where it is long."""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, bool):
        value = "yes" if value else "no"
    line = " ".join(str(value).split()) if isinstance(value, str) else f"{value}"
    line = CONTROLS.sub(" ", line)
    return line if len(line) <= MOST_CHARS else f"{line[:MOST_CHARS]}… ({len(line):,} characters)"


def wrapped(line: str, console: Console) -> None:
    """Show a line, folded between words in a terminal."""
    if console.is_terminal:
        console.print(Text(line))
    else:
        say(line, console)
