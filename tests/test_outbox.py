from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from crawler.errors import QueueLost
from crawler.frontier.outbox import (
    COMMIT_ACKS,
    COMMIT_S,
    LINKS_A_STEP,
    URGENT_S,
    Claim,
    Outbox,
    Parcel,
    Question,
)
from crawler.frontier.queue import Report
from tests.couriers import DEADLINE_S, Feed
from tests.queues import link

LATER_S = 1000.0


def nobody(_: Any) -> None:
    """Wait for no answer."""


def tell(outbox: Outbox, request_id: str, generation: int = 0) -> bool:
    return outbox.tell(generation, lambda report: report.acks.append(request_id))


def wakes(outbox: Outbox, news: Callable[[], object]) -> bool:
    """Tell whether news wakes somebody who waits for it."""
    woken: list[bool] = []
    is_there = threading.Event()

    def wait() -> None:
        with outbox.condition:
            is_there.set()
            woken.append(outbox.condition.wait(DEADLINE_S))

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert is_there.wait(DEADLINE_S)
    news()  # needs the lock, which is free when the other waits
    waiter.join(2 * DEADLINE_S)
    return woken == [True]


def test_what_was_taken_is_not_there_any_more() -> None:
    outbox, feed = Outbox(), Feed()
    outbox.push(link("a"), is_seed=True)
    outbox.push(link("b"))
    outbox.note(("SADD", "key", "x"))
    outbox.write(feed, b"1\n")
    outbox.write(feed, b"2\n")
    assert tell(outbox, "7")
    with outbox.condition:
        parcel, rest = outbox.take_parcel(), outbox.take_parcel()
    assert parcel.lines == {feed: [b"1\n", b"2\n"]}
    assert parcel.notes == [("SADD", "key", "x")]
    assert (parcel.report.links, parcel.report.seeds) == ([link("a"), link("b")], [link("a")])
    assert parcel.report.acks == ["7"]
    assert rest == Parcel()


def test_questions_and_claims_are_taken_once() -> None:
    outbox = Outbox()
    question, claim = Question(("GET", "x"), nobody), Claim("r", nobody)
    outbox.ask(question)
    outbox.claim(claim)
    with outbox.condition:
        assert outbox.take_questions() == ([question], [claim])
        assert outbox.take_questions() == ([], [])


def test_news_is_due_soon_and_sooner_where_there_is_nothing_else_to_do() -> None:
    outbox = Outbox()
    assert (outbox.due_in(urgent=True), outbox.due_in(urgent=False)) == (None, None)
    outbox.push(link("a"))
    assert 0.0 <= (outbox.due_in(urgent=True) or 0.0) <= URGENT_S
    assert outbox.since is not None
    outbox.since += LATER_S
    usual, urgent = outbox.due_in(urgent=False), outbox.due_in(urgent=True)
    assert usual is not None
    assert urgent is not None
    assert urgent < usual
    outbox.since -= LATER_S + COMMIT_S
    assert outbox.due_in(urgent=False) == 0.0


def test_news_that_comes_later_does_not_put_off_what_came_first() -> None:
    outbox = Outbox()
    outbox.push(link("a"))
    first = outbox.since
    outbox.push(link("b"))
    tell(outbox, "7")
    assert outbox.since == first


def test_enough_acknowledgements_wait_for_no_more() -> None:
    outbox = with_acks(COMMIT_ACKS - 1)
    assert (outbox.due_in(urgent=True) or 0.0) > 0.0
    tell(outbox, "7")
    assert outbox.due_in(urgent=False) == 0.0


def with_acks(number: int) -> Outbox:
    """Make an outbox whose acknowledgements are not due by their age."""
    outbox = Outbox()
    for one in range(number):
        tell(outbox, str(one))
    assert outbox.since is not None
    outbox.since += LATER_S
    return outbox


@pytest.mark.parametrize("kind", ["push", "note", "write", "tell", "ask", "claim", "wake", "enough"])
def test_news_wakes_who_waits_for_it(kind: str) -> None:
    outbox = with_acks(COMMIT_ACKS - 1) if kind == "enough" else Outbox()
    news: dict[str, Callable[[], object]] = {
        "push": lambda: outbox.push(link("a")),
        "note": lambda: outbox.note(("PING",)),
        "write": lambda: outbox.write(Feed(), b"1\n"),
        "tell": lambda: tell(outbox, "7"),
        "ask": lambda: outbox.ask(Question(("PING",), nobody)),
        "claim": lambda: outbox.claim(Claim("r", nobody)),
        "wake": outbox.wake,
        "enough": lambda: tell(outbox, "7"),
    }
    assert wakes(outbox, news[kind])


def test_a_record_is_claimed_once_until_it_is_let_go() -> None:
    outbox = Outbox()
    assert [outbox.claim(Claim(record, nobody)) for record in ("r", "r", "s", "r")] == [True, False, True, False]
    outbox.forget(["r", "never claimed"])
    assert [outbox.claim(Claim(record, nobody)) for record in ("r", "s")] == [True, False]
    assert [claim.record for claim in outbox.claims] == ["r", "s", "r"]


@pytest.mark.parametrize(
    ("links", "sizes"), [(0, [0]), (1000, [1000]), (1001, [1000, 1, 0]), (2500, [1000, 1000, 500, 0])]
)
def test_a_report_is_told_in_parts_of_which_the_last_says_what_is_done(links: int, sizes: list[int]) -> None:
    all_links = [link(str(number)) for number in range(links)]
    report = Report(links=list(all_links), acks=["7"], records=["r"], started=True)
    parts = Parcel(report=report).reports()
    assert LINKS_A_STEP == 1000
    assert [len(part.links) for part in parts] == sizes
    assert [one for part in parts for one in part.links] == all_links
    assert (parts[-1].acks, parts[-1].records, parts[-1].started) == (["7"], ["r"], True)
    assert not any(part.acks or part.records or part.started for part in parts[:-1])


def test_once_nobody_answers_any_more_who_asks_is_told() -> None:
    outbox = Outbox()
    outbox.closed = True
    answers: list[Any] = []
    outbox.ask(Question(("PING",), answers.append))
    assert outbox.claim(Claim("r", answers.append))
    assert [type(answer) for answer in answers] == [QueueLost, QueueLost]
    assert (outbox.questions, outbox.claims) == ([], [])


# --- when the leases are lost ---


def test_what_is_said_of_requests_of_a_former_lease_is_not_told() -> None:
    outbox = Outbox()
    outbox.begin_again(Parcel())
    assert not tell(outbox, "7", generation=0)
    assert tell(outbox, "8", generation=1)
    assert outbox.parcel.report.acks == ["8"]


def test_beginning_again_keeps_what_still_counts_in_its_order() -> None:
    outbox, feed = Outbox(), Feed()
    fill(outbox, feed, "first")
    with outbox.condition:
        undelivered = outbox.take_parcel()
    fill(outbox, feed, "later")
    outbox.begin_again(undelivered)
    both = ["first", "later"]
    assert outbox.parcel == Parcel(
        notes=[("SADD", "key", word) for word in both],
        report=Report(links=[link(word) for word in both], seeds=[link(word) for word in both], started=True),
    )
    assert outbox.due_in(urgent=False) is not None
    assert outbox.claimed == set(both), "those that nobody has asked for yet are asked for under the new name"


def test_claims_that_were_answered_are_forgotten_with_the_lease() -> None:
    outbox = Outbox()
    outbox.claim(Claim("r", nobody))
    with outbox.condition:
        outbox.take_questions()
    assert (outbox.generation_of("r"), outbox.generation_of("s")) == (0, -1)
    outbox.begin_again(Parcel())
    assert outbox.generation_of("r") == -1


def test_of_a_page_that_is_no_longer_ours_the_records_are_told_that_were_claimed_since() -> None:
    outbox = Outbox()
    outbox.begin_again(Parcel())
    outbox.tell_written([("before", 0), ("unknown", -1), ("since", 1)])
    assert outbox.parcel.report.records == ["since"]


def test_what_is_so_under_any_lease_is_told_under_the_present_one() -> None:
    outbox = Outbox()
    outbox.begin_again(Parcel())
    assert outbox.tell(None, lambda report: report.acks.append("7"))
    assert outbox.parcel.report.acks == ["7"]


def fill(outbox: Outbox, feed: Feed, word: str) -> None:
    """Let an outbox have something of each kind."""
    outbox.push(link(word), is_seed=True)
    outbox.note(("SADD", "key", word))
    outbox.write(feed, word.encode())
    outbox.claim(Claim(word, nobody))

    def of_all_kinds(report: Report) -> None:
        report.acks.append(word)
        report.dead.append((word, "no"))
        report.returned.append((word, False))
        report.landed.append(("slot", word))
        report.records.append(word)
        report.started = word == "first"

    assert outbox.tell(0, of_all_kinds)
