"""The contract between a page class and the rest of the project.

A page reads one response and knows no framework: it is built from a `Response`, yields records and
links, and names in `wants()` a further response without which its records would not be whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from parsel import Selector

from crawler.errors import NotARecord
from crawler.fields import DEFAULT_PORTS
from crawler.items import Record, RecordKey, User, Video, key_of
from crawler.pages.nodes import loaded

RecordKind = Literal["user", "video"]
LinkKind = Literal["user", "video", "listing"]
EVERY_KIND: frozenset[RecordKind] = frozenset({"user", "video"})


@dataclass(frozen=True)
class Response:
    """What a server answered: final URL, body, status, headers (names in lower case).

    `fetched_at` is ISO 8601 UTC with `Z`; `carry` is what the link that led here took along.
    """

    url: str
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fetched_at: str = ""
    carry: Mapping[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Host and, when it is not the scheme's own, port: `site.example`, `127.0.0.1:9000`."""
        parts = urlsplit(self.url)
        return parts.netloc.lower().removesuffix(DEFAULT_PORTS.get(parts.scheme, " "))

    @property
    def base(self) -> str:
        """Scheme and host, without a slash at the end."""
        return f"{urlsplit(self.url).scheme}://{self.host}"

    @property
    def is_error(self) -> bool:
        """Whether the server itself calls it an error."""
        return self.status >= HTTPStatus.BAD_REQUEST

    @cached_property
    def text(self) -> str:
        """The body in its declared encoding, UTF-8 unless told otherwise."""
        declared = re.search(r"charset=[\"']?([\w-]+)", self.headers.get("content-type", ""))
        try:
            return self.body.decode(declared[1] if declared else "utf-8", errors="replace")
        except (LookupError, UnicodeError):
            return self.body.decode("utf-8", errors="replace")

    @cached_property
    def json(self) -> Any:
        """The body as JSON, or None when it is none."""
        return loaded(self.body)

    @cached_property
    def selector(self) -> Selector:
        """The body as HTML."""
        return Selector(text=self.text or "<html/>", type="html", base_url=self.url)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a page leads to.

    Attributes:
        url: absolute URL to fetch.
        kind: what is expected there: a `user`, a `video`, or a `listing` of them.
        leads_to: the kinds of records that a listing leads to.
        key: the record key, where the page already tells it; a record that is there is not fetched again.
        headers: request headers that the answer depends on.
        priority: higher is fetched sooner; 0 is the rule.
        last: fetched only when all else is done, and only if its record is still missing: a check.
        outward: leads to other hosts only.
        platform: software that the host must run for the link to be of use.
        optional: may well not be there, which is nothing to report.
        otherwise: URL to read instead when this one answers 404.
        again: fetched even if it has been: what it is has only just become known.
        carry: small JSON values handed to the page that reads the answer.
        body: JSON to POST, to an API that tells nothing without; the rule is a GET.
    """

    url: str
    kind: LinkKind
    leads_to: frozenset[RecordKind] = EVERY_KIND
    key: RecordKey | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    last: bool = False
    outward: bool = False
    platform: str | None = None
    again: bool = False
    optional: bool = False
    otherwise: str | None = None
    carry: Mapping[str, Any] = field(default_factory=dict)
    body: str = ""

    @property
    def method(self) -> str:
        """How it is fetched."""
        return "POST" if self.body else "GET"


class Listing(NamedTuple):
    """A list of records that a site declares, such as `videos of alice@site.example`.

    `whole` says that it covers all of the host's records of its kind, or all of a part of them that no other
    such listing covers; `within` names such a listing that this one is a part of. One that is called `videos of …`
    and is not whole is a user's: `max_per_user=` takes the first of its rows, while other listings, such as
    `playlist …`, have videos of several users. After `of` stands the `uploader_id` or `channel_id` of its videos.
    """

    name: str
    kind: RecordKind
    whole: bool = False
    within: str = ""


class Page:
    """Reads one response. A subclass says by `hosts` or `platform`, and `path`, what it reads."""

    site: ClassVar[str] = ""
    """Value of the records' `site`."""
    platform: ClassVar[str | None] = None
    """For software that runs on any host (`peertube`): read where the host is known to run it."""
    hosts: ClassVar[tuple[str, ...]] = ()
    """Host names, lower case; a subdomain counts as its parent. With any, no page of another host is read."""
    path: ClassVar[str] = r"$^"
    """Regular expression that the URL's whole path matches."""
    examples: ClassVar[tuple[str, ...]] = ()
    """URLs that this class reads; no other class may match them (checked at import)."""
    source: ClassVar[str] = ""
    """What this class reads, as `provenance=1` and `scrapy explain` name it: `REST API`, `ytInitialData`, `oEmbed`."""
    statuses: ClassVar[frozenset[int]] = frozenset({401, 403, 404, 410})
    """HTTP errors whose body this class reads, to say why there is no record."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.url = response.url

    def records(self) -> Iterator[Record]:
        """Yield the records of this page.

        Raises:
            NotARecord: the page is no record, with the reason.
        """
        yield from ()

    def sources(self, record: Record) -> dict[str, str]:
        """Return, for each known field of one of `records()`, which part of the page told it; by rule `source` did."""
        return dict.fromkeys(known_fields(record), self.source or type(self).__name__)

    def refusals(self) -> Iterator[tuple[RecordKey, NotARecord]]:
        """Yield what was asked for together with the records of this page and is none, with the reasons."""
        yield from ()

    def links(self) -> Iterator[Link]:
        """Yield where this page leads to."""
        yield from ()

    def listing(self) -> Listing | None:
        """Return the listing that this page is a part of; None for a page that is no listing."""
        return None

    def members(self) -> Iterator[RecordKey]:
        """Yield the keys of the rows of `listing()` that stand on this page, records here or not."""
        yield from (key_of(record) for record in self.records())

    def total(self) -> int | None:
        """Number of records that the site declares for `listing()`; None where it does not or lies."""
        return None

    def totals(self) -> Mapping[Listing, int | None]:
        """All listings that this page tells of, with the number of records declared for each."""
        listing = self.listing()
        return {} if listing is None else {listing: self.total()}

    def wants(self) -> Link | None:
        """A further response that the records need to be whole, or None; asked again after `add()`."""
        return None

    def add(self, response: Response | None) -> None:
        """Take the response to the last `wants()`; None when it could not be had."""


NOT_READ = frozenset({
    *("kind", "site", "fetched_at", "fetched_from", "seed_meta"),
    *("approximate", "changed", "provenance"),
})  # fmt: skip
"""Fields that no page tells."""


def known_fields(record: Record) -> list[str]:
    """Return the names of the fields that a page has told, in their order."""
    names = (name for name in type(record).__slots__ if name not in NOT_READ)
    return [name for name in names if getattr(record, name) is not None]


REASONS = {401: "private", 403: "forbidden", 404: "not_found", 410: "deleted"}
"""Why there is no record, by HTTP status."""
LAST_STATUS = 599
METHODS = {"url": "canonical_url", "links": "profile_links"}
"""Methods of fields whose own names mean something else for a page."""


def refuse_status(status: int) -> None:
    """Refuse what the server itself calls an error.

    Raises:
        NotARecord: with the reason.
    """
    if status >= HTTPStatus.BAD_REQUEST:
        raise NotARecord(REASONS.get(status, f"http_{status}"), f"HTTP {status}")


def refuse_code(code: Any, sentence: str | None = None) -> None:
    """Refuse what an API calls an error by HTTP's numbers, within an answer that HTTP calls a success.

    Raises:
        NotARecord: with the reason.
    """
    if isinstance(code, int) and code >= HTTPStatus.BAD_REQUEST:
        of_http = f"http_{code}" if code <= LAST_STATUS else "api_error"
        raise NotARecord(REASONS.get(code, of_http), sentence or f"code {code}")


class RecordPage(Page):
    """A page of one record, with one small method a field.

    The methods are named like the fields of `record_type`, but for `canonical_url()` and `profile_links()`; a
    field without a method stays unknown.
    """

    record_type: ClassVar[type[User | Video]]

    def canonical_url(self) -> str:
        """Return the record's `url`: the one that was read, unless the page tells a better one."""
        return self.url

    def records(self) -> Iterator[Record]:
        """Yield the one record of this page.

        Raises:
            NotARecord: the server answered with an error.
        """
        refuse_status(self.response.status)
        fields: dict[str, Any] = {"site": self.site, "fetched_at": self.response.fetched_at, "fetched_from": self.url}
        for name in self.record_type.__slots__:
            method = getattr(self, METHODS.get(name, name), None)
            if callable(method):
                fields[name] = method()
        yield self.record_type(**fields)


class Platform:
    """Software that runs on any host, such as PeerTube; one instance of a subclass stands in its module."""

    name: str
    """As nodeinfo's `software.name` says it, lower case."""
    hosts: tuple[str, ...] = ()
    """Hosts that surely run it, lower case, with their port where it is no default; none for most software."""

    batch: ClassVar[int] = 1
    """Things that one request can ask for, at most."""

    def joined(self, urls: Sequence[str]) -> Link | None:  # noqa: ARG002 - for those that can
        """Return one link to what stands at these addresses, up to `batch` of them; None where there is none."""
        return None

    def configured(self, settings: Mapping[str, Any]) -> Self:  # noqa: ARG002 - for those that have any
        """Return this platform as a project's settings want it."""
        return self

    def recognises(self, response: Response) -> bool:  # noqa: ARG002 - for software that runs on any host
        """Tell whether a page of a host of which nothing is known was made by this software."""
        return False

    def start(self, url: str) -> tuple[Link, ...]:
        """Return where to begin for `url`: one link of its kind for a user or video, listings for a whole host.

        Raises:
            NotARecord: the URL names nothing that can be crawled here.
        """
        raise NotImplementedError


class Site(Platform):
    """A site, known by its hosts.

    Args:
        name: as its records say it.
        hosts: all of its own.
        start_link: returns the link to what an address of the site names; as `start()`, it may refuse.
    """

    def __init__(self, name: str, hosts: tuple[str, ...], start_link: Callable[[str], Link]) -> None:
        self.name = name
        self.hosts = hosts
        self.start_link = start_link

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the link to what `url` names, in the one form that it has here."""
        return (self.start_link(url),)
