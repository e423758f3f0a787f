from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from crawler.frontier.fingerprint import folded
from crawler.frontier.ledger import member
from crawler.frontier.queue import NewLink, Queue, Revisit
from crawler.frontier.revisits import visit_again
from crawler.frontier.whereabouts import Candidate, Searcher, Whereabouts, bucket_of
from crawler.frontier.worker import machine
from crawler.items import RecordKey
from tests.books import Book
from tests.queues import SITE, Crew, crash, crew_at, finish, link, push, take, tell, vote

URL = f"https://{SITE}/video/one?b=2&a=1"
HOUR_MS = 3_600_000
KEY = RecordKey("video", "s", "one")


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


@pytest.fixture
def book(crew: Crew) -> Book:
    return Book(crew.server, crew.keys)


def find(crew: Crew, url: str = URL, *records: RecordKey) -> Whereabouts:
    fingerprint = link(url).fingerprint
    assert fingerprint is not None
    return Searcher(crew.server, crew.keys).find([Candidate(url, fingerprint, records)])


def test_where_there_is_no_crawl_it_says_so(crew: Crew) -> None:
    assert find(crew) == Whereabouts("none", "there is no crawl of videos here")


def test_a_url_that_nothing_leads_to_was_never_seen(crew: Crew) -> None:
    queue = crew.queue()
    queue.join("url=https://site.example")
    push(queue, f"https://{SITE}/video/other", f"https://{SITE}/video/one")
    crew.server.rpush(crew.keys.start_urls, URL)
    found = find(crew)
    assert (found.state, found.url, found.request_id) == ("unseen", "", "")
    assert found.text == (
        "never seen: it is no seed, and no page read so far leads to it within the scope (url=https://site.example); "
        "left that may lead to it: 2 requests; not read yet: 1 seed of other programs"
    )


def test_a_url_that_a_limit_may_have_left_out_is_said_to_be_that(crew: Crew) -> None:
    crew.join()
    crew.server.hset(crew.keys.control, "max_per_user", 3)
    assert "within the scope (" in find(crew).text
    assert "), or max_per_user=3 has left it out" in find(crew).text


def test_of_a_crawl_whose_seeds_were_sent_to_it_that_is_said(crew: Crew) -> None:
    push(crew.join(), f"https://{SITE}/video/other")
    assert "(its seeds were sent with scrapy seed, or by other programs)" in find(crew).text


def test_a_url_is_found_in_the_queue_with_what_comes_before_it(crew: Crew) -> None:
    queue = crew.join()
    push(queue, f"https://{SITE}/a", f"https://{SITE}/b", URL)
    assert find(crew) == Whereabouts(
        "waiting", f"waits: 2 other requests of its host come first, and {SITE} may be asked now", URL, "0000000003"
    )


@pytest.mark.parametrize(
    "form", [f"https://{SITE}/video/one?a=1&b=2", f"https://{SITE.upper()}/video/one?b=2&a=1#top", URL]
)
def test_all_forms_of_a_url_are_one(crew: Crew, form: str) -> None:
    push(crew.join(), URL)
    assert find(crew, form).state == "waiting"


def test_what_a_host_asks_for_is_what_is_waited_for(crew: Crew) -> None:
    queue = crew.join()
    push(queue, URL)
    queue.call(*queue.hold_words(SITE, 100_000, slower=True))
    found = find(crew)
    assert "may be asked in " in found.text
    assert "as it has asked for a pause of " in found.text


def test_a_crawl_that_nobody_is_at_or_that_is_paused_is_what_is_waited_for(crew: Crew) -> None:
    queue = crew.join()
    push(queue, URL)
    crew.server.hset(crew.keys.control, "paused_ms", 1)
    assert find(crew).text.endswith("; the crawl is paused")
    crew.server.hdel(crew.keys.control, "paused_ms")
    queue.leave()
    assert find(crew).text.endswith("; no instance is at the crawl")


def test_what_is_kept_for_the_end_waits_for_it(crew: Crew) -> None:
    push(crew.join(), "other", link(URL, last=True))
    assert find(crew).text == "waits: it is kept until all else is done"


def test_a_suspect_waits_for_all_others(crew: Crew) -> None:
    witness = crew.join()
    push(witness, URL)
    for _ in range(2):
        victim = crew.join()
        take(victim)
        crash(crew, victim, witness)
    assert find(crew).text == ("waits: instances crashed with it in hand 2 times, so it comes alone, after all others")


def test_an_instance_that_has_it_in_hand_is_named(crew: Crew) -> None:
    crew.join()
    queue = crew.join()
    push(queue, URL)
    take(queue)
    found = find(crew)
    assert (found.state, found.request_id) == ("leased", "0000000001")
    assert found.text.startswith("in hand of instance ")
    assert " unless it renews that" in found.text
    crew.let_lapse(queue)
    assert "whose lease is over" in find(crew).text


def test_an_instance_that_was_killed_with_it_in_hand_is_told(crew: Crew) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    queue = crew.queue()
    queue.worker = f"{machine()}:{process.pid}:00000000"
    queue.join()
    push(queue, URL)
    take(queue)
    assert find(crew).text.endswith(f"instance {machine().rpartition('-')[0]} {process.pid}, which has died")


def test_a_dead_letter_says_why_it_was_given_up(crew: Crew) -> None:
    queue = crew.join()
    push(queue, "another", URL)
    tell(queue, dead=[(one, "5 crashes") for one in take(queue).values()])
    assert find(crew) == Whereabouts(
        "dead", "was given up (5 crashes): scrapy dead videos --retry sends it again", URL, "0000000002"
    )


def test_a_record_that_is_there_is_told_before_a_request_that_checks_on_it(crew: Crew, book: Book) -> None:
    push(crew.join(), link(URL, last=True))
    book.record(KEY)
    assert find(crew, URL, KEY) == Whereabouts("recorded", "recorded, as video s one", URL)
    assert find(crew, URL).state == "waiting"


@pytest.mark.parametrize("what", [KEY, URL])
def test_what_was_refused_or_has_failed_is_told_with_the_reason(crew: Crew, book: Book, what: RecordKey | str) -> None:
    queue = crew.join()
    push(queue, URL)
    finish(queue, *take(queue).values())
    book.scribe.fail(what, "HTTP 500")
    assert find(crew, URL, KEY) == Whereabouts("failed", "could not be fetched: HTTP 500", URL)
    book.scribe.refuse(what, "private")
    assert find(crew, URL, KEY) == Whereabouts("refused", "refused as private: rejects.jsonl has the details", URL)


def test_a_page_that_was_fetched_and_gave_nothing_is_done(crew: Crew) -> None:
    queue = crew.join()
    push(queue, URL, "other")
    finish(queue, take(queue)[URL])
    assert find(crew) == Whereabouts(
        "done", "was fetched and is done; no record, refusal or failure is known by this URL", URL
    )


def test_a_finished_crawl_has_forgotten_what_it_has_seen(crew: Crew) -> None:
    queue = crew.join()
    push(queue, URL)
    finish(queue, *take(queue).values())
    vote(queue)
    queue.leave()
    assert find(crew).state == "forgotten"


def visited_again(crew: Crew, *records: RecordKey) -> None:
    """Let the page be visited, and be due again in an hour."""
    queue = crew.join()
    push(queue, URL)
    (request_id,) = take(queue).values()
    payload = visit_again(link(URL).payload, {"n": 1, "at": 1_700_000_000}, {})
    readings = {member(key): b'{"p":"-7","n":1,"f":{}}' for key in records}
    tell(queue, revisits=[Revisit(request_id, -7, HOUR_MS, payload, readings)])
    crew.server.zadd(crew.keys.due, {request_id: 1_700_003_600_000})


def test_a_page_that_is_to_be_visited_again_says_when_it_was_and_when_it_is_due(crew: Crew, book: Book) -> None:
    visited_again(crew, KEY)
    words = "visited at 2023-11-14T22:13:20Z, and is due again at 2023-11-14T23:13:20Z"
    assert find(crew).text == f"waits: {words}"
    book.record(KEY)
    assert find(crew, URL, KEY).text == f"recorded, as video s one; its page was {words}"
    crew.server.delete(crew.keys.due)
    assert find(crew, URL, KEY).text.endswith("visited at 2023-11-14T22:13:20Z, and is due again now")


def test_a_seed_of_another_program_in_hand_is_found(crew: Crew) -> None:
    queue = crew.join()
    crew.server.rpush(crew.keys.start_urls, URL)
    queue.pop(1)
    assert find(crew).state == "leased"


@pytest.mark.parametrize("payload", [b"", b"\xff one", b'{"u": 1, "s": "one"}', b'["one"]', b"one" * 1000])
def test_what_cannot_be_read_is_passed_over(crew: Crew, payload: bytes) -> None:
    queue = crew.join()
    tell(queue, links=[NewLink(None, SITE, 0, False, payload)])  # noqa: FBT003 - as it is told
    push(queue, URL)
    assert find(crew).state == "waiting"


def test_the_first_form_that_is_known_answers(crew: Crew) -> None:
    push(crew.join(), URL)
    candidates = [Candidate(url, 0) for url in (f"http://{SITE}/page", URL)]
    found = Searcher(crew.server, crew.keys).find(candidates)
    assert (found.state, found.url) == ("waiting", URL)


def test_fingerprints_are_found_in_their_buckets(crew: Crew) -> None:
    queue: Queue = crew.join()
    source = random.Random(5)  # noqa: S311 - no secret
    numbers = [source.randint(-(2**63), 2**63 - 1) for _ in range(2_900)] + [0, -1, 7, folded(b"x")]
    tell(queue, links=[NewLink(one, SITE, 0, False, b'{"s":""}') for one in numbers])  # noqa: FBT003 - as it is told
    level, split = (int(crew.control(name) or 0) for name in ("seen_level", "seen_split"))
    assert level > 2
    for one in numbers:
        assert crew.server.sismember(f"{crew.keys.prefix}seen:{bucket_of(one, level, split)}", str(one))
