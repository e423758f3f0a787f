from __future__ import annotations

from typing import ClassVar

import pytest

from crawler.errors import NotARecord, PageClash
from crawler.items import RecordKey, User, Video
from crawler.pages import FALLBACK, PAGES, PLATFORMS, check_clashes, page_class, page_for, reads
from crawler.pages.base import Listing, Page, RecordPage, Response

URL = "https://clips.example/watch/7?x=1"


class Clip(RecordPage):
    """A small site."""

    site = "clips"
    hosts = ("clips.example", "clips.test")
    path = r"/watch/(\d+)"
    examples: ClassVar[tuple[str, ...]] = ("https://clips.example/watch/7",)
    record_type = Video

    def id(self) -> str:
        return str(self.response.json["id"])

    def title(self) -> str:
        return str(self.response.json["title"])

    def view_count(self) -> int | None:
        views: int | None = self.response.json.get("views")
        return views


class Everything(Clip):
    path = r"/.*"
    examples = ("https://clips.example/other",)


class WithoutExamples(Clip):
    examples = ()


class NotItsOwn(Clip):
    examples = ("https://clips.example/watch/seven",)


class Profile(RecordPage):
    site = "clips"
    record_type = User

    def id(self) -> str:
        return "kim"

    def canonical_url(self) -> str:
        return "https://clips.example/@kim"

    def profile_links(self) -> list[str]:
        return ["https://kim.example/"]

    def listing(self) -> Listing:
        return Listing("users of clips.example", "user", whole=True)


def answer(body: str) -> Response:
    return Response(URL, body.encode(), fetched_at="2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "url",
    ["https://clips.example/watch/7", URL, "http://www.clips.example:9000/watch/7", "https://CLIPS.test/watch/7#top"],
)
def test_a_class_reads_its_paths_on_its_hosts_and_their_subdomains(url: str) -> None:
    assert reads(Clip, url, None)
    assert reads(Clip, url, "peertube")


@pytest.mark.parametrize(
    "url",
    [
        "https://clips.example/watch/7/more",
        "https://clips.example/Watch/7",
        "https://notclips.example/watch/7",
        "https://clips.example.evil.example/watch/7",
        "https://other.example/?u=clips.example/watch/7",
        "https://clips.example",
    ],
)
def test_a_class_reads_nothing_else(url: str) -> None:
    assert not reads(Clip, url, None)


def test_a_class_of_a_platform_reads_any_host_that_runs_it() -> None:
    for cls in PAGES:
        for url in cls.examples:
            assert page_class(url, cls.platform) is cls
            if cls.platform is not None and not cls.hosts:
                assert not reads(cls, url, "other")
                assert page_class(url) is FALLBACK


def test_a_url_that_no_class_reads_is_read_by_its_structured_data() -> None:
    assert page_class("https://site.example/watch/7") is FALLBACK
    assert isinstance(page_for(answer("<p>")), FALLBACK)


def test_platforms_are_found_by_their_names() -> None:
    assert PLATFORMS
    assert {cls.platform for cls in PAGES} - {None} <= set(PLATFORMS)


def test_two_classes_of_one_url_are_an_error_that_names_both() -> None:
    check_clashes([Clip])
    with pytest.raises(PageClash) as clash:
        check_clashes([Clip, Everything])
    assert str(clash.value) == (
        f"https://clips.example/watch/7, an example of {__name__}.Clip, is read by "
        f"['{__name__}.Clip', '{__name__}.Everything']: change `path`."
    )


def test_a_class_that_does_not_read_its_own_example_is_an_error() -> None:
    with pytest.raises(PageClash, match=r"watch/seven, an example of .+NotItsOwn, is read by \[\]"):
        check_clashes([NotItsOwn])


def test_a_class_without_an_example_is_an_error() -> None:
    with pytest.raises(PageClash, match=r"WithoutExamples names no `examples`: give a URL that it reads"):
        check_clashes([WithoutExamples, Clip])


def test_a_page_of_one_record_has_a_method_a_field() -> None:
    (record,) = Clip(answer('{"id": 7, "title": "Kites", "views": 0}')).records()
    assert record == Video(
        site="clips",
        id="7",
        url=URL,
        fetched_at="2026-01-01T00:00:00Z",
        fetched_from=URL,
        title="Kites",
        view_count=0,
    )


def test_the_address_and_the_links_of_a_record_are_not_those_of_its_page() -> None:
    page = Profile(answer(""))
    (record,) = page.records()
    assert isinstance(record, User)
    assert (record.url, record.fetched_from) == ("https://clips.example/@kim", URL)
    assert (record.links, list(page.links())) == (["https://kim.example/"], [])


def test_a_listing_tells_its_members_and_its_total() -> None:
    page = Profile(answer(""))
    assert list(page.members()) == [RecordKey("user", "clips", "kim")]
    assert page.totals() == {Listing("users of clips.example", "user", whole=True): None}


def test_a_page_reads_nothing_unless_told() -> None:
    page = Page(answer(""))
    assert (list(page.records()), list(page.links()), page.listing()) == ([], [], None)
    assert (page.total(), dict(page.totals()), page.wants()) == (None, {}, None)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "private"), (403, "forbidden"), (404, "not_found"), (410, "deleted"), (500, "http_500")],
)
def test_an_error_is_no_record_whatever_its_body_says(status: int, reason: str) -> None:
    page = Clip(Response(URL, b'{"id": 7, "title": "Not found"}', status))
    with pytest.raises(NotARecord) as refusal:
        list(page.records())
    assert refusal.value.reason == reason
