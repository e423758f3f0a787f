"""`scrapy seed`: puts seeds of any number into a crawl's queue, whether instances run or not."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader

from crawler.checks import check_file, usable
from crawler.errors import SeedError, SettingsError, StoreError
from crawler.extensions.rejects import NAME as REJECTS
from crawler.frontier.connection import connect, release, revive
from crawler.frontier.keys import APART, Keys
from crawler.frontier.options import Options
from crawler.frontier.queue import Queue
from crawler.frontier.sower import Sower
from crawler.seed_files import FORMATS
from crawler.seeding import Seeding
from crawler.seeds import PATH, SCOPES, Seed, checked_meta, parse_priority, parse_seed
from crawler.spiders.planter import Planter
from crawler.spiders.seeded import SeededSpider
from crawler.stopping import Stopping
from crawler.terse import Terse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.settings import BaseSettings

FILE_SUFFIXES = frozenset({*(f".{form}" for form in FORMATS), ".tsv", ".gz", ".list", ".lst"})
"""What ends in one of these is a file, also where it does not exist; `.json` is no top-level domain."""

NOTES = """
CRAWL is the name of its spider, or with a CRAWL_ID users@CRAWL_ID.

A file holds one seed a line: a URL (txt), a JSON object with a key `url`
(jsonl), or a row below a header with a column `url` (csv); or it is a JSON
list of such objects, as for scrapy-redis. Each may be compressed with gzip. A
column or key `priority` is the seed's; all others, and the parts of a key
`meta`, are kept on the records that the seed leads to, as `seed_meta`. A seed
that is in the queue, or was in this crawl, is not added again: started again
after Ctrl-C, the same command goes on.

examples:
  scrapy seed users channels.txt
      then, as often as you like: scrapy crawl users -o users.jsonl
  scrapy seed users https://peertube.example site.example/@kim --priority 10
  scrapy seed videos list.csv.gz more.jsonl --meta job=2026-05 --scope seed
  zcat urls.gz | scrapy seed videos -

exit codes: 0 done, 1 lines were refused (they stand in the rejects file), a
file could not be read, the queue stayed away, or you stopped it; 2 wrong
arguments
"""


class Command(Terse):
    """Adds seeds to a crawl."""

    requires_project = True
    requires_crawler_process = False
    notes: ClassVar[str] = NOTES
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] CRAWL FILE|URL|- …"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Put seeds into a spider's queue, from files of any size"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("--priority", default="0", metavar="N", help="of all that the seeds lead to; higher is sooner (default: 0)")
        add("--meta", action="append", default=[], metavar="KEY=VALUE", help="keep this on the records of these seeds")
        add("--scope", choices=SCOPES, default="", help="of these seeds (default: as for scrapy crawl)")
        add("--format", choices=FORMATS, default="", help="of the files (default: by their names)")
        add("--scheme", choices=("https", "http"), default="", help="of seeds without one (default: ask each host)")
        add("--rejects", default=REJECTS, metavar="FILE", help=f"where refused lines go (default: {REJECTS})")
        add("--json", action="store_true", help="print what was done as one JSON object")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Put the seeds into the queue.

        Raises:
            UsageError: an argument cannot work.
        """
        stopping = Stopping()
        stopping.listen()
        if not args[1:]:
            raise UsageError("name a spider and what it begins with, such as: scrapy seed users seeds.txt")
        name, _, crawl_id = args[0].partition(APART)
        if crawl_id:
            cast("BaseSettings", self.settings).set("CRAWL_ID", crawl_id, priority="cmdline")
        settings = usable(self.settings)
        spidercls = seeded_spider(settings, name)
        try:
            check_file(f"--rejects {opts.rejects}", Path(opts.rejects), "pass another file", make=False)
            files, seeds = sorted_out(args[1:])
            common = Seed("", priority=parse_priority(opts.priority), meta=checked_meta(dict(map(pair, opts.meta))))
            options, server = Options.from_settings(settings), connect(settings)
            keys = Keys.of(settings, spidercls.name)
            sower = Sower(Queue(server, keys, options), lambda: revive(settings), stopping.asked)
            planter = Planter(spidercls, settings, sower.ask, keys, stopping, scope=opts.scope, scheme=opts.scheme)
        except (SettingsError, StoreError) as exc:
            raise UsageError(str(exc), print_help=False) from exc
        seeding = Seeding(planter, sower, common, Path(opts.rejects))
        try:
            self.exitcode = seeding.run(seeds, files, opts.format, as_json=opts.json)
        finally:
            release()


def seeded_spider(settings: BaseSettings, name: str) -> type[SeededSpider]:
    """Return the spider of a name.

    Raises:
        UsageError: there is none that takes seeds.
    """
    loader = get_spider_loader(settings)
    if name not in (names := loader.list()):
        raise UsageError(f"there is no spider {name}: there are {', '.join(names)}.", print_help=False)
    spidercls = loader.load(name)
    if not issubclass(spidercls, SeededSpider):
        raise UsageError(
            f"{name} makes requests of seeds in its own way: push them to {name}:start_urls in Redis.", print_help=False
        )
    return spidercls


def sorted_out(words: Sequence[str]) -> tuple[list[str], list[Seed]]:
    """Return the files, and the seeds, among the arguments.

    Raises:
        SeedError: one is neither.
    """
    files, seeds = [], []
    for word in words:
        if word == "-" or Path(word).is_file() or Path(word).is_fifo():
            files.append(word)
        elif Path(word).is_dir() and not is_seed(word):
            raise SeedError(f"{word} is a folder: pass the files in it, such as {Path(word) / '*.txt'}.")
        elif "://" not in word and (Path(word).suffix.lower() in FILE_SUFFIXES or PATH.match(word)):
            raise SeedError(f"The seeds file {word} does not exist: pass a text file of URLs, or - for standard input.")
        else:
            seeds.append(given_seed(word))
    if files.count("-") > 1:
        raise SeedError("- is given twice: standard input can be read once.")
    return files, seeds


def given_seed(word: str) -> Seed:
    """Read a seed that may have been meant as a file.

    Raises:
        SeedError: it is none.
    """
    try:
        return parse_seed(word)
    except SeedError as exc:
        if "://" in word or exc.given != str(exc):  # which would repeat a password
            raise
        raise SeedError(f"There is no file {word}, and {exc}") from exc


def is_seed(word: str) -> bool:
    """Tell whether a word is a seed, as a site's name is that stands over a folder of its files too."""
    with suppress(SeedError):
        return bool(parse_seed(word))
    return False


def pair(word: str) -> tuple[str, str]:
    """Read KEY=VALUE.

    Raises:
        SeedError: there is no key.
    """
    name, equals, value = word.partition("=")
    if not equals or not name.strip():
        raise SeedError(f"--meta {word}: pass a key and a value, such as --meta job=2026-05.")
    return name.strip(), value
