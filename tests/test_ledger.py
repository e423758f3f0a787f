from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from crawler.frontier.keys import Keys
from crawler.frontier.ledger import BATCH, MOST_NAMED, Ledger, ListingCount
from crawler.items import RecordKey


def user(name: str) -> RecordKey:
    return RecordKey("user", "peertube", name)


def video(name: str) -> RecordKey:
    return RecordKey("video", "peertube", name)


@pytest.fixture
def ledger(valkey: str) -> Iterator[Ledger]:
    with Redis.from_url(valkey) as client:
        yield Ledger(client, Keys("users"))


def one_listing(ledger: Ledger) -> ListingCount:
    (listing,) = ledger.summary().listings
    return listing


def test_a_record_is_claimed_once_over_all_instances(ledger: Ledger, valkey: str) -> None:
    with Redis.from_url(valkey) as client:
        other = Ledger(client, Keys("users"))
        assert [ledger.claim(user("kim")), other.claim(user("kim")), other.claim(user("lee"))] == [True, False, True]


def test_another_spider_has_a_ledger_of_its_own(ledger: Ledger) -> None:
    ledger.claim(user("kim"))
    assert Ledger(ledger.server, Keys("videos")).claim(user("kim"))


def test_what_is_known_is_what_was_claimed(ledger: Ledger) -> None:
    for key in (user("kim"), user("ünï\n💡"), user("")):
        ledger.claim(key)
    asked = [user("ünï\n💡"), video("kim"), user("kim"), user("kim"), user("Kim")]
    assert ledger.known(asked) == {user("ünï\n💡"), user("kim")}
    assert ledger.known([]) == set()


def test_an_empty_crawl_has_an_empty_summary(ledger: Ledger) -> None:
    summary = ledger.summary()
    assert (summary.records, summary.listings, summary.refused, summary.failed) == ({}, [], {}, {})
    assert ledger.counts() == {"records": 0, "pending": 0}


def test_records_and_pending_requests_are_counted(ledger: Ledger) -> None:
    for key in (user("a"), user("b"), video("a")):
        ledger.claim(key)
    ledger.server.zadd(ledger.keys.requests, {"x": 0, "y": 0})
    assert ledger.summary().records == {"user": 2, "video": 1}
    assert ledger.counts() == {"records": 3, "pending": 2}


def test_a_listing_is_measured_by_what_it_declares(ledger: Ledger) -> None:
    rows = [user(name) for name in "abcde"]
    ledger.listing("accounts of s", "user", whole=True, declared=6, listed=[*rows, video("v")])
    ledger.claim(rows[0])
    ledger.claim(video("v"))
    ledger.refuse(rows[1], "invalid_url")
    ledger.fail(rows[2], "https://s/c answered HTTP 500")
    listing = one_listing(ledger)
    assert (listing.name, listing.kind, listing.whole) == ("accounts of s", "user", True)
    assert (listing.declared, listing.listed, listing.found, listing.refused, listing.failed) == (6, 5, 1, 1, 1)
    assert (listing.target, sorted(listing.missing)) == (6, ["b", "c", "d", "e"])


def test_a_listing_that_declares_nothing_is_measured_by_what_it_lists(ledger: Ledger) -> None:
    ledger.listing("videos of kim", "video", whole=False, declared=None, listed=[video("a"), video("b")])
    assert (one_listing(ledger).declared, one_listing(ledger).target) == (None, 2)


def test_a_page_that_declares_nothing_does_not_undo_one_that_does(ledger: Ledger) -> None:
    for declared in (None, 3, None, 4, None):
        ledger.listing("l", "video", whole=False, declared=declared, listed=[])
    assert (one_listing(ledger).declared, one_listing(ledger).target) == (4, 4)


def test_all_records_of_a_kind_are_measured_by_the_listings_of_whole_hosts(ledger: Ledger) -> None:
    ledger.listing("videos of s", "video", whole=True, declared=3, listed=[video("a"), video("b")])
    ledger.listing("videos of t", "video", whole=True, declared=2, listed=[])
    ledger.listing("videos of kim", "video", whole=False, declared=50, listed=[video("a")])
    ledger.listing("accounts of s", "user", whole=True, declared=70, listed=[])
    for name in ("a", "in no listing"):
        ledger.claim(video(name))
    in_all = ledger.summary().in_all("video")
    assert (in_all.name, in_all.kind) == ("all videos", "video")
    assert (in_all.declared, in_all.listed, in_all.found) == (5, 3, 2)
    assert in_all.share == pytest.approx(2 / 5)
    ledger.listing("videos of u", "video", whole=True, declared=None, listed=[])
    assert ledger.summary().in_all("video").declared is None


def test_there_is_no_share_of_nothing(ledger: Ledger) -> None:
    ledger.listing("l", "video", whole=True, declared=0, listed=[])
    assert one_listing(ledger).share is None
    assert ledger.summary().in_all("user").share is None


def test_a_listing_that_declares_too_few_is_complete_with_what_was_found(ledger: Ledger) -> None:
    rows = [video(name) for name in "abc"]
    ledger.listing("l", "video", whole=False, declared=1, listed=rows)
    for row in rows:
        ledger.claim(row)
    assert (one_listing(ledger).target, one_listing(ledger).share) == (3, 1.0)
    assert ledger.summary().incomplete() == []


def test_rows_that_several_pages_list_count_once(ledger: Ledger) -> None:
    ledger.listing("l", "video", whole=False, declared=3, listed=[video("a"), video("b")])
    ledger.listing("l", "video", whole=False, declared=3, listed=[video("b"), video("c")])
    assert one_listing(ledger).listed == 3


def test_a_row_of_two_listings_counts_in_both(ledger: Ledger) -> None:
    for name in ("one", "other"):
        ledger.listing(name, "video", whole=False, declared=1, listed=[video("a")])
    ledger.claim(video("a"))
    assert [(listing.name, listing.found) for listing in ledger.summary().listings] == [("one", 1), ("other", 1)]


def test_listings_of_the_whole_host_come_first_and_then_all_by_name(ledger: Ledger) -> None:
    for name, whole in (("b", False), ("z", True), ("a", False), ("y", True)):
        ledger.listing(name, "video", whole=whole, declared=0, listed=[])
    ledger.listing("x", "user", whole=True, declared=2, listed=[])
    summary = ledger.summary()
    assert [listing.name for listing in summary.listings] == ["x", "y", "z", "a", "b"]
    assert [listing.name for listing in summary.incomplete()] == ["x"]


def test_only_some_of_the_missing_are_named(ledger: Ledger) -> None:
    rows = [video(str(number)) for number in range(MOST_NAMED + 5)]
    ledger.listing("l", "video", whole=True, declared=None, listed=rows)
    listing = one_listing(ledger)
    assert (len(listing.missing), listing.listed) == (MOST_NAMED, MOST_NAMED + 5)


def test_a_long_listing_is_counted_whole(ledger: Ledger) -> None:
    rows = [video(str(number)) for number in range(2 * BATCH + 1)]
    ledger.listing("l", "video", whole=True, declared=len(rows), listed=rows)
    for row in rows[::2]:
        ledger.claim(row)
    listing = one_listing(ledger)
    assert (listing.listed, listing.found) == (2 * BATCH + 1, BATCH + 1)


def test_what_failed_and_became_a_record_after_all_has_not_failed(ledger: Ledger) -> None:
    ledger.listing("l", "video", whole=True, declared=2, listed=[video("a"), video("b")])
    ledger.fail(video("a"), "no answer")
    ledger.fail("https://site.example/x", "HTTP 500")
    ledger.claim(video("a"))
    assert ledger.summary().failed == {"https://site.example/x": "HTTP 500"}
    assert one_listing(ledger).failed == 0


def test_a_refusal_counts_once_under_its_last_reason(ledger: Ledger) -> None:
    for reason in ("private", "deleted"):
        ledger.refuse(video("a"), reason)
    ledger.refuse("https://site.example/ü", "deleted")
    assert ledger.summary().refused_by_reason() == [("deleted", 2)]


def test_what_was_refused_and_became_a_record_after_all_is_not_refused(ledger: Ledger) -> None:
    ledger.refuse(video("a"), "shell")
    ledger.claim(video("a"))
    assert ledger.summary().refused == {}


def test_losses_of_one_kind_are_not_those_of_the_other(ledger: Ledger) -> None:
    ledger.refuse(video("a"), "private")
    ledger.fail(video("b"), "HTTP 500")
    ledger.fail("https://site.example/x", "HTTP 500")
    users, videos = (ledger.summary().in_all(kind) for kind in ("user", "video"))
    assert (users.refused, users.failed) == (0, 1)
    assert (videos.refused, videos.failed) == (1, 2)


def test_two_listings_of_one_name_and_different_kinds_are_two(ledger: Ledger) -> None:
    for kind in ("user", "video"):
        ledger.listing("same", kind, whole=True, declared=1, listed=[RecordKey(kind, "s", "a")])
    assert [(one.kind, one.listed) for one in ledger.summary().listings] == [("user", 1), ("video", 1)]


def test_a_key_with_a_lone_surrogate_is_one_like_any_other(ledger: Ledger) -> None:
    key = video("\ud800")
    assert ledger.claim(key)
    assert ledger.known([key]) == {key}
    ledger.refuse("https://site.example/\ud800", "shell")
    assert ledger.summary().refused_by_reason() == [("shell", 1)]


def test_a_feed_is_begun_once_in_a_crawl_by_any_of_its_names(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [tmp_path / "a.jsonl", Path("a.jsonl"), tmp_path / "x" / ".." / "a.jsonl", tmp_path / "b.jsonl"]
    assert [ledger.begin_feed(name) for name in names] == [True, False, False, True]
