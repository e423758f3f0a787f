from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from crawler.frontier.letters import BATCH, MOST_SHOWN, Letter, Letters, letter_of
from crawler.frontier.queue import NewLink, Queue
from tests.queues import SITE, Crew, crew_at, finish, ids, link, push, take, tell, vote

PAGE = f"https://{SITE}/"
OTHER = "other.example"


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


@pytest.fixture
def letters(crew: Crew) -> Letters:
    return Letters(crew.server, crew.keys)


def bury(queue: Queue, *pages: str | NewLink, reason: str = "was in hand at 5 crashes of its worker") -> None:
    """Make dead letters of requests."""
    push(queue, *pages)
    tell(queue, dead=[(one, reason) for one in ids(queue.pop(100))])


def adds_up(crew: Crew) -> bool:
    sequence, done, dead = (int(crew.control(name) or 0) for name in ("sequence", "done", "dead"))
    return sequence == done + dead + crew.left() and dead == crew.server.hlen(crew.keys.dead)


def test_letters_tell_what_was_given_up_and_why_in_the_order_in_which_it_came(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    bury(queue, link(f"{PAGE}b"), link(f"https://{OTHER}/a", OTHER))
    first, second = letters.chosen()
    assert first == Letter("0000000001", "was in hand at 5 crashes of its worker", 0, f"{PAGE}b", SITE, readable=True)
    assert (second.url, second.host) == (f"https://{OTHER}/a", OTHER)


def test_letters_are_chosen_by_a_part_of_their_reason_and_by_their_host(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    bury(queue, link(f"{PAGE}a"), reason="not_json: x")
    bury(queue, link(f"https://{OTHER}/b", OTHER), link(f"{PAGE}c"), reason="5 crashes")
    assert [one.url for one in letters.chosen(reason="CRASHES")] == [f"https://{OTHER}/b", f"{PAGE}c"]
    assert [one.url for one in letters.chosen(host=OTHER.upper())] == [f"https://{OTHER}/b"]
    assert [one.url for one in letters.chosen("crash", SITE)] == [f"{PAGE}c"]
    assert letters.chosen(host="example") == []


def test_a_letter_that_is_put_back_is_handed_out_again_with_no_crash_to_its_account(
    crew: Crew, letters: Letters
) -> None:
    queue = crew.join()
    bury(queue, link(f"{PAGE}a", priority=3))
    crew.server.hset(crew.keys.deliveries, "0000000001", 5)
    letters.retry(letters.chosen())
    assert letters.chosen() == []
    assert adds_up(crew)
    assert not crew.server.exists(crew.keys.deliveries)
    assert take(queue) == {f"{PAGE}a": "0000000001"}
    assert finish(queue, "0000000001").progress == "complete"


def test_a_letter_goes_back_to_its_place(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    bury(queue, link(f"{PAGE}first", priority=1), link(f"{PAGE}low", priority=-1))
    push(queue, link(f"{PAGE}second", priority=1), link(f"{PAGE}high", priority=2))
    letters.retry(letters.chosen())
    assert list(take(queue)) == [f"{PAGE}{name}" for name in ("high", "first", "second", "low")]


def test_a_letter_that_is_kept_for_the_end_waits_for_it_again(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    bury(queue, link(f"{PAGE}check", last=True))
    letters.retry(letters.chosen())
    assert crew.server.zcard(crew.keys.last) == 1
    assert list(take(queue)) == [f"{PAGE}check"]


def test_a_finished_crawl_with_a_letter_put_back_goes_on(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    bury(queue, link(f"{PAGE}a"))
    assert vote(queue) == ["finished"]
    queue.leave()
    letters.retry(letters.chosen())
    assert adds_up(crew)
    again = crew.queue()
    assert again.join() == ("resumed", 1)
    tell(again, started=True)
    assert list(take(again)) == [f"{PAGE}a"]
    assert finish(again, "0000000001").progress == "complete"
    assert vote(again) == ["finished"]


def test_instances_that_were_about_to_agree_on_the_end_work_on(crew: Crew, letters: Letters) -> None:
    one, two = crew.join(), crew.join()
    bury(one, link(f"{PAGE}a"))
    assert vote(one) == ["complete"]
    letters.retry(letters.chosen())
    assert vote(two) == ["working"]
    assert take(two)


def test_letters_that_are_dropped_count_as_done_and_give_no_id_away_twice(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    bury(queue, link(f"{PAGE}a"), link(f"{PAGE}b"))
    letters.drop(letters.chosen())
    assert letters.chosen() == []
    assert adds_up(crew)
    assert (crew.control("sequence"), crew.control("done"), crew.control("dead")) == ("2", "2", "0")
    push(queue, f"{PAGE}c")
    assert take(queue) == {f"{PAGE}c": "0000000003"}


def test_both_can_be_repeated_after_a_lost_reply(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    bury(queue, link(f"{PAGE}a"), link(f"{PAGE}b"))
    first, second = letters.chosen()
    for _ in range(2):
        letters.retry([first])
        letters.drop([second])
        assert adds_up(crew)
    assert list(take(queue)) == [f"{PAGE}a"]
    letters.retry([first])
    assert adds_up(crew)


@pytest.mark.parametrize(
    "payload", [b"\xff\xfe", b"{}", b"[]", b'"text"', b"", b'{"v": 9, "u": "https://s/", "s": "s"}', b"[" * 2000]
)
def test_what_cannot_be_read_is_shown_and_stays_dead_until_it_is_dropped(
    crew: Crew, letters: Letters, payload: bytes
) -> None:
    queue = crew.join()
    bury(queue, NewLink(None, SITE, 0, False, payload), reason="not_json")  # noqa: FBT003 - as it is told
    (letter,) = letters.chosen()
    assert (letter.readable, letter.reason) == (False, "not_json")
    letters.retry([letter])
    assert letters.chosen() == [letter]
    letters.drop([letter])
    assert letters.chosen() == []
    assert adds_up(crew)


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"{}", b"", b"[1, 2"])
def test_the_queue_itself_puts_nothing_back_that_has_no_place(crew: Crew, letters: Letters, payload: bytes) -> None:
    queue = crew.join()
    bury(queue, NewLink(None, SITE, 0, False, payload))  # noqa: FBT003 - as it is told
    assert queue.call("requeue", "0000000001", "0000000077") == [b"0000000001"]
    assert adds_up(crew)
    assert len(letters.chosen()) == 1


def test_bytes_that_are_no_text_come_back_as_they_were(crew: Crew) -> None:
    queue = crew.join()
    payload = b'{"s": "site.example", "\xff": "\\u00e4\x01"}'
    bury(queue, NewLink(None, SITE, 0, False, payload))  # noqa: FBT003 - as it is told
    assert queue.call("requeue", "0000000001") == []
    assert queue.pop(1).requests[0].payload == payload


@pytest.mark.parametrize("stored", [b"", b"\xff", b"[]", b"{}", b'{"reason": 1}', b'{"request": 1, "reason": ""}'])
def test_a_letter_that_is_none_is_shown_too(stored: bytes) -> None:
    letter = letter_of("1", stored)
    assert (letter.readable, letter.reason) == (False, "the letter itself cannot be read")


def test_a_long_payload_is_shortened_and_moves_no_cursor() -> None:
    stored = json.dumps({"reason": "\x1b[2Jgone\n", "deliveries": 0, "request": "\x1b[31m" + "é" * 10_000}).encode()
    letter = letter_of("1", stored)
    assert letter.url.startswith("\\x1b[31mé")
    assert letter.url.endswith("é…")
    assert len(letter.url) <= MOST_SHOWN + 4
    assert letter.reason == "\\x1b[2Jgone\\n"


def test_a_seed_that_another_program_left_is_shown_and_can_be_put_back(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    crew.server.rpush(crew.keys.start_urls, f"{PAGE}seed")
    (popped,) = queue.pop(1).requests
    tell(queue, dead=[(popped.id, "the seed is none")])
    (letter,) = letters.chosen(host=SITE)
    assert (letter.url, letter.readable) == (f"{PAGE}seed", True)
    letters.retry([letter])
    assert queue.pop(1).requests[0].payload == popped.payload


def test_more_letters_than_one_call_takes_are_put_back_or_dropped(crew: Crew, letters: Letters) -> None:
    queue = crew.join()
    push(queue, *(link(f"{PAGE}{number}") for number in range(2 * BATCH + 1)))
    tell(queue, dead=[(one, "x") for one in take(queue, 5000).values()])
    chosen = letters.chosen()
    letters.retry(chosen[: BATCH + 1])
    letters.drop(chosen[BATCH + 1 :])
    assert adds_up(crew)
    assert (crew.left(), crew.control("done")) == (BATCH + 1, str(BATCH))


def test_the_letters_of_another_spider_are_left_alone(crew: Crew, letters: Letters, valkey: str) -> None:
    with crew_at(valkey, "users") as others:
        bury(others.join(), link(f"{PAGE}a"))
        crew.join()
        assert letters.chosen() == []
        assert len(Letters(others.server, others.keys).chosen()) == 1
