"""Writes a new site: the module of its page classes, and a fixture of each."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import crawler.pages
from crawler.errors import NotARecord, PageClash, SettingsError
from crawler.explaining.answers import ROOT, Answer, file_of, read
from crawler.items import Record
from crawler.newsite.draft import Draft, module
from crawler.pages import FALLBACK, HOMES, PAGES, PLATFORMS, check_clashes, page_class
from crawler.pages.base import Page, RecordKind, Response
from crawler.pages.structured import StructuredPage
from crawler.pages.structured.document import Document

PAGES_FOLDER = Path(crawler.pages.__file__).parent
FIXTURES = ROOT / "tests" / "fixtures"
WORDS = ROOT / "docs" / "sites"
NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
MOST_NAME_CHARS = 40
USUAL_TYPE = "text/html; charset=utf-8"
"""What the tests take a `page.html` for."""
USUAL_TIME = "2026-01-01T00:00:00Z"
"""When they read it, unless its meta.json says otherwise."""


@dataclass(frozen=True, slots=True)
class New:
    """What is to be written, by file, and what the new classes read."""

    files: dict[Path, bytes]
    answers: list[Answer]


def check_name(name: str) -> None:
    """Check that a site can have this name.

    Raises:
        SettingsError: it cannot.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > MOST_NAME_CHARS:
        raise SettingsError(f"{name} is no name of a site: use lower-case letters, digits and _, such as my_site.")
    taken = {cls.site for cls in PAGES} | set(PLATFORMS) | {"base"}
    paths = (PAGES_FOLDER / f"{name}.py", PAGES_FOLDER / name, FIXTURES / name, WORDS / f"{name}.md")
    there = next((path for path in paths if path.exists()), None)
    if there or name in taken:
        where = relative(there) if there else f"a site of the name {name}"
        raise SettingsError(f"{where} exists, and is not overwritten: take another name, or add a class to it by hand.")


def draft_of(site: str, response: Response, kind: RecordKind | None) -> Draft:
    """Return the page class to be written for a page.

    Args:
        site: name of the site.
        response: the page.
        kind: of its record, where the user has named it.

    Raises:
        SettingsError: none can be written for it.
    """
    reader = page_class(response.url, HOMES.get(response.host))
    if reader is not FALLBACK or response.host in HOMES:
        what = f"{reader.__name__} in {file_of(reader)}" if reader is not FALLBACK else HOMES[response.host]
        raise SettingsError(f"{response.url} is read by {what}: change that instead.")
    try:
        record = next(StructuredPage(response).records(), None)
        why = "its structured data tell of no user and no video"
    except NotARecord as exc:
        record, why = None, str(exc)
    found = record.kind if record is not None and kind in {None, record.kind} else None
    if kind is None and found is None:
        raise SettingsError(
            f"{response.url} is no record ({why}): pass another page, or say what it is with --kind user or video."
        )
    draft = Draft(site, found or kind or "video", response, record if found else None)
    if not draft.segments:
        raise SettingsError(f"{response.url} is the home page of its host: pass the page of one user or video.")
    return draft


def new_site(drafts: Sequence[Draft]) -> New:
    """Return what is to be written; nothing is, yet.

    Raises:
        SettingsError: the classes do not read their pages.
    """
    source = module(list(drafts))
    namespace: dict[str, Any] = {"__name__": f"crawler.pages.{drafts[0].site}"}
    exec(compile(source, f"{drafts[0].site}.py", "exec"), namespace)  # noqa: S102 - what has just been made
    classes: list[type[Page]] = [namespace[draft.class_name] for draft in drafts]
    try:
        check_clashes([*PAGES, *classes])
    except PageClash as exc:
        raise SettingsError(f"no page class can be made of it: {exc}") from exc
    files = {
        PAGES_FOLDER / f"{drafts[0].site}.py": source.encode(),
        WORDS / f"{drafts[0].site}.md": words(drafts).encode("utf-8", "replace"),
    }
    answers = []
    for cls, draft in zip(classes, drafts, strict=True):
        answer, response = steady(cls, draft.response)
        if answer.refused or not answer.records:
            raise SettingsError(f"a class made of {answer.url} would refuse it: {answer.refused}")
        answers.append(answer)
        files |= fixture(draft, response, answer.records[0])
    return New(files, answers)


def words(drafts: Sequence[Draft]) -> str:
    """Return what docs/sites.md is to say of a site."""
    title = Document(drafts[0].response).site_name or drafts[0].site
    kinds = {draft.kind for draft in drafts}
    lines = [
        *(f"- {kind}s: {f'pages of {kind}s' if kind in kinds else 'none'}" for kind in ("user", "video")),
        "- listings: the links of a page",
        "- API key: none",
        "- robots: asked per host",
    ]
    return "\n".join([f"# {title}", "", *lines]) + "\n"


def steady(cls: type[Page], response: Response) -> tuple[Answer, Response]:
    """Return what a class reads of a page at the time of the fixtures, or now where time makes a difference: live."""
    then = replace(response, fetched_at=USUAL_TIME)
    answers = [read(cls(one), Answer(one.url, read=one.url)) for one in (then, response)]
    records = [[replace(record, fetched_at="") for record in answer.records] for answer in answers]
    return (answers[0], then) if records[0] == records[1] else (answers[1], response)


def fixture(draft: Draft, response: Response, record: Record) -> dict[Path, bytes]:
    """Return the files of a fixture."""
    folder = FIXTURES / draft.site / draft.kind
    content_type = response.headers.get("content-type", USUAL_TYPE)
    meta = {
        "url": response.url,
        **({"fetched_at": response.fetched_at} if response.fetched_at != USUAL_TIME else {}),
        **({"headers": {"content-type": content_type}} if content_type.lower() != USUAL_TYPE else {}),
    }
    known = {name: value for name, value in asdict(record).items() if value is not None and name != "provenance"}
    return {
        folder / "page.html": response.body,
        folder / "meta.json": as_file(meta),
        folder / "record.json": as_file(known),
    }


def as_file(value: Any) -> bytes:
    """Return JSON as fixtures have it."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def write(new: New) -> None:
    """Write all files, none over another; where one cannot be, the others are taken away again.

    Raises:
        OSError: one cannot be written.
    """
    written: list[Path] = []
    try:
        for path, body in new.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                written.append(path)
                file.write(body)
    except OSError:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def relative(path: Path) -> str:
    """Return a path from the project's folder."""
    return path.relative_to(ROOT).as_posix()
