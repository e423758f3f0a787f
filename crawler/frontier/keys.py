"""The keys of a crawl in Redis: all under the spider's name, this is their only legend.

| key            | type | holds |
|----------------|------|-------|
| requests       | ZSET | pending requests by -priority (scrapy-redis' queue) |
| dupefilter     | SET  | fingerprints of requests (scrapy-redis') |
| last           | LIST | requests that are sent when all else is done |
| start_urls     | LIST | seeds from other programs, in scrapy-redis' JSON form |
| workers        | ZSET | instance by the time, in ms of Redis' clock, at which it counts as gone |
| busy           | SET  | instances that have work in hand |
| state          | HASH | `finished`: the crawl is complete, the next start begins anew; `seeds`: what it began with |
| recorded       | SET  | keys of records that are in the feeds |
| listed         | SET  | `[listing, record key]` for every row of a listing |
| declared       | HASH | listing -> number of records the site declares, empty where it does not |
| refused        | HASH | record key or URL -> reason |
| failed         | HASH | record key or URL -> reason |
| platforms      | HASH | host -> software it runs, empty for none that is known |
| feeds          | SET  | files begun in this crawl |
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one spider's keys."""

    spider: str

    def __getattr__(self, name: str) -> str:
        if name not in NAMES:
            raise AttributeError(name)
        return f"{self.spider}:{name}"

    @property
    def of_the_fleet(self) -> list[str]:
        """What tells who is at work and whether any is left, in the order that the Lua verbs take."""
        return [self.workers, self.busy, self.state, self.requests, self.last]

    @property
    def of_a_crawl(self) -> list[str]:
        """What is dropped when a crawl begins anew; seeds that other programs left are not."""
        return [f"{self.spider}:{name}" for name in NAMES if name not in {"start_urls", "workers", "busy"}]


NAMES = (
    "requests",
    "dupefilter",
    "last",
    "start_urls",
    "workers",
    "busy",
    "state",
    "recorded",
    "listed",
    "declared",
    "refused",
    "failed",
    "platforms",
    "feeds",
)
