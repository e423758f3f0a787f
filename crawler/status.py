"""All that `scrapy status` tells of the crawls in a Redis, for readers and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from crawler.drift.book import LEAST_READINGS, Book
from crawler.drift.words import drift_json, sentences
from crawler.freshness.lateness import alarms_of_visits
from crawler.frontier.alarms import USUAL, Alarm, Limits, Memory, alarms_of_crawl, alarms_of_store, memory_of
from crawler.frontier.ledger import Ledger, ListingCount
from crawler.frontier.survey import MINUTE_MS, TEN_MINUTES_MS, survey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis import Redis

    from crawler.drift.verdict import Drift
    from crawler.frontier.keys import Keys
    from crawler.frontier.survey import Host, Rates, Survey, Worker

COUNTING_SHARE = 20
"""While a view is kept up to date, completeness is counted anew after this many times as long as counting it takes."""


@dataclass(frozen=True, slots=True)
class Status:
    """The crawls of a Redis, by name.

    Attributes:
        crawls: where each stands; None where there is none.
        completeness: of each crawl, the counts of each kind of record; empty where that was not asked for.
        listings: of each crawl, how complete each listing is, first those that lack most; empty like `completeness`.
        memory: of the server; None where there is no store yet.
        alarms: what is to be seen to.
        drifts: of each crawl, the sites that seem to have changed their pages.
        named: whether these crawls were asked for by name.
    """

    crawls: Mapping[str, Survey | None]
    completeness: Mapping[str, list[ListingCount]] = field(default_factory=dict)
    memory: Memory | None = None
    alarms: tuple[Alarm, ...] = ()
    drifts: Mapping[str, list[Drift]] = field(default_factory=dict)
    named: bool = True
    listings: Mapping[str, list[ListingCount]] = field(default_factory=dict)

    @property
    def shown(self) -> Mapping[str, Survey | None]:
        """Those that a reader is shown: nobody has asked for one that is not there, unless by its name."""
        there = {} if self.named else {name: crawl for name, crawl in self.crawls.items() if crawl}
        return there or self.crawls

    def as_json(self) -> dict[str, Any]:
        """Return it in types of JSON; the names are documented in docs/status.md."""
        memory = self.memory
        store = memory and {"used_bytes": memory.used, "max_bytes": memory.most, "policy": memory.policy}
        return {
            "crawls": [self.crawl(name, crawl) for name, crawl in self.crawls.items()],
            "alarms": [{"kind": one.kind, "crawl": one.crawl or None, "text": one.text} for one in self.alarms],
            "redis": store,
        }

    def crawl(self, name: str, crawl: Survey | None) -> dict[str, Any]:
        """Return a crawl in types of JSON."""
        if crawl is None:
            return {"crawl": name, "state": "none"}
        return {
            "crawl": name,
            "state": crawl.state,
            "paused": crawl.is_paused,
            "at": datetime.fromtimestamp(crawl.at_ms / 1000, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "seeds": crawl.control.get("seeds", ""),
            "pending": crawl.pending,
            "leased": crawl.leased,
            "done": crawl.number("done"),
            "dead": crawl.number("dead"),
            "visits": crawl.number("visits"),
            "visits_pending": crawl.visits_pending,
            "visits_late_s": rounded(crawl.late_s),
            "revisits": crawl.revisits,
            "next_revisit_in_s": None if crawl.next_revisit_ms is None else rounded(crawl.next_revisit_ms / 1000),
            "for_the_end": crawl.for_the_end,
            "suspects": crawl.suspects,
            "seeds_waiting": crawl.seeds_waiting,
            "records": crawl.records,
            "rates": {
                "1_min": rates_json(crawl.rates(MINUTE_MS)),
                "10_min": rates_json(crawl.rates(TEN_MINUTES_MS)),
            },
            "eta_s": rounded(crawl.eta_s),
            "hosts_pending": crawl.hosts_pending,
            "hosts": [host_json(one) for one in crawl.hosts],
            "workers": [worker_json(one) for one in crawl.workers],
            "completeness": [listing_json(one) for one in self.completeness.get(name, ())],
            "listings": [{"name": one.name, **listing_json(one)} for one in self.listings.get(name, ())],
            "drift": [row for one in self.drifts.get(name, ()) for row in drift_json(one)],
        }


class Observer:
    """Looks at crawls again and again.

    Args:
        server: where they are.
        keys: theirs, by name.
        quick: leave completeness out, for which the keys of all records are read.
        limits: what is an alarm.
        drift_least: readings of a site from which it is told whether it drifts; 0 for never.

    Attributes:
        named: whether these crawls were asked for by name.
    """

    def __init__(
        self,
        server: Redis,
        keys: Mapping[str, Keys],
        *,
        quick: bool = False,
        limits: Limits = USUAL,
        drift_least: int = LEAST_READINGS,
    ) -> None:
        self.server, self.keys, self.quick = server, keys, quick
        self.named = True
        self.limits, self.drift_least = limits, drift_least
        self.completeness: dict[str, list[ListingCount]] = {}
        self.listings: dict[str, list[ListingCount]] = {}
        self.count_at = 0.0

    def look(self) -> Status:
        """Return where the crawls stand."""
        crawls = {name: survey(self.server, keys) for name, keys in self.keys.items()}
        memory = memory_of(self.server)
        if not self.quick:
            self.count([name for name, crawl in crawls.items() if crawl])
        alarms = list(alarms_of_store(memory, self.limits))
        drifts = {name: self.drifts(name) for name, crawl in crawls.items() if crawl}
        for name, crawl in crawls.items():
            alarms += alarms_of_crawl(name, crawl, self.limits) if crawl else ()
            alarms += alarms_of_visits(name, crawl, self.limits.least_visit_s) if crawl else ()
            alarms += [Alarm("drift", sentence, name) for sentence in sentences(drifts.get(name, ()))]
        return Status(crawls, self.completeness, memory, tuple(alarms), drifts, self.named, self.listings)

    def drifts(self, name: str) -> list[Drift]:
        """Return which sites of a crawl seem to have changed their pages."""
        return Book.of(self.server, self.keys[name], self.drift_least).drifts() if self.drift_least else []

    def count(self, spiders: list[str]) -> None:
        """Count how complete the crawls are, unless that was done just now."""
        begun = monotonic()
        if begun < self.count_at:
            return
        self.completeness, self.listings = {}, {}
        for name in spiders:
            summary = Ledger(self.server, self.keys[name]).summary()
            kinds = sorted(summary.records.keys() | {one.kind for one in summary.listings})
            self.completeness[name] = [summary.in_all(kind) for kind in kinds]
            incomplete = summary.incomplete()
            self.listings[name] = incomplete + [one for one in summary.listings if not one.lacking]
        took_s = monotonic() - begun
        self.count_at = monotonic() + COUNTING_SHARE * took_s


def rates_json(rates: Rates) -> dict[str, float | None]:
    """Return rates in types of JSON."""
    return {"requests_per_s": rounded(rates.requests), "records_per_s": rounded(rates.records)}


def host_json(host: Host) -> dict[str, Any]:
    """Return a host in types of JSON."""
    return {
        "host": host.slot,
        "pending": host.pending,
        "in_flight": host.in_flight,
        "next_in_s": rounded(host.next_ms / 1000),
        "delay_s": rounded(host.delay_ms / 1000),
        "paused_s": rounded(host.paused_ms / 1000),
        "requests_10_min": host.asked.requests,
        "errors_10_min": host.asked.errors,
        "error_rate": rounded(host.error_rate, 4),
    }


def worker_json(worker: Worker) -> dict[str, Any]:
    """Return an instance in types of JSON; what it has not told is null."""
    said = worker.vitals
    return {
        "worker": worker.name,
        "place": said.place if said else "",
        "host": worker.host,
        "pid": worker.pid,
        "is_dead": worker.is_dead,
        "lease_s": rounded(worker.lease_ms / 1000),
        "leased": worker.leases,
        "told_s_ago": None if worker.told_ms is None else rounded(worker.told_ms / 1000),
        "age_s": rounded(worker.age_s),
        "pages": said and said.pages,
        "pages_per_s": said and said.pages_per_s,
        "records": said and said.records,
        "memory_bytes": said and said.memory_bytes,
        "cpu_share": said and said.cpu_share,
        "disks": [{"path": one.path, "free_bytes": one.free, "total_bytes": one.total} for one in said.disks]
        if said
        else [],
    }


def listing_json(one: ListingCount) -> dict[str, Any]:
    """Return how complete a kind of record is, in types of JSON."""
    return {
        "kind": one.kind,
        "declared": one.declared,
        "listed": one.listed,
        "found": one.found,
        "refused": one.refused,
        "failed": one.failed,
        "missing": one.lacking,
        "missing_ids": one.missing,
        "max_per_user": one.most,
        "share": None if one.share is None else int(one.share * 10_000) / 10_000,
    }


def rounded(value: float | None, digits: int = 3) -> float | None:
    """Return a number with no more digits than it is worth."""
    return None if value is None else round(value, digits)
