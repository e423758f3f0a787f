"""What has become of a URL in a crawl: where its request is, or what came of it.

Requests are kept by id, not by URL, so it is looked for in this order, and the first place that tells of it answers:

1. the records that are in the feeds, where the URL tells the record's key
2. the requests that are pending or in hand, all of which are read
3. the dead letters, all of which are read
4. what was refused, and what failed
5. the fingerprints of all requests that there were: was it fetched, or never heard of?
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url

from crawler.errors import BadPayload
from crawler.frontier.ledger import LIMIT, member
from crawler.frontier.letters import letter_of
from crawler.frontier.payload import parse, seed_text
from crawler.frontier.queue import text
from crawler.frontier.revisits import page_of, shown_in
from crawler.frontier.survey import Worker, survey
from crawler.words import counted

if TYPE_CHECKING:
    from redis import Redis

    from crawler.frontier.keys import Keys
    from crawler.frontier.survey import Survey
    from crawler.items import RecordKey

BATCH = 1_000
"""Requests that are read in one round trip."""
UNRESERVED = re.compile(r"[A-Za-z0-9_-]+")
"""What stands in a URL as it is, whatever form it is written in."""
DIGITS = 9
"""Of a fingerprint, by which `step.lua` finds its bucket."""

State = Literal["none", "leased", "waiting", "dead", "recorded", "refused", "failed", "done", "forgotten", "unseen"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One form in which a crawl may know a URL.

    Attributes:
        url: what is requested.
        fingerprint: of that request, as the queue keeps it.
        records: keys of the records that it may give.
    """

    url: str
    fingerprint: int
    records: tuple[RecordKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What has become of a URL.

    Attributes:
        state: in a word.
        text: in a sentence.
        url: the form in which it is known; "" where it is not.
        request_id: of its request, where that is pending, in hand or dead.
    """

    state: State
    text: str
    url: str = ""
    request_id: str = ""


class Searcher:
    """Looks for URLs in a crawl. Blocking; changes nothing."""

    def __init__(self, server: Redis, keys: Keys) -> None:
        self.server, self.keys = server, keys

    def find(self, candidates: list[Candidate]) -> Whereabouts:
        """Return what has become of what has these forms."""
        crawl = survey(self.server, self.keys)
        if crawl is None:
            return Whereabouts("none", f"there is no crawl of {self.keys.crawl} here")
        for look in (self.recorded, self.in_queue, self.among_the_dead, self.not_recorded, self.seen):
            if (found := look(candidates, crawl)) is not None:
                return found
        if crawl.state == "finished":
            words = "the crawl is finished, and its queue forgotten: of this URL it kept no record, refusal or failure"
            return Whereabouts("forgotten", words)
        left = f"; left that may lead to it: {counted(crawl.left, 'request')}" if crawl.left else ""
        seeds = f"{counted(crawl.seeds_waiting, 'seed')} of other programs"
        left += f"; not read yet: {seeds}" if crawl.seeds_waiting else ""
        seeds = crawl.control.get("seeds") or "its seeds were sent with scrapy seed, or by other programs"
        limit = crawl.control.get(LIMIT)
        limited = f", or max_per_user={limit} has left it out" if limit else ""
        words = (
            f"never seen: it is no seed, and no page read so far leads to it within the scope ({seeds}){limited}{left}"
        )
        return Whereabouts("unseen", words)

    # --- the places where it may be ---

    def recorded(self, candidates: list[Candidate], _: Survey) -> Whereabouts | None:
        """Look among the records."""
        for candidate in candidates:
            for key in candidate.records:
                if self.server.sismember(self.keys.recorded, member(key)):
                    words = f"recorded, as {' '.join(key)}{self.followed(key, candidate)}"
                    return Whereabouts("recorded", words, candidate.url)
        return None

    def followed(self, key: RecordKey, candidate: Candidate) -> str:
        """Say when the page was visited that a record is followed on, and when it is due again; "" where none is."""
        reading = cast("bytes | None", self.server.hget(self.keys.readings, member(key)))
        page = page_of(reading) if reading else str(candidate.fingerprint)
        request_id = cast("bytes | None", self.server.hget(self.keys.revisits, page))
        payload = cast("bytes | None", self.server.hget(self.keys.requests, text(request_id))) if request_id else None
        if request_id is None or payload is None:
            return ""
        return f"; its page was {visited(payload, self.server.zscore(self.keys.due, text(request_id)))}"

    def in_queue(self, candidates: list[Candidate], crawl: Survey) -> Whereabouts | None:
        """Look among the requests that are pending or in hand."""
        found = self.server.hscan_iter(self.keys.requests, count=BATCH)
        for request_id, payload, candidate in matches(cast("Iterator[tuple[bytes, bytes]]", found), candidates):
            return self.place_of(text(request_id), payload, candidate, crawl)
        return None

    def place_of(self, request_id: str, payload: bytes, candidate: Candidate, crawl: Survey) -> Whereabouts:
        """Say where a request is, and what it waits for."""
        slot = slot_of(payload)
        queue, again = (f"{self.keys.prefix}{name}:{slot}" for name in ("queue", "again"))
        with self.server.pipeline(transaction=False) as pipe:
            pipe.zscore(self.keys.last, request_id)
            pipe.zscore(self.keys.suspects, request_id)
            pipe.zrank(queue, request_id)
            pipe.zrank(again, request_id)
            pipe.zcard(queue)
            pipe.zcard(again)
            pipe.zscore(self.keys.due, request_id)
            pipe.hget(self.keys.deliveries, request_id)
            for worker in crawl.workers:
                pipe.sismember(f"{self.keys.prefix}leased:{worker.name}", request_id)
            last, suspect, first, later, firsts, laters, due_ms, crashes, *held = pipe.execute()
        holder = next((worker for worker, holds in zip(crawl.workers, held, strict=True) if holds), None)
        if holder is not None:
            return Whereabouts("leased", held_by(holder), candidate.url, request_id)
        if suspect is not None:
            why = f"instances crashed with it in hand {text(crashes or 0)} times, so it comes alone, after all others"
        elif due_ms is not None:
            why = visited(payload, due_ms)
        elif last is not None:
            why = "it is kept until all else is done"
        else:
            # First visits of pages and later ones take turns.
            before = None if first is None else first + min(first, laters)
            before = before if later is None else later + min(later, firsts)
            why = self.turn_of(slot, before)
        hold_up = "; the crawl is paused" if crawl.is_paused else "; no instance is at the crawl"
        idle = crawl.is_paused or not crawl.living
        return Whereabouts("waiting", f"waits: {why}{hold_up if idle else ''}", candidate.url, request_id)

    def turn_of(self, slot: str, before: int | None) -> str:
        """Say when a request of a host may go, behind so many others; None where it does not wait."""
        seconds, micros = self.server.time()
        now_ms = seconds * 1000 + micros / 1000
        told = self.server.hmget(self.keys.host(slot), "next_ms", "paused_ms")
        next_ms, paused_ms = (float(value or 0) - now_ms for value in cast("list[bytes | None]", told))
        if before is None:
            return "it is just changing hands"
        when = f"{slot or 'seeds'} may be asked {'now' if next_ms <= 0 else f'in {next_ms / 1000:,.1f} s'}"
        paused = f", as it has asked for a pause of {paused_ms / 1000:,.0f} s more" if paused_ms > 0 else ""
        return f"{before:,} other requests of its host come first, and {when}{paused}"

    def among_the_dead(self, candidates: list[Candidate], _: Survey) -> Whereabouts | None:
        """Look among the dead letters."""
        found = cast("Iterator[tuple[bytes, bytes]]", self.server.hscan_iter(self.keys.dead, count=BATCH))
        urls = {canonicalize_url(one.url): one for one in candidates}
        for request_id, stored in found:
            letter = letter_of(text(request_id), stored)
            if letter.readable and (candidate := urls.get(canonicalize_url(letter.url))):
                words = f"was given up ({letter.reason}): scrapy dead {self.keys.crawl} --retry sends it again"
                return Whereabouts("dead", words, candidate.url, letter.id)
        return None

    def not_recorded(self, candidates: list[Candidate], _: Survey) -> Whereabouts | None:
        """Look among what was refused, and what failed."""
        for candidate in candidates:
            names = [candidate.url, *map(member, candidate.records)]
            if reason := self.reason(self.keys.refused, names):
                return Whereabouts("refused", f"refused as {reason}: rejects.jsonl has the details", candidate.url)
            if reason := self.reason(self.keys.failed, names):
                return Whereabouts("failed", f"could not be fetched: {reason}", candidate.url)
        return None

    def reason(self, key: str, names: list[str]) -> str:
        """Return why one of these was refused, or failed; "" where none was."""
        reasons = cast("list[bytes | None]", self.server.hmget(key, *names))
        return text(next(filter(None, reasons), b""))

    def seen(self, candidates: list[Candidate], crawl: Survey) -> Whereabouts | None:
        """Look among the fingerprints of all requests that there were."""
        level, split = crawl.number("seen_level"), crawl.number("seen_split")
        for candidate in candidates:
            bucket = bucket_of(candidate.fingerprint, level, split)
            if self.server.sismember(f"{self.keys.prefix}seen:{bucket}", str(candidate.fingerprint)):
                words = "was fetched and is done; no record, refusal or failure is known by this URL"
                return Whereabouts("done", words, candidate.url)
        return None


def held_by(worker: Worker) -> str:
    """Say who has a request in hand."""
    lease = f"whose lease ends in {worker.lease_ms / 1000:.0f} s" if worker.lease_ms > 0 else "whose lease is over"
    who = f"instance {worker.title}"
    return f"in hand of {who}, {'which has died' if worker.is_dead else f'{lease} unless it renews that'}"


def visited(payload: bytes, due_ms: float | None) -> str:
    """Say when a page was visited, and when it is due again, in ms by Redis' clock; None where it is due by now."""
    at_s = shown_in(payload).get("at", 0)
    due = "now" if due_ms is None else f"at {moment(due_ms / 1000)}"
    return f"visited at {moment(at_s)}, and is due again {due}"


def moment(at_s: float) -> str:
    """Return a time, in seconds since 1970, as it stands on records."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def matches(
    found: Iterable[tuple[bytes, bytes]], candidates: list[Candidate]
) -> Iterator[tuple[bytes, bytes, Candidate]]:
    """Yield the requests that are for a candidate, by id and payload."""
    urls = {canonicalize_url(one.url): one for one in candidates}
    needles = [needle_of(url) for url in urls]
    for request_id, payload in found:
        if any(needle in payload for needle in needles):
            url = url_of(payload)
            if url and (candidate := urls.get(canonicalize_url(url))):
                yield request_id, payload, candidate


def needle_of(url: str) -> bytes:
    """Return what stands in every form of a URL; only what holds that need be read as JSON."""
    parts = urlsplit(url)
    return max(UNRESERVED.findall(f"{parts.path} {parts.query}"), key=len, default="").encode()


def fields_of(payload: bytes) -> dict[str, Any]:
    """Return what a payload says, as far as it is JSON."""
    try:
        return parse(payload)
    except BadPayload:
        return {}


def url_of(payload: bytes) -> str:
    """Return the URL that a payload is for, or the seed that it holds."""
    if (seed := seed_text(payload)) is not None:
        return seed
    url = fields_of(payload).get("u")
    return url if isinstance(url, str) else ""


def slot_of(payload: bytes) -> str:
    """Return the slot of a payload."""
    slot = fields_of(payload).get("s")
    return slot if isinstance(slot, str) else ""


def bucket_of(fingerprint: int, level: int, split: int) -> int:
    """Return which bucket has a fingerprint, as `step.lua` has it."""
    number = int(str(fingerprint)[-DIGITS:])
    bucket = number % (1 << level)
    return number % (1 << (level + 1)) if bucket < split else bucket
