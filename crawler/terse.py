"""What this project's own commands share: of a wrong argument they say what is wrong with it, and no more."""

from __future__ import annotations

import argparse
import logging

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError


class Terse(ScrapyCommand):
    """Has a command name unknown options, and leave out the lines that Scrapy would put before an error."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options, and keep the parser, which says the errors."""
        super().add_options(parser)
        self.parser = parser

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the options.

        Raises:
            UsageError: there is none of that name.
        """
        self.parser.usage = argparse.SUPPRESS  # --help has been answered by now
        super().process_options(args, opts)
        if self.settings and self.settings["LOG_LEVEL"] != "DEBUG":
            logging.getLogger("scrapy.utils.log").addFilter(is_news)  # a level would be reset with Scrapy's set-up
        for word in args:
            if word.startswith("-") and word != "-":
                raise UsageError(f"the option {word} is unknown: --help names those that there are.", print_help=False)


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether a line is more than Scrapy's name and version."""
    return not str(record.msg).startswith("Scrapy %(version)s started")
