from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from crawler.errors import NotARecord
from crawler.explaining.answers import Answer, Refusal
from crawler.explaining.screen import MOST_LINKS, show
from crawler.items import RecordKey, Video
from crawler.pages.base import Link, Listing
from crawler.pages.structured import StructuredPage

URL = "https://site.example/v/1"
RECORD = Video(
    site="site",
    id="1",
    url=URL,
    fetched_at="2026-01-01T00:00:00Z",
    fetched_from=URL,
    title="[bold]Kites[/bold] 汽车 " * 5,
    description="A long text. " * 50,
    tags=["a", "b"],
    is_family_friendly=False,
    channel_follower_count=1_200_000,
    approximate=["channel_follower_count"],
    provenance={"title": "JSON-LD", "channel_follower_count": "ytInitialPlayerResponse"},
)
ANSWER = Answer(URL, read=URL, page=StructuredPage, records=[RECORD])
VIDEOS = Listing("videos of Ada", "video")


def shown(answer: Answer, width: int = 80, *, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    show(answer, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_fields_of_a_record_fit_a_terminal(width: int) -> None:
    lines = shown(ANSWER, width, terminal=True).splitlines()
    assert max(map(cell_len, lines[2:])) <= width
    assert any("channel_follower_count" in line for line in lines)


def test_a_value_is_shown_as_it_is_and_a_long_one_shortened() -> None:
    lines = dict(line.split("\t", 1) for line in shown(ANSWER).splitlines() if "\t" in line)
    assert lines["title"].startswith("[bold]Kites[/bold] 汽车 ")
    assert "… (649 characters)" in lines["description"]
    assert lines["tags"] == "a, b\t"
    assert lines["is_family_friendly"] == "no\t"
    assert lines["channel_follower_count"] == "1200000 (rounded by the site)\tytInitialPlayerResponse"


def test_a_page_gives_no_orders_to_a_terminal() -> None:
    odd = "\x1b]0;owned\x07 \x9b2J\r\n"
    answer = Answer(URL, read=URL, page=StructuredPage, refused=Refusal("shell", f"title {odd}it"))
    for one in (answer, replace(ANSWER, records=[replace(RECORD, title=f"Kites{odd}")])):
        told = shown(one)
        assert "owned" in told
        assert all(character.isprintable() or character in "\n\t" for character in told)


def test_links_are_counted_and_the_first_are_named() -> None:
    links = [Link(f"{URL}{number}", "video") for number in range(MOST_LINKS + 1_000)]
    said = shown(replace(ANSWER, links=links))
    assert "leads to 1,020 links:" in said
    assert f"  video    {URL}{MOST_LINKS - 1}\n  and 1,000 more\n" in said


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            Answer(URL, totals={VIDEOS: 1204}, listing=VIDEOS),
            "it is a part of the listing: videos of Ada (videos, 1,204 declared)",
        ),
        (Answer(URL, totals={VIDEOS: None}), "it tells of the listing: videos of Ada (videos, not declared)"),
        (Answer(URL, refused=Refusal("private", "says so")), "refused: private: says so"),
        (Answer(URL, refused=Refusal("private")), "refused: private\n"),
        (Answer(URL, read=f"{URL}?v=1"), f"{URL}\nread as {URL}?v=1\n"),
        (Answer(URL, links=[Link(URL, "listing")]), "it names a whole host, not a page"),
        (
            Answer(URL, others=[(RecordKey("video", "s", "2"), Refusal.of(NotARecord("deleted", "gone")))]),
            "no record of video 2: deleted (gone)",
        ),
    ],
)
def test_what_else_there_is_to_say_is_a_sentence(answer: Answer, sentence: str) -> None:
    assert sentence in shown(answer)
