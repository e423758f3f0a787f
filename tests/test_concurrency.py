from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import concurrency
from benchmarks.concurrency_page import BEGIN, block, most_off, rows_from, rows_of
from benchmarks.concurrency_picture import picture
from benchmarks.concurrency_ways import BASE, WAYS, Figures, Way, measure
from benchmarks.servers import serving

DOCS = Path(__file__).resolve().parent.parent / "docs"
NAMES = [way.name for way in WAYS]
SVG = "{http://www.w3.org/2000/svg}"
EMPTY = f"# Page\n\n{BEGIN}\n\nold\n\n<!-- end of what is generated -->\n\n| a | b |\n\nAfter.\n"


def figures(pages_per_s: float, cpu_ms: float = 1.0) -> Figures:
    return Figures(pages_per_s, cpu_ms, site_share=0.1, memory_mib=50, others=0.5)


def test_the_page_and_the_picture_are_written_from_what_was_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(EMPTY, "utf-8")

    arguments = ["--page", str(page), "--pages", "100", "--rounds", "1", "--latencies-ms", "0"]
    assert concurrency.main(arguments) == 0

    text = page.read_text("utf-8")
    rows = rows_of(text)
    assert [row.name for row in rows] == NAMES
    assert all(row.pages_per_s[0] > 0 and row.ratios[0] > 0 and row.memory_mib > 0 for row in rows)
    assert [row.ratios[0] for row in rows if row.name == BASE] == [1.0]
    assert "old" not in text
    assert text.endswith("\n\n| a | b |\n\nAfter.\n")
    assert page.with_suffix(".svg").read_text("utf-8") == picture(rows)


def test_the_table_is_read_back_as_it_was_written() -> None:
    found = {
        (name, latency): [figures(1_000 + 10 * place + latency, cpu_ms=2.5)]
        for place, name in enumerate(NAMES)
        for latency in (0.0, 50.0)
    }
    text = f"{BEGIN}\n\n{block(found, 'Here')}\n"
    rows = rows_of(text)
    assert [row.name for row in rows] == NAMES
    assert rows[0].pages_per_s == {0: 1_000, 50: 1_050}
    assert rows[0].cpu_ms == {0: 2.5, 50: 2.5}
    assert rows[0].memory_mib == 50
    assert rows[0].ratios == {0: round(1_000 / 1_040, 2), 50: round(1_050 / 1_090, 2)}


def test_a_ratio_is_one_of_the_same_round() -> None:
    found = {("64 threads", 0.0): [figures(20), figures(2)], (BASE, 0.0): [figures(10), figures(1)]}
    threads, base = rows_from(found)
    assert (threads.pages_per_s, threads.ratios) == ({0: 11}, {0: 2})
    assert base.ratios == {0: 1}
    assert most_off(found) == 0


def test_how_far_rounds_are_apart_is_told() -> None:
    found = {("64 threads", 0.0): [figures(20), figures(30), figures(25)], (BASE, 0.0): [figures(10)] * 3}
    assert most_off(found) == pytest.approx(0.2)


def test_a_page_without_figures_is_an_error() -> None:
    with pytest.raises(ValueError, match="make benchmark"):
        rows_of(EMPTY)
    with pytest.raises(ValueError, match="'many' of 64 threads is no figure"):
        rows_of(f"{BEGIN}\n\n| way | pages/s, 0 ms |\n| --- | --- |\n| 64 threads | many |\n")


def test_the_picture_of_the_documentation_is_that_of_its_table(tmp_path: Path) -> None:
    page = tmp_path / "concurrency.md"
    shutil.copy(DOCS / "concurrency.md", page)
    assert concurrency.main(["--page", str(page), "--draw"]) == 0
    drawn = (tmp_path / "concurrency.svg").read_text("utf-8")
    assert drawn == (DOCS / "concurrency.svg").read_text("utf-8"), "run benchmarks.concurrency with --draw"


def test_the_picture_is_well_formed_and_has_a_bar_for_each_figure() -> None:
    rows = rows_of((DOCS / "concurrency.md").read_text("utf-8"))
    drawn = ET.fromstring(picture(rows))  # noqa: S314 - ours
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    bars = [bar for bar in drawn.iter(f"{SVG}rect") if bar.get("class") != "card"]
    assert [row.name for row in rows] == NAMES
    assert len(bars) == 2 * 3 * len(NAMES)
    assert all(float(bar.attrib["width"]) > 0 for bar in bars)
    assert {"pages/s, 0 ms", "CPU ms a page, 300 ms", "64 threads"} <= set(words)
    style = drawn.find(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in (style.text or "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--draw"], "name it by --page"),
        (["--page", "{folder}/gone.md"], "gone.md"),
        (["--page", "{folder}/bare.md"], "add both lines"),
        (["--page", "{folder}/empty.md", "--draw"], "let `make benchmark` write one"),
    ],
)
def test_a_page_that_cannot_be_written_is_told_before_anything_is_measured(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bare.md").write_text("# Page\n", "utf-8")
    (tmp_path / "empty.md").write_text(EMPTY, "utf-8")
    with pytest.raises(SystemExit, match="2"):
        concurrency.main([word.format(folder=tmp_path) for word in arguments])
    assert said in capsys.readouterr().err


def test_a_way_that_fails_is_an_error_that_shows_its_log(tmp_path: Path) -> None:
    with (
        serving("benchmarks.concurrency_site") as site,
        pytest.raises(RuntimeError, match=r"Magic did not get through 100 pages(?s:.*)invalid choice"),
    ):
        measure(Way("Magic", "magic", 1), site, 0, 100, tmp_path)


def test_a_site_has_fewer_pages_for_a_way_that_waits_for_long() -> None:
    few = Way("4 processes", "processes", 4, 6)
    assert few.site_pages(600, 0) == 3_600
    assert few.site_pages(600, 50) == 240
    assert few.site_pages(600, 300) == 80
    assert Way(BASE, "", 1).site_pages(600, 300) == 600
