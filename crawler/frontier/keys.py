"""The keys of a crawl in Redis: this is their only legend.

Every key but the list of seeds, whose name is scrapy-redis', begins with the hash tag `{crawler}`, so that one
slot of a Redis Cluster holds them, and one pattern of an ACL (`~{crawler}:*`) covers them. Those of one crawl go on
with its name, `{crawler}:users:requests`: that of its spider, or `users@CRAWL_ID`. A slot is Scrapy's: the host name
of a URL, or the `download_slot` that a request names. Times are in ms by Redis' clock.

| key                | type   | holds |
|--------------------|--------|-------|
| requests           | HASH   | id -> request as JSON: all that is pending or leased; its length is the work left |
| queue:<slot>       | ZSET   | id by -priority: pending requests of a slot; ids grow, so equal ones keep their order |
| again:<slot>       | ZSET   | id by the time at which it was due: pending requests of a slot that visit a page again |
| visits             | HASH   | id -> time at which it was or is due: requests that visit a page again, but suspects |
| turns              | SET    | slot of whose two queues, where both hold some, `queue` is next: they take turns |
| hosts              | ZSET   | slot with pending requests by the earliest time at which it may be asked |
| last               | ZSET   | id by -priority: requests that are kept until all else is done |
| suspects           | ZSET   | id by -priority: requests that were in hand at two crashes or more; handed out alone |
| seen:<n>           | SET    | fingerprints of requests, as 64-bit integers (intset) |
| workers            | ZSET   | worker by the time at which its lease ends |
| leased:<worker>    | SET    | id: what a worker has in hand |
| granted:<worker>   | HASH   | flight -> slot: requests of a worker in flight that did not come out of the queue |
| deliveries         | HASH   | id -> crashes of workers that had it in hand |
| batches            | HASH   | what each worker was answered last, see below |
| starting           | SET    | workers that have not sent all their seeds yet |
| due                | ZSET   | id by the time at which its page is to be visited again |
| revisits           | HASH   | fingerprint of a page -> id of the request that visits it again |
| ready              | SET    | workers that have seen the crawl complete, and have their feeds in order |
| dead               | HASH   | id -> {reason, deliveries, request}: dead letters |
| control            | HASH   | the state of the crawl, see below |
| claims             | HASH   | record key -> worker that writes the record |
| recorded           | SET    | keys of records that are in the feeds |
| listed             | SET    | `[listing, record key]` for every row of a listing |
| declared           | HASH   | listing -> number of records the site declares, empty where it does not |
| readings           | HASH   | record key -> what was read of it last, as JSON: page, visit, digests of the fields |
| refused            | HASH   | record key or URL -> reason |
| failed             | HASH   | record key or URL -> reason |
| quota              | HASH   | listing of a user -> videos chosen from it, with `max_per_user` |
| chosen             | SET    | keys of these videos, and `[listing, record key]` of each |
| platforms          | HASH   | host -> software it runs, empty for none that is known |
| private            | SET    | `host:port` of seeds whose address is not public, see crawler/addresses |
| feeds              | HASH   | what was done to the files of feeds, see below |
| history            | HASH   | tick of 10 s, of 64 -> one moment in it: ms, requests done, records, requests to do |
| fill               | HASH   | kind, site and host -> how often which fields are filled in this crawl; both JSON |
| profile            | HASH   | the same of the crawls before; stays when a new one begins, see crawler/drift |
| vitals:<worker>    | HASH   | what an instance says of itself (`said`, JSON) and when (`told_ms`), for 15 minutes |

Shared by all crawls, directly below `{crawler}:`:

| key                | type   | holds |
|--------------------|--------|-------|
| host:<slot>        | HASH   | the pace of a host, see below |
| flights:<slot>     | ZSET   | requests in flight by the time at which they count as lost |
| robots:<origin>    | STRING | robots.txt of an origin, for a day |
| robots:<origin>:lock | STRING | the instance that fetches it, while it gives a sign of life |

The fields of four of them:

| key                | field      | holds |
|--------------------|------------|-------|
| batches            | W          | number of the last STEP of the worker W, its new links, and its stale acks |
|                    | W:pop      | number of its last POP, whether that gave a suspect, and the ids |
|                    | W:join     | how it joined |
|                    | W:tally    | number of its last TALLY |
| control            | epoch      | name of this crawl among all that were here |
|                    | sequence, done, dead | how many requests there were, are done, are dead letters |
|                    | redelivered | how many came back from workers that may have written lines of them |
|                    | starting   | number of workers in `starting` |
|                    | seeds, seeds_read | what the crawl begins with, and whether that was read to its end |
|                    | visits     | how often a page was done with until its next visit |
|                    | every      | how often pages are visited again, as the argument `every` says it |
|                    | max_per_user | videos that are taken of each user, at most |
|                    | finished   | there once the crawl is |
|                    | paused_ms  | when an operator has paused the crawl; there until it is resumed |
|                    | drained_ms | when an operator has last told the instances to end |
|                    | seen_level, seen_split, seen_count | how many buckets `seen` has, and fingerprints |
|                    | fill_ms, fill_period | since when `fill` counts, and the number of that period |
|                    | fill_learnt | from how many readings of it `profile` was written |
|                    | done_noted | requests done at the last notes of instances, and since when so many |
|                    | last_ms    | when the last verb ran |
|                    | ttl_ms, max_deliveries | as the settings say |
| feeds              | machine:path | size of a feed in bytes when this crawl first met it |
|                    | begun:NAME | when this crawl began the first file of a name, in ns by its file system |
|                    | rejects:machine:path | 0 once this crawl has dropped its old lines from a file of rejects |
| host:<slot>        | next_ms, set_ms | when the next request may go, and when that was said |
|                    | slow_ms, robots_ms | delays by back-off and robots.txt; those of settings come with each call |
|                    | robots_from | the origin that asks for robots_ms |
|                    | paused_ms  | until when the host has asked for a pause, which makes it slower once |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

FLEET = "{crawler}:"
"""What all our keys begin with."""
START_URLS_KEY = "%(name)s:start_urls"
"""Where scrapy-redis has the seeds unless REDIS_START_URLS_KEY says otherwise."""
APART = "@"
"""What is between a spider's name and a CRAWL_ID: no colon, which would make keys ambiguous."""
WORK = (
    *("requests", "hosts", "last", "suspects", "workers", "deliveries", "batches", "starting", "ready"),
    *("dead", "control", "claims", "due", "revisits", "visits", "turns"),
)
LEDGER = (
    *("recorded", "listed", "declared", "refused", "failed", "platforms", "feeds", "history", "readings", "fill"),
    *("quota", "chosen", "private"),
)
LASTING = ("profile",)
"""What a new crawl leaves as it is."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one crawl's keys.

    Attributes:
        crawl: its name.
        seeds: where other programs put seeds, as scrapy-redis' `redis_key` or REDIS_START_URLS_KEY says; by default
            where scrapy-redis itself would look.
    """

    crawl: str
    seeds: str = ""

    @classmethod
    def of(cls, settings: BaseSettings, crawl: str, redis_key: str = "") -> Self:
        """Return those of a crawl, or of a spider's under the settings' CRAWL_ID.

        Args:
            settings: of the instance, or of the command that looks at it.
            crawl: its name, or that of its spider.
            redis_key: where the spider has its seeds, if it says so itself.
        """
        spider, named = spider_of(crawl), crawl_name(settings, crawl)
        template = settings.get("REDIS_START_URLS_KEY") or START_URLS_KEY
        own = redis_key if redis_key != template % {"name": spider} else ""
        return cls(named, own or template % {"name": named})

    def __getattr__(self, name: str) -> str:
        if name not in {*WORK, *LEDGER, *LASTING}:
            raise AttributeError(name)
        return f"{self.prefix}{name}"

    @property
    def prefix(self) -> str:
        """What this crawl's keys begin with."""
        return f"{FLEET}{self.crawl}:"

    @property
    def start_urls(self) -> str:
        """The list, set or sorted set of seeds from other programs."""
        return self.seeds or f"{self.crawl}:start_urls"

    def host(self, slot: str) -> str:
        """The state of a host."""
        return f"{FLEET}host:{slot}"

    def robots(self, origin: str) -> str:
        """The robots.txt of an origin such as `https://site.example`."""
        return f"{FLEET}robots:{origin}"


def crawl_name(settings: BaseSettings, spider: str) -> str:
    """Return the name of a spider's crawl: with CRAWL_ID one of several; what is such a name already is returned."""
    own = settings.get("CRAWL_ID")
    return spider if not own or own == spider or APART in spider else f"{spider}{APART}{own}"


def spider_of(crawl: str) -> str:
    """Return the name of the spider of a crawl."""
    return crawl.partition(APART)[0]


def command_of(crawl: str, feeds: Sequence[str] = ()) -> str:
    """Return the command that starts an instance of a crawl, with the feeds that it has had."""
    spider, _, own = crawl.partition(APART)
    return " ".join(
        (f"scrapy crawl {spider}", *([f"-s CRAWL_ID={own}"] if own else []), *(f"-o {one}" for one in feeds))
    )
