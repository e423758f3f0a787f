"""What sites add to titles and summaries, in the shapes that real sites have."""

from __future__ import annotations

import pytest

from crawler.errors import NotARecord
from crawler.pages.structured.titles import is_made_by_site, is_slogan, without_brand
from tests.web_page import one, page

BRANDS = {"kites", "kites.example", "风筝网"}


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Boats - Kites", "Boats"),
        ("Boats - Vidéo Kites", "Boats"),
        ("Boats - Kites - The Biggest Platform", "Boats"),
        ("Boats: a day out - KITES - Politics", "Boats: a day out"),
        ("Boats_风筝网_kites", "Boats"),
        ('Alice on Kites: "Boats"', "Boats"),
        ("Alice on Kites: “Boats”", "Boats"),
        ("Live on Kites: boats", "Live on Kites: boats"),
        ("Kites Overview", "Kites Overview"),
        ("Boats - all about kites", "Boats - all about kites"),
        ("snake_case_names", "snake_case_names"),
    ],
)
def test_a_title_loses_what_is_surely_the_sites(title: str, bare: str) -> None:
    assert without_brand(title, BRANDS, []) == bare


def test_a_title_that_begins_with_a_heading_and_goes_on_with_the_site_is_the_heading() -> None:
    assert without_brand("Boats_Fun_best of kites", BRANDS, ["Boats"]) == "Boats"
    assert without_brand("Boats and kites", BRANDS, ["Boats"]) == "Boats and kites"


def test_a_title_made_of_counts_is_none() -> None:
    assert without_brand("1.2M views · 34K reactions | Boats | By Alice", BRANDS, []) is None


@pytest.mark.parametrize("title", ["Kites", "Kites Video", "Kites: the magic of the web", "Kites Video - Best of all"])
def test_the_sites_name_with_a_slogan_is_no_title(title: str) -> None:
    assert is_slogan(title, BRANDS, [])
    assert not is_slogan(title, BRANDS, [title])


@pytest.mark.parametrize("title", ["Kites Overview", "My Kites: part 2", "Kitesurfing"])
def test_a_title_that_only_names_the_site_is_one(title: str) -> None:
    assert not is_slogan(title, BRANDS, [])


@pytest.mark.parametrize(
    "summary",
    [
        '123 likes, 4 comments - alice on January 1, 2024: "Boats"',
        "1,234 Followers, 56 Following, 78 Posts - See photos and videos from Alice",
        "1234 points • 56 comments - Your daily dose",
        "Watch online Boats 10 s. Views: 37",
    ],
)
def test_a_summary_of_counts_or_an_invitation_is_the_sites(summary: str) -> None:
    assert is_made_by_site(summary, "Boats")


@pytest.mark.parametrize("summary", ["Boats on a canal.", "Watch the waves with us.", "12 boats on one canal."])
def test_a_summary_in_the_authors_words_is_kept(summary: str) -> None:
    assert not is_made_by_site(summary, "Boats")


def head(**tags: str) -> str:
    told = {"og:type": "video.other", "og:video": "https://cdn.example/7.mp4", "og:video:type": "video/mp4"}
    named = told | {name.replace("_", ":"): value for name, value in tags.items()}
    return "".join(f"<meta property='{name}' content='{value}'>" for name, value in named.items())


@pytest.mark.parametrize(
    "title",
    ["Kites: the magic of the Internet", "KITES Video - the best videos", "9K views · 1K reactions | Boats | By A"],
)
def test_a_page_whose_title_the_site_has_made_is_a_shell(title: str) -> None:
    with pytest.raises(NotARecord) as refusal:
        list(page(f"<head>{head(og_title=title)}</head>", "https://kites.example/watch/7").records())
    assert refusal.value.reason == "shell"


def test_a_time_without_a_zone_on_a_chinese_page_is_chinas() -> None:
    metas = head(og_title="Boats") + "<meta property='video:release_date' content='2024-01-02 08:00:00'>"
    source = f"<html lang=zh-CN><head>{metas}"
    assert one(source).published_at == "2024-01-02T00:00:00Z"
