"""What a fleet checks and finds before it starts: crawls to begin, to go on with, or to leave as they are."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.conf import feed_process_params_from_cli

from crawler.checks import check_feeds, check_start, usable
from crawler.feeds.jsonlines import FORMATS
from crawler.feeds.paths import local_path
from crawler.fleet.orders import FEED, Order, feeds_of
from crawler.frontier.keys import Keys
from crawler.frontier.queue import text
from crawler.frontier.revisits import left_of
from crawler.frontier.standing import begins_anew
from crawler.seeds import check_arguments, describe
from crawler.spiders.seeded import SeededSpider

if TYPE_CHECKING:
    from redis import Redis
    from scrapy.settings import BaseSettings

MISPLACED = " Options behind a name that another name follows are that spider's: put those of all behind the last one."


@dataclass(frozen=True, slots=True)
class Beginning:
    """What one spider finds.

    Attributes:
        order: what it is to be.
        keys: of its crawl.
        former: name of the crawl that is there; empty where there is none.
        crawl: name of the crawl that it is at; a new one where it begins anew.
        goes_on: whether there is something left of a crawl.
        is_done: whether the crawl that is asked for is finished.
        pending: requests that are left, without the next.
        revisits: those that wait to visit a page again.
        drained: when it was drained last, as Redis has it.
    """

    order: Order
    keys: Keys
    former: str
    crawl: str
    goes_on: bool
    is_done: bool
    pending: int
    revisits: int = 0
    drained: str = ""


def look(server: Redis, keys: Keys, order: Order) -> Beginning:
    """Look at the crawl of a spider."""
    fields = cast("list[bytes | None]", server.hmget(keys.control, "epoch", "seeds", "finished", "drained_ms"))
    epoch, seeds, finished, drained = (text(field or b"") for field in fields)
    anew, asked = order.begins_anew, describe(order.given())
    is_new = begins_anew(server, keys, anew=anew)
    is_done = bool(finished) and not anew and asked in {"", seeds}
    crawl = secrets.token_hex(8) if anew or is_new else epoch
    left, revisits = left_of(server, keys)
    return Beginning(order, keys, epoch, crawl, not is_new, is_done, left - revisits, revisits, drained)


def to_begin(found: Sequence[Beginning]) -> list[Beginning]:
    """Return those that have something to do: where one goes on with a crawl, what is finished beside it stays so."""
    if any(one.goes_on for one in found):
        return [one for one in found if one.goes_on or not one.is_done]
    return list(found)


def checked(settings: BaseSettings, orders: Sequence[Order]) -> list[Order]:
    """Return the orders, each with somewhere to put its records.

    Raises:
        UsageError: there is no such spider, a setting cannot work, or a feed cannot be shared.
        SettingsError: an argument cannot work, or a feed cannot be written.
    """
    loader = get_spider_loader(settings)
    names = loader.list()
    if unknown := [order.spider for order in orders if order.spider not in names]:
        raise UsageError(f"there is no spider {unknown[0]}: there are {', '.join(names)}.", print_help=False)
    for order in orders:
        if issubclass(loader.load(order.spider), SeededSpider):
            check_arguments(order.given())  # before any feed is made
    complete = []
    for order in orders:
        beside = {feed for other in orders if other is not order for feed in other.feeds}
        is_alone = order.size == 1 and not beside & set(order.feeds)
        own = usable(order.effective(settings))
        has_feeds = order.feeds or own.getdict("FEEDS")
        one = order if has_feeds else replace(order, output=feeds_of(order.spider))
        feeds = feed_process_params_from_cli(own, list(one.output), overwrite_output=list(one.overwrite))
        if not is_alone and (unfit := [uri for uri in feeds if not can_be_shared(uri, feeds[uri])]):
            raise UsageError(
                f"{unfit[0]} is a feed for one instance, as only JSON lines in a local file can be shared: pass "
                f"-o {FEED}, or a name that is another one in each instance, such as %(time)s in it.",
                print_help=False,
            )
        own.set("FEEDS", feeds, priority="cmdline")
        check_feeds(own)
        complete.append(one)
    return complete


def can_be_shared(uri: str, feed: dict[str, object]) -> bool:
    """Tell whether several instances may be given a feed."""
    return "%(" in uri or (local_path(uri) is not None and feed.get("format") in FORMATS)


def nothing_to_begin(settings: BaseSettings, found: Sequence[Beginning]) -> str:
    """Return what to do where a spider has nothing to begin with; empty where all have.

    Raises:
        SettingsError: an argument cannot work, or another crawl is in the way.
        StoreError: Redis cannot be used.
    """
    loader = get_spider_loader(settings)
    for one in found:
        missing = check_start(one.order.effective(settings), loader.load(one.order.spider), one.order.given())
        if missing is not None:
            others = any(other.order.given().keys() & {"url", "seeds"} for other in found)
            return f"{one.order.spider}: {missing}" + (MISPLACED if others else "")
    return ""
