"""What this project's own commands share: of a wrong argument they say what is wrong with it, and no more."""

from __future__ import annotations

import argparse
import logging
from typing import ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.checks import usable


class Terse(ScrapyCommand):
    """Has a command name unknown options, and leave out the lines that Scrapy would put before an error."""

    notes: ClassVar[str] = ""
    """Examples and exit codes, at the end of the help."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options, and keep the parser, which says the errors."""
        super().add_options(parser)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = self.notes
        self.parser = parser

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options, and in a project check the settings before any is used.

        Raises:
            UsageError: there is no option of that name, one is empty, or a setting cannot work.
        """
        self.parser.usage = argparse.SUPPRESS  # --help has been answered by now
        super().process_options(args, opts)
        if self.settings and self.settings["LOG_LEVEL"] != "DEBUG":
            logging.getLogger("scrapy.utils.log").addFilter(is_news)  # a level would be reset with Scrapy's set-up
        for word in args:
            if word.startswith("-") and word != "-":
                raise UsageError(f"the option {word} is unknown: --help names those that there are.", print_help=False)
        given = {name: value for name, value in vars(opts).items() if value != self.parser.get_default(name)}
        if empty := [f"--{name}" for name, value in given.items() if value == ""] + ["an argument"] * args.count(""):
            raise UsageError(
                f"{empty[0].replace('_', '-')} is empty: say what it is, or leave it out.", print_help=False
            )
        if self.requires_project:
            usable(self.settings)


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether a line is more than Scrapy's name and version."""
    return not str(record.msg).startswith("Scrapy %(version)s started")
