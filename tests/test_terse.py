from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from scrapy.cmdline import ScrapyArgumentParser
from scrapy.settings import Settings

from crawler import commands
from crawler.commands.crawl import Command
from crawler.terse import Terse
from tests.crawls import DEADLINE_S, ROOT


def scrapy(*words: str | Path) -> tuple[int, str]:
    """Run a command; return its exit code and what it says of errors."""
    command = [sys.executable, "-m", "scrapy", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # noqa: S603
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [("crawl", "users", "-a", "url=a.example"), ("collect",), ("merge", "a.jsonl")])
def test_an_unknown_option_is_named_and_nothing_else_is_said(words: tuple[str, ...]) -> None:
    code, said = scrapy(*words, "--foo")
    (line,) = said.splitlines()
    assert line.endswith("error: the option --foo is unknown: --help names those that there are.")
    assert code == 2


@pytest.mark.parametrize(("modules", "is_told"), [(["crawler.spiders"], True), (["shop.spiders"], False)])
def test_arguments_are_explained_where_there_are_spiders_that_take_them(modules: list[str], *, is_told: bool) -> None:
    command, parser = Command(), ScrapyArgumentParser()
    command.settings = Settings({"SPIDER_MODULES": modules})
    command.add_options(parser)
    assert ("arguments of the spiders users and videos" in parser.format_help()) == is_told
    assert "exit codes: 0 done" in parser.format_help()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("users", "-a", "url=nonsense"), "'nonsense' is not a URL that can be crawled"),
        (("nobody",), "there is no spider nobody: there are users, videos."),
        ((), "name one spider, such as: scrapy crawl users -a url="),
        (("users", "-a", "url=a.example", "-s", "STORE_DIR=README.md"), "README.md is a file: choose a folder"),
        (
            ("users", "-a", "url=a.example", "-s", "STORE_DIR={}/store", "-O", "/dev/full/x.jsonl"),
            "-O /dev/full/x.jsonl cannot be written",
        ),
        (
            ("users", "-a", "url=a.example", "-s", "STORE_DIR={}/store", "-o", "/dev/full/x.jsonl"),
            "-o /dev/full/x.jsonl cannot be written",
        ),
        (
            ("users", "-a", "url=a.example", "-s", "STORE_DIR={}/store", "-s", "SNAPSHOTS=/dev/full/x.jsonl"),
            "SNAPSHOTS (/dev/full/x.jsonl) cannot be written",
        ),
        (
            ("users", "-a", "url=a.example", "-s", "STORE_DIR={0}/store", "-o", "{0}/u.jsonl"),
            "{0}/rejects.jsonl cannot be written",
        ),
    ],
)
def test_a_wrong_argument_of_crawl_is_one_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "rejects.jsonl").mkdir()
    code, said = scrapy("crawl", *(word.format(tmp_path) for word in words))
    (line,) = said.splitlines()
    assert sentence.format(tmp_path) in line
    assert code == 2


COMMANDS = {
    found.name: import_module(f"crawler.commands.{found.name}").Command for found in iter_modules(commands.__path__)
}
OWN = [name for name, command in COMMANDS.items() if issubclass(command, Terse)]


@pytest.mark.parametrize("name", OWN)
def test_what_a_command_says_below_its_options_fits_a_terminal_of_eighty_columns(name: str) -> None:
    command, parser = COMMANDS[name](), ScrapyArgumentParser()
    command.settings = Settings({"SPIDER_MODULES": ["crawler.spiders"]})
    command.add_options(parser)
    assert [line for line in (parser.epilog or "").splitlines() if len(line) >= 80] == []
