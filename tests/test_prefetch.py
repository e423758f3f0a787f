from __future__ import annotations

from time import monotonic

import pytest

from crawler.frontier.prefetch import Leased, PrefetchBuffer, slot_in
from crawler.frontier.queue import Handed

LATER_MS = 1e6


def handed(*names: str, due_in_ms: float = 0.0, slot: str = "site.example") -> list[Handed]:
    return [Handed(name, due_in_ms, f'{{"v":1,"u":"{name}","s":"{slot}"}}'.encode()) for name in names]


def filled(*names: str, capacity: int = 8) -> PrefetchBuffer:
    buffer = PrefetchBuffer(capacity)
    buffer.fill(handed(*names), 0, alone=False)
    return buffer


def taken(buffer: PrefetchBuffer) -> list[str]:
    """Take all whose time has come."""
    return [leased.id for leased in iter(buffer.take, None)]


def test_requests_come_out_in_the_order_in_which_they_came() -> None:
    buffer = filled("a", "b")
    buffer.fill(handed("c"), 3, alone=False)
    first = buffer.take()
    assert first is not None
    assert (first.id, first.payload, first.generation) == ("a", b'{"v":1,"u":"a","s":"site.example"}', 0)
    assert first.due <= monotonic()
    rest = [buffer.take(), buffer.take()]
    assert [(leased.id, leased.generation) for leased in rest if leased] == [("b", 0), ("c", 3)]
    assert (buffer.take(), buffer.next_due(), len(buffer)) == (None, None, 0)


def test_of_what_comes_together_the_earliest_comes_first() -> None:
    buffer = PrefetchBuffer(8)
    buffer.fill([*handed("late", due_in_ms=LATER_MS), *handed("now")], 0, alone=False)
    assert taken(buffer) == ["now"]
    assert len(buffer) == 1


def test_no_request_comes_out_before_its_time() -> None:
    buffer = PrefetchBuffer(8)
    before = monotonic()
    buffer.fill(handed("a", due_in_ms=LATER_MS), 0, alone=False)
    assert buffer.take() is None
    due = buffer.next_due()
    assert due is not None
    assert before + LATER_MS / 1000 <= due <= monotonic() + LATER_MS / 1000


@pytest.mark.parametrize(
    ("capacity", "waiting", "room"),
    [(8, 0, 8), (8, 4, 4), (8, 5, 0), (8, 8, 0), (1, 0, 1), (1, 1, 0), (3, 1, 2), (3, 2, 0)],
)
def test_there_is_room_for_all_the_rest_once_half_of_them_are_gone(capacity: int, waiting: int, room: int) -> None:
    assert filled(*map(str, range(waiting)), capacity=capacity).room() == room


def test_beside_a_suspect_there_is_no_room() -> None:
    buffer = PrefetchBuffer(8)
    buffer.fill(handed("suspect"), 0, alone=True)
    assert (buffer.alone, buffer.room()) == ("suspect", 0)
    assert taken(buffer) == ["suspect"]
    assert buffer.room() == 0
    buffer.alone = ""
    assert buffer.room() == 8


def test_an_empty_answer_is_no_suspect() -> None:
    buffer = PrefetchBuffer(8)
    buffer.fill([], 0, alone=True)
    assert (buffer.alone, buffer.room()) == ("", 8)


# --- places that are lent ---


def test_a_waiting_request_lends_its_place_to_another_of_its_host_and_is_the_next_when_it_gets_that_back() -> None:
    buffer = filled("a")
    buffer.fill([*handed("b", slot="other.example"), *handed("c")], 0, alone=False)
    lent = buffer.lend("other.example")
    assert lent is not None
    assert lent.id == "b"
    assert (buffer.lend("other.example"), buffer.lend("third.example")) == (None, None)
    assert len(buffer) == 2
    buffer.take_back(lent)
    buffer.take_back(lent)
    assert taken(buffer) == ["b", "a", "c"]


def test_what_is_lent_still_needs_its_room() -> None:
    buffer = filled(*"abcde")
    while (buffer.lend("site.example")) is not None:
        assert buffer.room() == 0
    assert (len(buffer), buffer.room()) == (0, 0)


def test_clear_gives_all_and_forgets_it() -> None:
    buffer = filled("a", "b", "c")
    lent = buffer.lend("site.example")
    buffer.alone = "a"
    assert sorted(leased.id for leased in buffer.clear()) == ["a", "b", "c"]
    assert lent is not None
    buffer.take_back(lent)
    assert (buffer.take(), buffer.alone, buffer.room(), buffer.clear()) == (None, "", 8, [])


@pytest.mark.parametrize(
    "payload", [b"", b"no json", b"[]", b"1", b"null", b"{}", b'{"s": 1}', b'{"s": null}', b'{"s": ["a"]}', b"\xff"]
)
def test_a_payload_that_names_no_slot_lends_nothing(payload: bytes) -> None:
    assert slot_in(payload) is None
    buffer = PrefetchBuffer(8)
    buffer.fill([Handed("a", 0.0, payload)], 0, alone=False)
    assert buffer.lend("") is None
    assert taken(buffer) == ["a"]


def test_a_payload_names_its_slot() -> None:
    leased = Leased("a", handed("a", slot="h")[0].payload, 0.0, 0)
    assert slot_in(leased.payload) == "h"
