"""Writes what the documentation takes from the code: the tables of records, settings and sites, the JSON Schemas.

python -m docs.generate [records|settings|schema|sites …] [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from crawler.items import ADAPTERS
from docs.markdown import code, table, with_block
from docs.settings_table import settings_block
from docs.sites_page import sites_block

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS: dict[str, dict[str, Any]] = {cls.__name__.lower(): adapter.json_schema() for cls, adapter in ADAPTERS.items()}
WORDS = {
    "string": "text",
    "array": "list of text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
}


def schema_text(kind: str) -> str:
    """Return the JSON Schema of a record as it is stored."""
    return json.dumps(SCHEMAS[kind], indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def type_words(schema: dict[str, Any]) -> str:
    """Return the type of a field in words; null is told in a column of its own."""
    if "anyOf" in schema:
        return " or ".join(type_words(one) for one in schema["anyOf"] if one != {"type": "null"})
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return "one of " + ", ".join(code(json.dumps(value)) for value in schema["enum"])
    return WORDS[schema["type"]]


def records_block() -> str:
    """Return a heading and a table for each record, fields in the order of their definition."""
    parts = []
    for cls in ADAPTERS:
        schema = SCHEMAS[cls.__name__.lower()]
        rows = []
        for name, field in schema["properties"].items():
            required = name in schema["required"] or "const" in field
            rows.append((code(name), type_words(field), "yes" if required else "no", field["description"]))
        link = f"[schema/{cls.__name__.lower()}.json](schema/{cls.__name__.lower()}.json)"
        heading = f"## {cls.__name__}\n\n{schema['description']} JSON Schema: {link}."
        parts.append(f"{heading}\n\n{table(('field', 'type', 'required', 'meaning'), rows)}")
    return "\n\n".join(parts)


def records_pages(root: Path) -> dict[Path, str]:
    """Return `docs/records.md` as it must be."""
    page = root / "docs" / "records.md"
    return {page: with_block(page.read_text("utf-8"), records_block())}


def settings_pages(root: Path) -> dict[Path, str]:
    """Return `docs/settings.md` as it must be."""
    page = root / "docs" / "settings.md"
    source = (root / "crawler" / "settings.py").read_text("utf-8")
    return {page: with_block(page.read_text("utf-8"), settings_block(source))}


def sites_pages(root: Path) -> dict[Path, str]:
    """Return `docs/sites.md` as it must be."""
    page = root / "docs" / "sites.md"
    return {page: with_block(page.read_text("utf-8"), sites_block(root))}


def schema_pages(root: Path) -> dict[Path, str]:
    """Return the files of `docs/schema/` as they must be."""
    return {root / "docs" / "schema" / f"{kind}.json": schema_text(kind) for kind in SCHEMAS}


PARTS: dict[str, Callable[[Path], dict[Path, str]]] = {
    "records": records_pages,
    "settings": settings_pages,
    "schema": schema_pages,
    "sites": sites_pages,
}


def drift(root: Path = ROOT, parts: Sequence[str] = tuple(PARTS)) -> dict[Path, str]:
    """Return the files that are not as they must be, with what they must hold."""
    wanted = {path: text for part in parts for path, text in PARTS[part](root).items()}
    return {path: text for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text}


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write the files that drifted, or with `--check` name them; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m docs.generate", description="Generate parts of docs/ from the code."
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=f"what to generate: {', '.join(PARTS)}; default: all")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not up to date")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))} is no part: choose from {', '.join(PARTS)}")
    drifted = drift(root, options.parts or tuple(PARTS))
    for path, text in drifted.items():
        if options.check:
            sys.stderr.write(
                f"{path.relative_to(root)} is not what the code says: run `make docs` and commit the result.\n"
            )
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            sys.stdout.write(f"{path.relative_to(root)} written\n")
    return 1 if options.check and drifted else 0


if __name__ == "__main__":
    sys.exit(main())
