"""What stands in the way of a new crawl: another one that runs, or that was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crawler.errors import OtherCrawl
from crawler.frontier.control import crawls
from crawler.frontier.keys import Keys, spider_of
from crawler.frontier.queue import Queue, text

if TYPE_CHECKING:
    from redis import Redis


def other_crawl(server: Redis, keys: Keys, seeds: str, *, anew: bool = False) -> str | None:
    """Return what is in the way of a crawl that begins with `seeds`: a sentence with the remedy, or None.

    Instances without seeds take part in whatever crawl there is. With `anew` an interrupted one is no obstacle.
    """
    Queue(server, keys).bereave()
    theirs, finished, begun = cast("list[bytes | None]", server.hmget(keys.control, "seeds", "finished", "sequence"))
    if not seeds or not theirs or text(theirs) == seeds or finished:
        return None
    seconds, _ = server.time()
    if server.zcount(keys.workers, seconds * 1000, "+inf"):
        return str(OtherCrawl(keys.crawl, text(theirs), None))
    if anew or not int(begun or 0):
        return None
    return str(OtherCrawl(keys.crawl, text(theirs), server.hlen(keys.requests)))


def begins_anew(server: Redis, keys: Keys, *, anew: bool = False) -> bool:
    """Tell whether the next instance begins a new crawl, as `join.lua` has it: else there is one to go on with."""
    finished, begun = cast("list[bytes | None]", server.hmget(keys.control, "finished", "sequence"))
    seconds, _ = server.time()
    runs = server.zcount(keys.workers, seconds * 1000, "+inf")
    return bool(finished) or not (runs or (int(begun or 0) and not anew))


def is_over(server: Redis, keys: Keys, crawl: str) -> bool:
    """Tell whether the crawl of that name is finished."""
    epoch, finished = cast("list[bytes | None]", server.hmget(keys.control, "epoch", "finished"))
    return bool(finished) and text(epoch or b"") == crawl


def other_writer(server: Redis, keys: Keys, feed: str, spider: str = "") -> str | None:
    """Return the name of another crawl, of any spider or of this one, that writes to a feed and is not finished.

    Nobody may empty that file.
    """
    for crawl in crawls(server):
        theirs = Keys(crawl)
        if crawl == keys.crawl or (spider and spider_of(crawl) != spider):
            continue
        if server.hexists(theirs.feeds, feed) and not server.hexists(theirs.control, "finished"):
            return crawl
    return None
