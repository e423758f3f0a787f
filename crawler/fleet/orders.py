"""What a fleet is to be: each spider with its number of instances and the options that stand behind its name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from crawler.seeds import asks_anew, check_once

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

AUTO = "auto"
SCOPED = frozenset({"size", "spargs", "set", "output", "overwrite"})
"""Options of one spider where they stand behind its name and another follows, else of all."""
LISTS = ("spargs", "set", "output", "overwrite")
"""Those of them that may be given again and again."""
SHARED = ("STORE_DIR", "REDIS_")
"""How the settings begin that say where the queue is: all of a fleet have the same."""
FEED = "%(name)s.jsonl"
"""Where records go unless -o, -O or the setting FEEDS says otherwise."""


@dataclass(frozen=True, slots=True)
class Order:
    """One spider of a fleet.

    Attributes:
        spider: its name.
        size: how many instances; None to find out.
        arguments: of the spider, NAME=VALUE.
        settings: NAME=VALUE, its own; they stand above those of the whole fleet.
        output: feeds to append to.
        overwrite: feeds to begin anew.
    """

    spider: str
    size: int | None = 1
    arguments: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    overwrite: tuple[str, ...] = ()

    def given(self) -> dict[str, str]:
        """Return the arguments by name."""
        return {name: value for name, _, value in (word.partition("=") for word in self.arguments)}

    def effective(self, settings: BaseSettings) -> BaseSettings:
        """Return the settings of its instances, which are `settings` and its own."""
        own = settings.copy()
        own.setdict(arglist_to_dict(list(self.settings)), priority="cmdline")
        return own

    def words(self) -> list[str]:
        """Return the options of `scrapy crawl`."""
        options = (("-a", self.arguments), ("-s", self.settings), ("-o", self.output), ("-O", self.overwrite))
        return [part for option, words in options for word in words for part in (option, word)]

    @property
    def feeds(self) -> tuple[str, ...]:
        """All feeds."""
        return (*self.output, *self.overwrite)

    @property
    def begins_anew(self) -> bool:
        """Whether what is left of a former crawl is to be dropped."""
        return asks_anew(self.given())


@dataclass(slots=True)
class Words:
    """A command line in parts: what is for all, and what is for one."""

    common: argparse.Namespace
    groups: list[tuple[str, argparse.Namespace]] = field(default_factory=list)

    def names(self) -> list[str]:
        """Return the names, in their order."""
        return [name for name, _ in self.groups]


def add_scoped(parser: argparse.ArgumentParser) -> None:
    """Add the options that count for a spider, and room for the names."""
    parser.add_argument(
        "-n",
        dest="size",
        metavar="N|auto",
        help="instances of the spider (default: 1); auto finds the number, and says why",
    )
    for letter, dest, name, text in (
        ("-a", "spargs", "NAME=VALUE", "argument of the spider, such as url=https://peertube.example"),
        (
            "-o",
            "output",
            "FILE",
            f"append records to FILE; default {FEED}, where that stands for the spider".replace("%", "%%"),
        ),
        ("-O", "overwrite", "FILE", "the same, begun anew when a new crawl starts"),
    ):
        parser.add_argument(letter, dest=dest, action="append", default=[], metavar=name, help=text)
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def parts_of(parser: argparse.ArgumentParser, common: argparse.Namespace) -> Words:
    """Read what stands behind each name; what stands behind the last is for all, as what stands before the first."""
    found = Words(common)
    rest = common.words
    while rest:
        name, *rest = rest
        scoped = parser.parse_args(rest)
        rest = scoped.words
        for option, value in vars(scoped).items():
            if option not in SCOPED and option != "words" and value != parser.get_default(option):
                setattr(common, option, value)
        found.groups.append((name, scoped))
    for option in LISTS if found.groups else ():
        last = found.groups[-1][1]
        setattr(common, option, [*getattr(common, option), *getattr(last, option)])
        setattr(last, option, [])
    return found


def orders_of(words: Words) -> list[Order]:
    """Return what each spider is to be.

    Raises:
        UsageError: an option cannot work.
    """
    names = words.names()
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"{twice[0]} is named twice: give it one number of instances.", print_help=False)
    orders = [order_of(name, words.common, own) for name, own in words.groups]
    for feed in {feed for order in orders for feed in order.overwrite}:
        if len(users := [order.spider for order in orders if feed in order.overwrite]) > 1:
            raise UsageError(
                f"-O {feed} is of {' and '.join(users)}, each of which would empty it: pass a file for each, such as "
                f"-O {FEED}.",
                print_help=False,
            )
    return orders


def order_of(name: str, common: argparse.Namespace, own: argparse.Namespace) -> Order:
    """Return what one spider is to be.

    Raises:
        SeedError: an argument is given twice.
        UsageError: an option cannot work.
    """
    for word in own.set:
        if word.startswith(SHARED):
            raise UsageError(
                f"-s {word} stands behind {name}, but all of a fleet share one queue: put it behind the last name.",
                print_help=False,
            )
    for words in (common.spargs, own.spargs):  # of both its own count
        check_once(words)
    arguments = (*common.spargs, *own.spargs)
    for option, word in (*(("-a", word) for word in arguments), *(("-s", word) for word in own.set)):
        if "=" not in word:
            raise UsageError(f"{option} {word}: pass a name and a value, such as NAME=VALUE.", print_help=False)
    if "seeds=-" in arguments:
        raise UsageError("seeds=- is one standard input for several instances: pass -a seeds=FILE.", print_help=False)
    feeds = own if own.output or own.overwrite else common
    last_of_each = {word.partition("=")[0]: word for word in arguments}
    return Order(
        name,
        size_of(own.size or common.size or "1"),
        tuple(last_of_each.values()),
        tuple(own.set),
        feeds_of(name, feeds.output),
        feeds_of(name, feeds.overwrite),
    )


def feeds_of(spider: str, feeds: Sequence[str] = (FEED,)) -> tuple[str, ...]:
    """Return feeds with the spider's name in its place."""
    return tuple(feed.replace("%(name)s", spider) for feed in feeds)


def size_of(text: str) -> int | None:
    """Read a number of instances; None for `auto`.

    Raises:
        UsageError: it is none.
    """
    if text == AUTO:
        return None
    if not text.isdecimal() or not int(text):
        raise UsageError(f"-n {text}: the number of instances must be at least 1, or {AUTO}.", print_help=False)
    return int(text)


def sizes(orders: Sequence[Order]) -> str:
    """Return what a fleet is, in a few words."""
    return ", ".join(f"{order.spider} -n {order.size or AUTO}" for order in orders)
