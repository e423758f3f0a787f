from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

import pytest
import scrapy_redis
from scrapy.settings import default_settings

from crawler import settings
from crawler.commands.crawl import STOPPED_EARLY
from crawler.seeds import ARGUMENTS
from docs import generate
from docs.markdown import NoBlockError, code, table, with_block
from docs.settings_table import UndocumentedSettingError, settings_block
from tests.faults.servers import RULES

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]

FRONTIER = (ROOT / "docs" / "frontier.md").read_text("utf-8")

FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"(`+)(.+?)\1")
LINK = re.compile(r"!?\[[^]]*]\(<?([^)>\s]+)")
INDENTED = re.compile(r"^ {4}.+", re.MULTILINE)
MAKE = re.compile(r"(?:^|&&|;) *(?:\$ +)?make +([a-z]+)", re.MULTILINE)
ARGUMENT = re.compile(r"-a +([A-Za-z_]+)=")
SETTING = re.compile(r"^([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=.*)?$|-s +([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def code_of(page: str) -> list[str]:
    """Everything that is code: the inside of fences and of backticks, and lines that are indented like it."""
    prose = FENCE.sub("", page)
    return [*FENCE.findall(page), *INDENTED.findall(prose), *(span.strip() for _, span in SPAN.findall(prose))]


def broken_links(page: str, folder: Path) -> list[str]:
    targets = [target.partition("#")[0] for target in LINK.findall(SPAN.sub("", FENCE.sub("", page)))]
    return [target for target in targets if target and "://" not in target and not (folder / target).exists()]


def unknown_targets(page: str, makefile: str) -> set[str]:
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    return {name for text in code_of(page) for name in MAKE.findall(text)} - targets


@cache
def settings_of_scrapy_redis() -> frozenset[str]:
    folder = Path(scrapy_redis.__path__[0])
    sources = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    return frozenset(re.findall(r"\b[A-Z]+_[A-Z_]+\b", sources))


def unknown_settings(page: str) -> set[str]:
    named = {name or passed for text in code_of(page) for name, passed in SETTING.findall(text)} - {"NAME"}
    known = settings_of_scrapy_redis() if "scrapy-redis" in page.partition("\n")[0] else frozenset()
    return {name for name in named - known if not hasattr(settings, name) and not hasattr(default_settings, name)}


def unknown_arguments(page: str) -> set[str]:
    named = {name for text in code_of(page) for name in ARGUMENT.findall(text)}
    return named - set(ARGUMENTS)


@pytest.mark.parametrize("part", generate.PARTS)
def test_what_is_generated_is_what_the_code_says(part: str) -> None:
    assert list(generate.drift(parts=[part])) == [], "run `make docs`"


@pytest.mark.parametrize(
    ("name", "generated"),
    [
        ("docs/records.md", "`duration`"),
        ("docs/settings.md", "| default |"),
        ("docs/schema/user.json", '"username"'),
        ("docs/schema/video.json", '"duration"'),
    ],
)
def test_a_page_that_was_edited_by_hand_is_named_and_written_anew(
    name: str, generated: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "crawler").mkdir()
    shutil.copy(ROOT / "crawler" / "settings.py", tmp_path / "crawler")
    generate.main([], tmp_path)
    capsys.readouterr()
    edited = tmp_path / name
    whole = edited.read_text("utf-8")
    edited.write_text(whole.replace(generated, "edited"), "utf-8")

    assert generate.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err == f"{name} is not what the code says: run `make docs` and commit the result.\n"
    assert edited.read_text("utf-8") != whole
    assert generate.main([], tmp_path) == 0
    assert edited.read_text("utf-8") == whole


def test_every_field_of_a_record_is_in_the_table() -> None:
    block = generate.records_block()
    assert "| `duration` | number | no | Seconds; null while live. |" in block
    assert "| `title` | text | yes | Title. |" in block
    assert "| `tags` | list of text | no |" in block
    assert '| `kind` | `"user"` | yes |' in block


def test_settings_are_told_by_section_with_default_and_meaning() -> None:
    source = (
        "# --- Seeds ---\n"
        "WAIT = False\n"
        '"""Whether to wait,\nor not."""\n'
        "import os\n"
        "# --- Queue ---\n"
        'LEASE_MS: int = 10 | 2\n"""Milliseconds."""\n'
        'ORDER = {\n    "a": 1,\n}\n"""The order."""\n'
    )
    assert settings_block(source) == (
        "## Seeds\n\n| setting | default | meaning |\n| --- | --- | --- |\n"
        "| `WAIT` | `False` | Whether to wait, or not. |\n\n"
        "## Queue\n\n| setting | default | meaning |\n| --- | --- | --- |\n"
        "| `LEASE_MS` | `10 \\| 2` | Milliseconds. |\n"
        "| `ORDER` | `{'a': 1}` | The order. |"
    )


def test_a_setting_without_a_meaning_is_an_error_that_names_it() -> None:
    with pytest.raises(UndocumentedSettingError, match=r"LEASE_MS \(line 2 of crawler/settings.py\)"):
        settings_block("import os\nLEASE_MS = 10\nWAIT = False\n'Whether to wait.'\n")


def test_a_page_without_markers_is_an_error() -> None:
    with pytest.raises(NoBlockError, match="add both lines"):
        with_block("# Settings\n", "block")


def test_code_and_cells_survive_the_characters_that_markdown_reads() -> None:
    assert code("a") == "`a`"
    assert code("a`b") == "`` a`b ``"
    assert table(["x"], [["a|b"]]).splitlines()[-1] == r"| a\|b |"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(path: Path) -> None:
    assert broken_links(path.read_text("utf-8"), path.parent) == []


def test_a_link_to_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    page = "[a](there.md#part) [b](gone.md) [c](https://site.example) [d](#part) ![e](gone.png) `[f](code.md)`"
    assert broken_links(page, tmp_path) == ["gone.md", "gone.png"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_that_a_page_names_exists(path: Path) -> None:
    assert unknown_targets(path.read_text("utf-8"), (ROOT / "Makefile").read_text("utf-8")) == set()


def test_a_make_target_that_does_not_exist_is_found() -> None:
    page = (
        "Call `make crawl URL=x`, make sure, `make fly`.\n\n```\n$ make test\ncd x && make swim\n```\n\n    make dive\n"
    )
    assert unknown_targets(page, "crawl: ## Crawl\ntest:\n") == {"fly", "swim", "dive"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_setting_that_a_page_names_exists(path: Path) -> None:
    assert unknown_settings(path.read_text("utf-8")) == set()


def test_a_setting_that_does_not_exist_is_found() -> None:
    page = "`DOWNLOAD_DELAY=2`, `GONE_MS`, `JSON`, `scrapy crawl users -s LOST=1 -s LOG_LEVEL=INFO`\n"
    assert unknown_settings(page) == {"GONE_MS", "LOST"}


def test_settings_of_scrapy_redis_are_known_on_the_page_about_it_only() -> None:
    assert unknown_settings("# From scrapy-redis\n`SCHEDULER_PERSIST`, `GONE_MS`") == {"GONE_MS"}
    assert unknown_settings("# Settings\n`SCHEDULER_PERSIST`") == {"SCHEDULER_PERSIST"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_spider_argument_that_a_page_names_exists(path: Path) -> None:
    assert unknown_arguments(path.read_text("utf-8")) == set()


def test_a_spider_argument_that_does_not_exist_is_found() -> None:
    page = "```\nscrapy crawl users -a url=https://site.example -a depth=3\n```\n`-a  fast=1`, -a prose=1\n"
    assert unknown_arguments(page) == {"depth", "fast"}


def test_the_rights_that_an_operator_is_told_to_give_are_those_of_the_tests() -> None:
    rights = re.search(r"ACL SETUSER crawler on >PASSWORD (.+?)```", FRONTIER, re.DOTALL)
    assert rights is not None
    assert rights[1].split() == list(RULES)


@pytest.mark.parametrize("page", ["README.md", "docs/frontier.md"])
def test_close_reasons_have_the_exit_codes_that_are_told(page: str) -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| ([01]) \|", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    codes = {reason: int(code) for reasons, code in rows for reason in re.findall(r"[a-z_]+", reasons)}
    assert {"finished", "shutdown", "queue_lost", "feed_failed"} <= codes.keys()
    assert codes == {reason: int(reason in STOPPED_EARLY) for reason in codes}
