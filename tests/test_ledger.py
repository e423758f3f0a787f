from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from crawler.frontier.keys import Keys
from crawler.frontier.ledger import BATCH, LIMIT, MOST_NAMED, Ledger, ListingCount, Scribe, member
from crawler.items import RecordKey
from tests.books import Book
from tests.couriers import instance
from tests.queues import crew_at, push, take, tell


def user(name: str) -> RecordKey:
    return RecordKey("user", "peertube", name)


def video(name: str) -> RecordKey:
    return RecordKey("video", "peertube", name)


@pytest.fixture
def ledger(valkey: str) -> Iterator[Book]:
    with Redis.from_url(valkey) as client:
        yield Book(client, Keys("users"))


def one_listing(ledger: Ledger) -> ListingCount:
    (listing,) = ledger.summary().listings
    return listing


def test_another_spider_has_a_ledger_of_its_own(ledger: Book) -> None:
    ledger.record(user("kim"))
    assert Ledger(ledger.server, Keys("videos")).counts()["records"] == 0
    assert ledger.counts()["records"] == 1


def test_an_empty_crawl_has_an_empty_summary(ledger: Book) -> None:
    summary = ledger.summary()
    assert (summary.records, summary.listings, summary.refused, summary.failed) == ({}, [], {}, {})
    assert ledger.counts() == {"records": 0, "pending": 0, "revisits": 0}


def test_records_and_pending_requests_are_counted(ledger: Book) -> None:
    ledger.record(user("a"), user("b"), video("a"))
    ledger.server.hset(ledger.keys.requests, mapping={"x": "", "y": ""})
    assert ledger.summary().records == {"user": 2, "video": 1}
    assert ledger.counts() == {"records": 3, "pending": 2, "revisits": 0}


def test_a_listing_is_measured_by_what_it_declares(ledger: Book) -> None:
    rows = [user(name) for name in "abcde"]
    ledger.scribe.listing("accounts of s", "user", whole=True, declared=6, listed=[*rows, video("v")])
    ledger.record(rows[0])
    ledger.record(video("v"))
    ledger.scribe.refuse(rows[1], "invalid_url")
    ledger.scribe.fail(rows[2], "https://s/c answered HTTP 500")
    listing = one_listing(ledger)
    assert (listing.name, listing.kind, listing.whole) == ("accounts of s", "user", True)
    assert (listing.declared, listing.listed, listing.found, listing.refused, listing.failed) == (6, 5, 1, 1, 1)
    assert (listing.target, sorted(listing.missing)) == (6, ["b", "c", "d", "e"])


def test_a_listing_that_declares_nothing_is_measured_by_what_it_lists(ledger: Book) -> None:
    ledger.scribe.listing("videos of kim", "video", whole=False, declared=None, listed=[video("a"), video("b")])
    assert (one_listing(ledger).declared, one_listing(ledger).target) == (None, 2)


def test_a_page_that_declares_nothing_does_not_undo_one_that_does(ledger: Book) -> None:
    for declared in (None, 3, None, 4, None):
        ledger.scribe.listing("l", "video", whole=False, declared=declared, listed=[])
    assert (one_listing(ledger).declared, one_listing(ledger).target) == (4, 4)


def test_all_records_of_a_kind_are_measured_by_the_listings_of_whole_hosts(ledger: Book) -> None:
    ledger.scribe.listing("videos of s", "video", whole=True, declared=3, listed=[video("a"), video("b")])
    ledger.scribe.listing("videos of t", "video", whole=True, declared=2, listed=[])
    ledger.scribe.listing("videos of kim", "video", whole=False, declared=50, listed=[video("a")])
    ledger.scribe.listing("accounts of s", "user", whole=True, declared=70, listed=[])
    for name in ("a", "in no listing"):
        ledger.record(video(name))
    in_all = ledger.summary().in_all("video")
    assert (in_all.name, in_all.kind) == ("all videos", "video")
    assert (in_all.declared, in_all.listed, in_all.found) == (5, 3, 2)
    assert in_all.share == pytest.approx(2 / 5)
    ledger.scribe.listing("videos of u", "video", whole=True, declared=None, listed=[])
    assert ledger.summary().in_all("video").declared is None


def test_there_is_no_share_of_nothing(ledger: Book) -> None:
    ledger.scribe.listing("l", "video", whole=True, declared=0, listed=[])
    assert one_listing(ledger).share is None
    assert ledger.summary().in_all("user").share is None


def test_a_listing_that_declares_too_few_is_complete_with_what_was_found(ledger: Book) -> None:
    rows = [video(name) for name in "abc"]
    ledger.scribe.listing("l", "video", whole=False, declared=1, listed=rows)
    ledger.record(*rows)
    assert (one_listing(ledger).target, one_listing(ledger).share) == (3, 1.0)
    assert ledger.summary().incomplete() == []


def test_rows_that_several_pages_list_count_once(ledger: Book) -> None:
    ledger.scribe.listing("l", "video", whole=False, declared=3, listed=[video("a"), video("b")])
    ledger.scribe.listing("l", "video", whole=False, declared=3, listed=[video("b"), video("c")])
    assert one_listing(ledger).listed == 3


def test_a_row_of_two_listings_counts_in_both(ledger: Book) -> None:
    for name in ("one", "other"):
        ledger.scribe.listing(name, "video", whole=False, declared=1, listed=[video("a")])
    ledger.record(video("a"))
    assert [(listing.name, listing.found) for listing in ledger.summary().listings] == [("one", 1), ("other", 1)]


def test_listings_of_the_whole_host_come_first_and_then_all_by_name(ledger: Book) -> None:
    for name, whole in (("b", False), ("z", True), ("a", False), ("y", True)):
        ledger.scribe.listing(name, "video", whole=whole, declared=0, listed=[])
    ledger.scribe.listing("x", "user", whole=True, declared=2, listed=[])
    summary = ledger.summary()
    assert [listing.name for listing in summary.listings] == ["x", "y", "z", "a", "b"]
    assert [listing.name for listing in summary.incomplete()] == ["x"]


def test_only_some_of_the_missing_are_named(ledger: Book) -> None:
    rows = [video(str(number)) for number in range(MOST_NAMED + 5)]
    ledger.scribe.listing("l", "video", whole=True, declared=None, listed=rows)
    listing = one_listing(ledger)
    assert (len(listing.missing), listing.listed) == (MOST_NAMED, MOST_NAMED + 5)


def test_a_long_listing_is_counted_whole(ledger: Book) -> None:
    rows = [video(str(number)) for number in range(2 * BATCH + 1)]
    ledger.scribe.listing("l", "video", whole=True, declared=len(rows), listed=rows)
    ledger.record(*rows[::2])
    listing = one_listing(ledger)
    assert (listing.listed, listing.found) == (2 * BATCH + 1, BATCH + 1)


def test_what_failed_and_became_a_record_after_all_has_not_failed(ledger: Book) -> None:
    ledger.scribe.listing("l", "video", whole=True, declared=2, listed=[video("a"), video("b")])
    ledger.scribe.fail(video("a"), "no answer")
    ledger.scribe.fail("https://site.example/x", "HTTP 500")
    ledger.record(video("a"))
    assert ledger.summary().failed == {"https://site.example/x": "HTTP 500"}
    assert one_listing(ledger).failed == 0


def test_a_refusal_counts_once_under_its_last_reason(ledger: Book) -> None:
    for reason in ("private", "deleted"):
        ledger.scribe.refuse(video("a"), reason)
    ledger.scribe.refuse("https://site.example/ü", "deleted")
    assert ledger.summary().refused_by_reason() == [("deleted", 2)]


def test_what_was_refused_and_became_a_record_after_all_is_not_refused(ledger: Book) -> None:
    ledger.scribe.refuse(video("a"), "shell")
    ledger.record(video("a"))
    assert ledger.summary().refused == {}


def test_losses_of_one_kind_are_not_those_of_the_other(ledger: Book) -> None:
    ledger.scribe.refuse(video("a"), "private")
    ledger.scribe.fail(video("b"), "HTTP 500")
    ledger.scribe.fail("https://site.example/x", "HTTP 500")
    users, videos = (ledger.summary().in_all(kind) for kind in ("user", "video"))
    assert (users.refused, users.failed) == (0, 1)
    assert (videos.refused, videos.failed) == (1, 2)


def test_two_listings_of_one_name_and_different_kinds_are_two(ledger: Book) -> None:
    for kind in ("user", "video"):
        ledger.scribe.listing("same", kind, whole=True, declared=1, listed=[RecordKey(kind, "s", "a")])
    assert [(one.kind, one.listed) for one in ledger.summary().listings] == [("user", 1), ("video", 1)]


def test_keys_of_any_text_are_told_apart(ledger: Book) -> None:
    rows = [user(name) for name in ("kim", "Kim", "ünï\n💡", "", "\ud800")]
    ledger.scribe.listing("l", "user", whole=True, declared=None, listed=rows)
    ledger.record(user("kim"), user("ünï\n💡"), user("\ud800"))
    listing = one_listing(ledger)
    assert (listing.listed, listing.found, sorted(listing.missing)) == (5, 3, ["", "Kim"])
    ledger.scribe.refuse("https://site.example/\ud800", "shell")
    assert ledger.summary().refused_by_reason() == [("shell", 1)]


def test_rows_that_a_part_of_a_listing_shows_are_the_listings_too(ledger: Book) -> None:
    ledger.scribe.listing("whole", "video", whole=True, declared=3, listed=[])
    ledger.scribe.listed("whole", [video("a"), video("b")])
    ledger.scribe.listed("whole", [])
    assert one_listing(ledger).listed == 2


def test_notes_can_be_repeated_without_harm(ledger: Book) -> None:
    for _ in range(3):
        ledger.scribe.listing("l", "video", whole=True, declared=2, listed=[video("a"), video("b")])
        ledger.scribe.listing("l", "video", whole=True, declared=None, listed=[])
        ledger.scribe.refuse(video("a"), "private")
        ledger.scribe.fail(video("b"), "no answer")
    listing = one_listing(ledger)
    assert (listing.declared, listing.listed, listing.refused, listing.failed) == (2, 2, 1, 1)


def test_a_listing_that_shows_nothing_is_no_row(ledger: Book) -> None:
    ledger.scribe.listing("l", "video", whole=True, declared=0, listed=[])
    assert ledger.server.exists(ledger.keys.listed) == 0


def test_the_book_is_written_before_its_page_is_done(valkey: str) -> None:
    with instance(valkey) as one:
        ledger = Ledger(one.server, one.keys)
        scribe = Scribe(one.keys, lambda *command: one.outbox.note(command))
        scribe.listing("l", "video", whole=True, declared=2, listed=[video("a")])
        scribe.refuse(video("a"), "private")
        assert ledger.summary().listings == []
        one.round()
        assert one_listing(ledger).refused == 1


def test_dead_letters_are_counted(valkey: str) -> None:
    with crew_at(valkey) as crew:
        queue, ledger = crew.join(), Ledger(crew.server, crew.keys)
        assert ledger.dead_letters() == 0
        push(queue, "a", "b", "c")
        in_hand = take(queue)
        tell(queue, dead=[(in_hand["a"], "no"), (in_hand["b"], "no")], acks=[in_hand["c"]])
        assert ledger.dead_letters() == 2


def test_the_counts_are_those_of_the_queue(valkey: str) -> None:
    with crew_at(valkey) as crew:
        queue = crew.join()
        push(queue, "a", "b")
        tell(queue, records=[member(video("a"))])
        assert Ledger(crew.server, crew.keys).counts() == {"records": 1, "pending": 2, "revisits": 0}
        assert Ledger(crew.server, crew.keys).summary().records == {"video": 1}


def limited(ledger: Book, most: int) -> None:
    ledger.server.hset(ledger.keys.control, LIMIT, most)


def test_what_a_limit_leaves_out_is_not_missing(ledger: Book) -> None:
    rows = [video(name) for name in "abc"]
    ledger.scribe.listing("videos of s", "video", whole=True, declared=340, listed=[])
    ledger.scribe.listing("videos of kim@s", "video", whole=False, declared=200, listed=rows)
    ledger.scribe.listed("videos of s", rows)
    ledger.record(*rows)
    limited(ledger, 3)
    whole, of_kim = ledger.summary().listings
    assert (whole.target, whole.lacking, whole.declared, whole.percent()) == (3, 0, 340, "100.0 %")
    assert (of_kim.target, of_kim.lacking, of_kim.percent()) == (3, 0, "100.0 %")
    in_all = ledger.summary().in_all("video")
    assert (in_all.target, in_all.declared, in_all.most, in_all.percent()) == (3, 340, 3, "100.0 %")


@pytest.mark.parametrize(("declared", "lacking"), [(2, 0), (3, 1), (200, 1), (None, 0)])
def test_a_limited_listing_lacks_what_it_declares_up_to_the_limit(
    ledger: Book, declared: int | None, lacking: int
) -> None:
    ledger.scribe.listing("videos of kim@s", "video", whole=False, declared=declared, listed=[video("a"), video("b")])
    ledger.record(video("a"), video("b"))
    limited(ledger, 3)
    assert one_listing(ledger).lacking == lacking


def test_playlists_and_lists_of_users_are_not_limited(ledger: Book) -> None:
    ledger.scribe.listing("playlist PL1", "video", whole=False, declared=5, listed=[video("a")])
    ledger.scribe.listing("accounts of s", "user", whole=True, declared=5, listed=[user("a")])
    limited(ledger, 1)
    assert [(one.most, one.lacking) for one in ledger.summary().listings] == [(None, 5), (None, 5)]


def test_incomplete_listings_come_with_the_worst_first(ledger: Book) -> None:
    for name, declared in (("a", 1), ("b", 9), ("c", 9), ("d", 0)):
        ledger.scribe.listing(f"videos of {name}", "video", whole=False, declared=declared, listed=[])
    assert [one.name for one in ledger.summary().incomplete()] == ["videos of b", "videos of c", "videos of a"]
