"""`scrapy collect`: users and videos of a site with one command, progress, and a summary at the end."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from crawler.errors import SeedError, StoreError
from crawler.frontier.connection import ask, connect, release
from crawler.frontier.keys import Keys
from crawler.frontier.ledger import Ledger
from crawler.frontier.standing import other_crawl
from crawler.instances import Instance, watch
from crawler.report import Report
from crawler.seeds import check_arguments, describe, parse_anew

if TYPE_CHECKING:
    from redis import Redis

SPIDERS = ("users", "videos")
SAMPLE_SITE = (sys.executable, "-m", "tests.site", "--until-stdin-closes")

EXAMPLES = """
examples:
  scrapy collect                                        the bundled sample site
  scrapy collect https://peertube.example               all users and videos of an instance
  scrapy collect https://peertube.example -d out -n 2   two instances of each spider, files in out/

An interrupted run goes on where it was when the same command is started again.
exit codes: 0 done, 1 an instance could not do what was asked, 2 wrong arguments
"""


class Command(ScrapyCommand):
    """Starts instances of both spiders and reports on them."""

    requires_project = True
    default_settings: ClassVar[dict[str, object]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] [URL …]"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Collect the users and videos of a site to users.jsonl and videos.jsonl"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add this command's options."""
        super().add_options(parser)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("-d", "--dir", default=".", metavar="DIR", help="folder of the files (default: this one)")
        parser.add_argument("-n", type=int, default=1, metavar="N", help="instances of each spider (default: 1)")
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="argument of the spiders, such as scope=web",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Collect from the URLs, or from the sample site.

        Raises:
            UsageError: an argument cannot work.
        """
        if opts.n < 1:
            raise UsageError(f"-n {opts.n}: the number of instances must be at least 1", print_help=False)
        folder = writable_folder(Path(opts.dir))
        if self.settings is None:
            raise UsageError("scrapy collect runs inside the project's folder", print_help=False)
        try:
            arguments = dict(spider_argument(word) for word in opts.spargs) | {"url": ",".join(args)}
            check_arguments(arguments)
            with contextlib.ExitStack() as stack:
                if not args:  # the sample site is another one each time: nothing to go on with
                    store = stack.enter_context(tempfile.TemporaryDirectory(prefix="crawler-sample-"))
                    self.settings.set("STORE_DIR", store, priority="cmdline")
                settings, environment = given_settings(self.settings), {"REDIS_URL": self.settings["REDIS_URL"]}
                server = connect(self.settings)
                stack.callback(release)
                urls = args or [stack.enter_context(sample_site())]
                report = Report({spider: Ledger(server, Keys(spider)) for spider in SPIDERS}, folder)
                words = [f"url={','.join(urls)}", *opts.spargs]
                options = [*options_of("-a", words), *options_of("-s", settings)]
                check_room(self.settings, server, arguments)
                instances = [
                    Instance.start(spider, number, folder, options, environment)
                    for spider in SPIDERS
                    for number in range(1, opts.n + 1)
                ]
                report.start(instances)
                watch(instances, report)
                report.summary()
        except (SeedError, StoreError) as exc:
            raise UsageError(str(exc), print_help=False) from exc
        self.exitcode = max(instance.exit_code() for instance in instances)


def check_room(settings: BaseSettings, server: Redis, arguments: Mapping[str, str]) -> None:
    """Check that no other crawl is in the way.

    Raises:
        UsageError: one is.
        StoreError: Redis stays away, or refuses.
    """
    asked, anew = describe(arguments), parse_anew(arguments.get("anew", ""))
    looks = [partial(other_crawl, server, Keys(spider), asked, anew=anew) for spider in SPIDERS]
    if in_the_way := [sentence for look in looks if (sentence := ask(settings, server, look))]:
        raise UsageError("\n".join(in_the_way), print_help=False)


def writable_folder(folder: Path) -> Path:
    """Return `folder`, made where it is missing.

    Raises:
        UsageError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as exc:
        raise UsageError(f"-d {folder} cannot be written to ({exc}): pass another folder.", print_help=False) from exc


def spider_argument(word: str) -> tuple[str, str]:
    """Read NAME=VALUE.

    Raises:
        SeedError: there is no `=`.
    """
    name, equals, value = word.partition("=")
    if not equals:
        raise SeedError(f"-a {word}: pass a name and a value, such as -a scope=web.")
    return name, value


def options_of(option: str, words: list[str]) -> list[str]:
    """Return each of `words` behind `option`."""
    return [part for word in words for part in (option, word)]


def given_settings(settings: BaseSettings) -> list[str]:
    """Return the settings of the command line, for the instances; REDIS_URL goes by environment, unseen by others."""
    given = SETTINGS_PRIORITIES["cmdline"]
    return [
        f"{name}={value}"
        for name, value in settings.items()
        if settings.getpriority(name) == given and isinstance(value, str | int | float) and name != "REDIS_URL"
    ]


@contextlib.contextmanager
def sample_site() -> Iterator[str]:
    """Run the bundled sample site and give its URL; it ends with this process, however that ends."""
    with subprocess.Popen(SAMPLE_SITE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - fixed words
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url:
            raise UsageError("The sample site did not start: run `python -m tests.site` to see why.", print_help=False)
        try:
            yield url
        finally:
            process.terminate()
