"""Whether a server holds what it should: every request in one place, and every count right."""

from __future__ import annotations

from typing import cast

from redis import Redis

from crawler.frontier.keys import FLEET, Keys
from crawler.frontier.queue import text, texts
from tests.queue_model import Truth
from tests.queue_pages import SLOTS, links_of, page
from tests.queue_places import AGAIN, DUE, LAST, PENDING, SUSPECTS
from tests.queues import scores

KEYS = Keys("videos")


def audit(server: Redis, truth: Truth) -> None:
    """Compare all that a server holds of a crawl with what it should."""
    requests_are_where_they_should(server, truth)
    workers_are_known(server, truth)
    counts_are_right(server, truth)
    links_are_known(server, truth)


def requests_are_where_they_should(server: Redis, truth: Truth) -> None:
    assert set(texts(cast("list[bytes]", server.hkeys(KEYS.requests)))) == set(truth.requests)
    pending = truth.in_place(PENDING)
    queued = {slot: list(scores(server, f"{KEYS.prefix}queue:{slot}")) for slot in SLOTS}
    assert queued == {slot: [one for one in pending if truth.requests[one].link.slot == slot] for slot in SLOTS}
    again = {slot: scores(server, f"{KEYS.prefix}again:{slot}") for slot in SLOTS}
    visits = {one: truth.requests[one] for one in truth.in_place(AGAIN)}
    assert again == {
        slot: {one: visits[one].due_ms for one in visits if visits[one].link.slot == slot} for slot in SLOTS
    }
    later = {one.encode(): request.due_ms for one, request in truth.requests.items() if request.again}
    assert {one: float(due_ms) for one, due_ms in server.hgetall(KEYS.visits).items()} == later
    assert set(scores(server, KEYS.hosts)) == {slot for slot in SLOTS if queued[slot] or again[slot]}
    assert list(scores(server, KEYS.last)) == truth.in_place(LAST)
    assert list(scores(server, KEYS.suspects)) == truth.in_place(SUSPECTS)
    due = {one: truth.requests[one].due_ms for one in truth.in_place(DUE)}
    assert scores(server, KEYS.due) == due
    leased = {name: set(truth.in_place(name)) for name in truth.workers}
    held = {key.removeprefix("leased:"): members(server, KEYS.prefix + key) for key in names(server, "leased:*")}
    assert held == {name: ids for name, ids in leased.items() if ids}
    in_flight = {f"{KEYS.prefix}{one}" for ids in leased.values() for one in ids}
    for slot in SLOTS:
        assert set(scores(server, f"{FLEET}flights:{slot}")) <= in_flight


def workers_are_known(server: Redis, truth: Truth) -> None:
    assert scores(server, KEYS.workers) == {name: worker.deadline_ms for name, worker in truth.workers.items()}
    assert members(server, KEYS.starting) == {name for name, worker in truth.workers.items() if worker.starting}
    assert members(server, KEYS.ready) == (truth.ready if truth.workers else set())


def counts_are_right(server: Redis, truth: Truth) -> None:
    fields = cast("dict[bytes, bytes]", server.hgetall(KEYS.control))
    control = {text(name): text(value) for name, value in fields.items()}
    sequence, done, dead, redelivered = (
        int(control.get(name, 0)) for name in ("sequence", "done", "dead", "redelivered")
    )
    assert (sequence, done, dead) == (truth.sequence, len(truth.done), len(truth.dead))
    assert redelivered == truth.redelivered
    assert int(control.get("visits", 0)) == truth.visits
    assert server.hgetall(KEYS.readings) == {name.encode(): told for name, told in truth.readings.items()}
    assert sequence == done + dead + server.hlen(KEYS.requests)
    assert set(texts(cast("list[bytes]", server.hkeys(KEYS.dead)))) == set(truth.dead)
    assert ("finished" in control, "paused_ms" in control) == (truth.finished, truth.paused)
    assert ("epoch" in control) == bool(truth.epoch)
    assert members(server, KEYS.recorded) == truth.recorded


def links_are_known(server: Redis, truth: Truth) -> None:
    """The links of every page that is done have been in the queue."""
    fetched = {number for number in truth.done if number is not None}
    assert {str(page(linked).fingerprint) for number in fetched for linked in links_of(number)} <= truth.seen
    if truth.workers or not truth.finished:
        seen = [members(server, KEYS.prefix + key) for key in names(server, "seen:*")]
        assert set().union(*seen) == truth.seen
        revisits = cast("dict[bytes, bytes]", server.hgetall(KEYS.revisits))
        assert {int(page): text(one) for page, one in revisits.items()} == truth.revisits
        assert members(server, KEYS.turns) == truth.turns


def names(server: Redis, pattern: str) -> list[str]:
    """Return the crawl's keys of a pattern, without their prefix."""
    found = cast("list[bytes]", server.keys(KEYS.prefix + pattern))
    return sorted(name.removeprefix(KEYS.prefix) for name in texts(found))


def members(server: Redis, key: str) -> set[str]:
    return set(texts(cast("set[bytes]", server.smembers(key))))
