from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES, MAX_FUNCTION_LINES, SHORT_FUNCTIONS = 350, 35, 0.95
PARSING = {"extruct", "lxml", "orjson", "parsel", "w3lib"}
UNFINISHED = re.compile("|".join((r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b")))

BASE = ("crawler.items", "crawler.errors", "crawler.fields")
MAY_IMPORT = {**dict.fromkeys(BASE, BASE), "crawler.pages": (*BASE, "crawler.pages")}
"""What of the project a package may import, where that is little."""
MUST_NOT_IMPORT = {"crawler.frontier": ("crawler.pages", "crawler.spiders")}
TOP = ("crawler.commands", "crawler.dashboard")
"""What only commands, which start it, may import."""


def files(*folders: str, kinds: tuple[str, ...] = (".py",)) -> list[Path]:
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*")))
    return [path for path in paths if path.suffix in kinds and "fixtures" not in path.parts]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def imports(module: str, tree: ast.Module, *, is_package: bool = False) -> Iterator[str]:
    """The absolute names that a module imports, `from a import b` as a.b: b may be a module."""
    parents = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = parents[: len(parents) - node.level + 1] if node.level else []
            yield from (".".join([*start, *filter(None, [node.module]), alias.name]) for alias in node.names)


def wrong_imports(module: str, source: str, *, is_package: bool = False) -> list[str]:
    found = set(imports(module, ast.parse(source), is_package=is_package))
    ours = {name for name in found if within(name, ("crawler",))}
    wrong = {name for name in ours if within(name, TOP) and not within(module, TOP)}
    for package, allowed in MAY_IMPORT.items():
        if within(module, (package,)):
            wrong |= {name for name in ours if not within(name, allowed)}
    for package, refused in MUST_NOT_IMPORT.items():
        if within(module, (package,)):
            wrong |= {name for name in ours if within(name, refused)}
    if within(module, ("crawler.pages",)):
        allowed_tops = sys.stdlib_module_names | PARSING
        wrong |= {name for name in found - ours if name.split(".")[0] not in allowed_tops}
    return sorted(wrong)


def function_lengths(source: str) -> list[int]:
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in functions]


def are_short(lengths: list[int]) -> bool:
    return sum(length <= MAX_FUNCTION_LINES for length in lengths) >= SHORT_FUNCTIONS * len(lengths)


def lazy_lines(source: str) -> list[str]:
    """Waits by the clock, and asserts that hold whatever the code does."""
    tree = ast.parse(source)
    sleeps = {
        name.lineno for name in ast.walk(tree) if isinstance(name, ast.Attribute) and ast.unparse(name) == "time.sleep"
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "time"
            and any(alias.name == "sleep" for alias in node.names)
        ):
            sleeps.add(node.lineno)
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant):
            sleeps.add(node.lineno)
    return [source.splitlines()[line - 1].strip() for line in sorted(sleeps)]


def test_imports_go_one_way() -> None:
    wrong = {
        name_of(path): found
        for path in files("crawler")
        if (found := wrong_imports(name_of(path), path.read_text("utf-8"), is_package=path.name == "__init__.py"))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("crawler.items", "from crawler.pages import base", ["crawler.pages.base"]),
        ("crawler.errors", "import crawler.frontier.keys", ["crawler.frontier.keys"]),
        ("crawler.pages.site", "import scrapy", ["scrapy"]),
        ("crawler.pages.site", "def late():\n    from twisted.internet import reactor", ["twisted.internet.reactor"]),
        ("crawler.pages.site", "import redis, json, parsel", ["redis"]),
        ("crawler.pages.site", "from ..spiders.base import Spider", ["crawler.spiders.base.Spider"]),
        ("crawler.pages.site", "from crawler.settings import BOT_NAME", ["crawler.settings.BOT_NAME"]),
        ("crawler.pages.site", "from .base import Page\nfrom crawler.items import User", []),
        ("crawler.pages.site", "from crawler import itemsets", ["crawler.itemsets"]),
        ("crawler.frontier.queue", "from crawler import pages", ["crawler.pages"]),
        ("crawler.frontier.queue", "import redis, scrapy", []),
        ("crawler.spiders.users", "from crawler.dashboard import app", ["crawler.dashboard.app"]),
        ("crawler.extensions.fleet", "import crawler.commands.crawl", ["crawler.commands.crawl"]),
        ("crawler.commands.dashboard", "from crawler.dashboard import app", []),
    ],
)
def test_an_import_the_other_way_is_found(module: str, source: str, wrong: list[str]) -> None:
    assert wrong_imports(module, source) == wrong


def test_a_relative_import_of_a_package_starts_at_the_package() -> None:
    assert wrong_imports("crawler.pages", "from . import base\nfrom .. import spiders", is_package=True) == [
        "crawler.spiders"
    ]


def test_no_module_is_too_long() -> None:
    modules = files("crawler", "tests", "docs", "scripts", "benchmarks", kinds=(".py", ".lua"))
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}
    assert len(lengths) > len(files("crawler"))


def test_functions_are_short() -> None:
    assert are_short([length for path in files("crawler") for length in function_lengths(path.read_text("utf-8"))])


def test_long_functions_are_found() -> None:
    long = "async def long():\n" + "    pass\n" * MAX_FUNCTION_LINES
    short = "class A:\n    @cached\n    def short(self):\n        pass\n"
    assert function_lengths(long + short) == [MAX_FUNCTION_LINES + 1, 2]
    assert are_short(function_lengths(short * 19 + long))
    assert not are_short(function_lengths(short * 18 + long))


def test_tests_neither_sleep_nor_assert_what_always_holds() -> None:
    lazy = {path.name: found for path in files("tests") if (found := lazy_lines(path.read_text("utf-8")))}
    assert lazy == {}


@pytest.mark.parametrize(
    "line", ["time.sleep(1)", "wait = time.sleep", "from time import sleep", "assert True", 'assert "text"']
)
def test_a_lazy_line_is_found(line: str) -> None:
    assert lazy_lines(f"import time\nassert time\n{line}\n") == [line]


def test_nothing_is_left_to_do() -> None:
    texts = files("crawler", "tests", "docs", "scripts", "benchmarks", kinds=(".py", ".lua", ".md"))
    assert [str(path.relative_to(ROOT)) for path in texts if UNFINISHED.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME"])
def test_a_note_to_do_something_is_found(word: str) -> None:
    assert UNFINISHED.search(f"# {word}: later")
    assert not UNFINISHED.search(f"{word}S_PER_PAGE = 3")
