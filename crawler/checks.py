"""What is checked before an instance of a spider starts, while nothing has been fetched or written."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from scrapy.exceptions import UsageError

from crawler.addresses.rule import Allowed
from crawler.errors import CrawlOver, SettingsError
from crawler.extensions.rejects import NAME as REJECTS
from crawler.extractors.choice import Choice, check_ytdlp
from crawler.feeds.noted import feed_name, record_files
from crawler.feeds.paths import check_writable, local_path
from crawler.frontier.addon import check_scheduler, is_added
from crawler.frontier.bounds import check_settings
from crawler.frontier.connection import ask, connect
from crawler.frontier.keys import Keys, spider_of
from crawler.frontier.options import Options
from crawler.frontier.standing import begins_anew, is_over, other_crawl, other_writer
from crawler.seeds import asks_anew, check_arguments, describe, no_seeds, parse_flag
from crawler.spiders.seeded import SeededSpider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redis import Redis
    from scrapy import Spider
    from scrapy.settings import BaseSettings


def usable(settings: BaseSettings | None) -> BaseSettings:
    """Return the settings of a command, which all can work.

    Raises:
        UsageError: one cannot, or the command is not in a project.
    """
    if settings is None:
        raise UsageError("it runs inside the project's folder", print_help=False)
    try:
        check_settings(settings)
        Choice.from_settings(settings)
        Allowed.from_settings(settings)
    except SettingsError as exc:
        raise UsageError(str(exc), print_help=False) from exc
    return settings


def check_start(
    settings: BaseSettings, spider: type[Spider], arguments: Mapping[str, str], crawl: str = ""
) -> str | None:
    """Check that an instance can do something; return what to do where there is nothing to begin with.

    Args:
        settings: of the instance.
        spider: its class.
        arguments: those of the spider.
        crawl: name of the one that the instance is started for, if it is for one only.

    Raises:
        CrawlOver: that one is finished.
        SettingsError: a setting or an argument cannot work, or another crawl is in the way.
        StoreError: Redis cannot be used.
    """
    is_seeded = issubclass(spider, SeededSpider)
    if is_seeded:
        check_arguments(arguments)
        check_ytdlp(settings)
    # Where the add-on is to name the scheduler, nobody else has.
    if settings.getpriority("SCHEDULER") if is_added(settings) else is_seeded:
        check_scheduler(settings)
    Options.from_settings(settings)
    keys, anew = Keys.of(settings, spider.name), asks_anew(arguments)
    with connect(settings) as server:
        if crawl and ask(settings, server, partial(is_over, server, keys, crawl)):
            raise CrawlOver(spider.name)
        look = partial(other_crawl, server, keys, describe(arguments))
        if not anew and (in_the_way := ask(settings, server, look)):  # with it, that is found out by joining
            raise SettingsError(in_the_way)
        begins = partial(begins_anew, server, keys, anew=anew)
        ask(settings, server, partial(check_others_feeds, settings, server, keys, begins))
        if is_seeded and parse_flag("wait", arguments.get("wait", "")):
            return None
        others_seeds = partial(server.exists, keys.start_urls)
        if is_seeded and ask(settings, server, begins) and not ask(settings, server, others_seeds):
            return no_seeds(arguments, keys.start_urls)
    return None


def check_others_feeds(settings: BaseSettings, server: Redis, keys: Keys, begins: Callable[[], bool]) -> None:
    """Check that no file is to be emptied that another crawl writes to.

    Raises:
        SettingsError: one is.
    """
    for uri, options in settings.getdict("FEEDS").items():
        local = local_path(str(uri)) if options.get("overwrite") else None
        if local is None:
            continue
        path = Path(local.replace("%(name)s", spider_of(keys.crawl)))
        name = feed_name(path)
        is_emptied = not server.hexists(keys.feeds, name) or begins()
        if is_emptied and (other := other_writer(server, keys, name)):
            raise SettingsError(
                f"-O {path} would empty the file that the crawl {other} writes to, which is not finished: pass another "
                f"file, or -o to append to it. `scrapy clear {other}` drops that crawl."
            )


def check_goes_on_in_a_feed(settings: BaseSettings, spider: type[Spider], *, anew: bool) -> None:
    """Check that an instance writes records where those of its crawl before it have: what it finds is found once.

    Raises:
        SettingsError: it has no feed, and the crawl has.
        StoreError: Redis cannot be used.
    """
    if settings.getdict("FEEDS") or (spider.custom_settings or {}).get("FEEDS"):
        return
    keys = Keys.of(settings, spider.name)
    with connect(settings) as server:
        if ask(settings, server, partial(begins_anew, server, keys, anew=anew)):
            return
        files = record_files(cast("list[bytes]", ask(settings, server, partial(server.hkeys, keys.feeds))))
    if files:
        raise SettingsError(
            f"The records of this crawl of {keys.crawl} go to {', '.join(files)}, and this instance would write those "
            f"that it finds nowhere: pass -o {files[0]}, or another file. -a anew=1 drops the crawl."
        )


def check_feeds(settings: BaseSettings) -> None:
    """Check that all files that an instance writes can be written, before anything is fetched for them.

    Raises:
        SettingsError: one cannot.
    """
    feeds = [(local_path(str(uri)), options) for uri, options in settings.getdict("FEEDS").items()]
    local = [(path, options) for path, options in feeds if path is not None]
    for path, options in local:
        if "%" not in path:  # placeholders are filled in when the spider opens
            option = "-O" if options.get("overwrite") else "-o"
            check_file(f"{option} {path}", Path(path), "pass another file")
    if local and "%" not in local[0][0]:
        rejects = Path(local[0][0]).parent / REJECTS
        check_file(str(rejects), rejects, "make it writable, or pass a feed in another folder", make=False)
    if snapshots := settings.get("SNAPSHOTS"):
        check_file(f"SNAPSHOTS ({snapshots})", Path(snapshots), "set it to another file, or leave it out")


def check_file(what: str, path: Path, remedy: str, *, make: bool = True) -> None:
    """Check that a file can be written.

    Raises:
        SettingsError: it cannot.
    """
    try:
        check_writable(path, make=make)
    except OSError as exc:
        raise SettingsError(f"{what} cannot be written ({exc}): {remedy}.") from exc
