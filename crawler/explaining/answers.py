"""What a page gives, as a crawl would get it: records with their sources, links, a listing, or why there is none."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from crawler.errors import Exhausted, NotARecord
from crawler.items import ADAPTERS, Record, RecordKey
from crawler.pages import FALLBACK, page_for
from crawler.pages.base import Link, Listing, Page, Response
from crawler.pages.ytdlp import InfoPage, JudgedPage
from crawler.pipelines.validate import told

ERROR = "error"
"""Reason of a refusal that is a fault of the page class."""
NO_RECORD = "no_record"
"""Reason of a page that is about something else: a crawl counts no refusal there, and follows its links."""
UNREADABLE = frozenset({"bad_url", "bad_file"})
"""Reasons where there was nothing to read."""
UNANSWERED_MOST = 20
"""Times that a page is told that what it wants cannot be had."""
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no record.

    Attributes:
        reason: a short word.
        detail: the same in words.
    """

    reason: str
    detail: str = ""

    @classmethod
    def of(cls, error: NotARecord | Exhausted) -> Self:
        """Return what a page has said."""
        return cls(error.reason, error.detail if isinstance(error, NotARecord) else str(error))


@dataclass(frozen=True)
class Answer:
    """What is told of a URL or a file.

    Attributes:
        url: as it was given.
        file: as it was given; None where the URL was fetched.
        read: the URL that was read, which may be another one.
        page: the class that has read it.
        extractor: the one of yt-dlp that has told it, where one has.
        records: valid ones, each with the source of every known field.
        others: what was asked for together with the records, and is none.
        totals: number of records that the site declares of each listing.
    """

    url: str | None
    file: str | None = None
    read: str = ""
    page: type[Page] | None = None
    extractor: str = ""
    records: list[Record] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    refused: Refusal | None = None
    others: list[tuple[RecordKey, Refusal]] = field(default_factory=list)
    listing: Listing | None = None
    totals: Mapping[Listing, int | None] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        """Whether the page class has a fault."""
        return self.refused is not None and self.refused.reason == ERROR

    @property
    def is_unreadable(self) -> bool:
        """Whether there was nothing to read."""
        return self.refused is not None and self.refused.reason in UNREADABLE

    @property
    def has_read(self) -> bool:
        """Whether there is a record, a listing, or at least a link."""
        is_read = self.refused is None or self.refused.reason == NO_RECORD
        return is_read and bool(self.records or self.links or self.totals)

    @property
    def reader(self) -> str | None:
        """Name of what has read it: a class, or an extractor of yt-dlp's."""
        if self.extractor:
            return f"yt-dlp:{self.extractor}"
        return None if self.page is None else f"{self.page.__module__}.{self.page.__qualname__}"

    def as_json(self) -> dict[str, Any]:
        """Return it as one object."""
        return {
            "url": self.url,
            "file": self.file,
            "page": self.reader,
            "records": [asdict(record) for record in self.records],
            "links": [{"url": link.url, "kind": link.kind} for link in self.links],
            "refused": asdict(self.refused) if self.refused else None,
        }


def refused(url: str | None, reason: str, detail: str, file: str | None = None) -> Answer:
    """Return that there is nothing to read."""
    return Answer(url, file, refused=Refusal(reason, detail))


def read_offline(given: str | None, file: str | None, response: Response, platform: str | None) -> Answer:
    """Read a saved response; what its page wants besides cannot be had.

    Args:
        given: its URL, as it was given.
        file: where it lies, as it was given.
        response: the response.
        platform: the software of its host.
    """
    blank = Answer(given, file, response.url)
    try:
        page = page_for(response, platform)
        for _ in range(UNANSWERED_MOST):
            if page.wants() is None:
                break
            page.add(None)
    except Exception as exc:  # noqa: BLE001 - a fault of one page class must not cost the answers to the others
        return replace(blank, refused=fault(exc))
    return read(page, blank)


def read(page: Page, blank: Answer) -> Answer:
    """Return `blank` with all that a page gives, in the order in which a crawl asks for it."""
    blank = replace(
        blank,
        page=FALLBACK if isinstance(page, JudgedPage) else type(page),
        extractor=page.key if isinstance(page, InfoPage) else "",
    )
    try:
        return complete(page, blank)
    except (NotARecord, Exhausted) as exc:
        return replace(blank, refused=Refusal.of(exc))
    except Exception as exc:  # noqa: BLE001 - as above
        return replace(blank, refused=fault(exc))


def complete(page: Page, blank: Answer) -> Answer:
    """Return `blank` with all that a page gives."""
    status = page.response.status
    if page.response.is_error and status not in page.statuses:
        return replace(blank, refused=Refusal(f"http_{status}", f"{page.url} answered HTTP {status}"))
    raw, links = list(page.records()), list(page.links())
    others = [(key, Refusal.of(why)) for key, why in page.refusals()]
    totals, listing = dict(page.totals()), page.listing()
    records: list[Record] = []
    invalid: Refusal | None = None
    for record in raw:
        try:
            records.append(valid(record, page.sources(record)))
        except ValidationError as exc:
            reason, details = told(exc)
            invalid = invalid or Refusal(reason, "; ".join(details))
    if not raw and others and listing is None:
        invalid = others[0][1]
    if not raw and invalid is None and not totals and (isinstance(page, (FALLBACK, InfoPage)) or not links):
        about = "it is about something else, and was read for its links" if links else "nothing in it is known"
        invalid = Refusal(NO_RECORD, about)
    return replace(blank, records=records, links=links, others=others, totals=totals, listing=listing, refused=invalid)


def valid(record: Record, sources: dict[str, str]) -> Record:
    """Return a record as it would be written, with the source of each of its known fields.

    Raises:
        ValidationError: it would be refused.
    """
    return ADAPTERS[type(record)].validate_python({**asdict(record), "provenance": sources})


def fault(error: Exception) -> Refusal:
    """Return what a page class ought not to have raised."""
    message = " ".join(str(error).split())
    return Refusal(ERROR, f"{type(error).__name__}: {message:.500}" if message else type(error).__name__)


def file_of(page: type[Page]) -> str:
    """Return where a page class is, from the project's folder."""
    module = sys.modules.get(page.__module__)
    path = Path((module and module.__file__) or ROOT / f"{page.__module__.replace('.', '/')}.py").resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
