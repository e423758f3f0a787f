from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from crawler.frontier.queue import NewLink, Queue
from tests.queues import SITE, Crew, crew_at, tell

MOST_IN_A_BUCKET = 512
"""The default of `set-max-intset-entries`: above it a set takes six times the memory."""
A_STEP = 1_000
LEAST, MOST = -(2**63), 2**63 - 1


@pytest.fixture
def crew(valkey: str) -> Iterator[Crew]:
    with crew_at(valkey) as crew:
        yield crew


def send(queue: Queue, fingerprints: list[int]) -> int:
    """Push a link for each; return how many were new."""
    new = 0
    for first in range(0, len(fingerprints), A_STEP):
        part = fingerprints[first : first + A_STEP]
        new += tell(queue, links=[NewLink(one, SITE, 0, False, b'{"s":""}') for one in part]).new_links  # noqa: FBT003
    return new


def buckets(crew: Crew) -> dict[str, set[int]]:
    return {name: {int(one) for one in crew.server.smembers(name)} for name in crew.names(f"{crew.keys.prefix}seen:*")}


def uniform(number: int) -> list[int]:
    source = random.Random(number)  # noqa: S311 - no secret
    return [source.randint(LEAST, MOST) for _ in range(number)]


SHAPES: dict[str, Callable[[int], list[int]]] = {
    "digests": uniform,
    "small and in a row": lambda number: list(range(number)),
    "negative and in a row": lambda number: list(range(-number, 0)),
    "around zero": lambda number: list(range(-number // 2, number - number // 2)),
    "large and in a row": lambda number: list(range(MOST - number + 1, MOST + 1)),
    "the most negative in a row": lambda number: list(range(LEAST, LEAST + number)),
    "odd ones": lambda number: list(range(1, 2 * number, 2)),
    "seven apart": lambda number: list(range(0, 7 * number, 7)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_links_are_known_again_exactly_while_the_buckets_grow(crew: Crew, shape: str) -> None:
    queue, number = crew.join(), 20_000
    fingerprints = SHAPES[shape](number)
    random.Random(1).shuffle(fingerprints)  # noqa: S311 - no secret
    known: set[int] = set()
    for first in range(0, number, number // 4):
        part = fingerprints[first : first + number // 4]
        again = fingerprints[: first + number // 4 : 3]
        assert send(queue, [*again, *part]) == len({*again, *part} - known)
        known.update(again, part)
    assert send(queue, fingerprints) == 0
    held = buckets(crew)
    assert sum(len(bucket) for bucket in held.values()) == number
    assert set().union(*held.values()) == known


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape not in {"odd ones", "seven apart"}])
def test_every_bucket_stays_a_compact_set(crew: Crew, shape: str) -> None:
    queue = crew.join()
    fingerprints = SHAPES[shape](30_000)
    largest = 0
    for first in range(0, len(fingerprints), 10_000):
        send(queue, fingerprints[first : first + 10_000])
        held = buckets(crew)
        largest = max(largest, *map(len, held.values()))
        assert {crew.server.object("ENCODING", name) for name in held} == {b"intset"}
    assert largest <= MOST_IN_A_BUCKET
    assert len(held) >= len(fingerprints) / 256


def test_there_are_as_many_buckets_as_the_crawls_state_says(crew: Crew) -> None:
    queue = crew.join()
    for total in (1, 200, 201, 401, 5_000):
        send(queue, list(range(total)))
        number = 2 ** int(crew.control("seen_level") or 0) + int(crew.control("seen_split") or 0)
        assert sorted(buckets(crew)) == sorted(f"{crew.keys.prefix}seen:{bucket}" for bucket in range(number))
        assert int(crew.control("seen_count") or 0) == total
        assert number == max(1, -(-total // 200))


def test_fingerprints_that_share_their_last_digits_are_told_apart_all_the_same(crew: Crew) -> None:
    """They crowd one bucket, which takes more memory; SHA-1 gives none such."""
    queue = crew.join()
    alike = [one * 10**9 + 7 for one in range(-1_500, 1_500)]
    assert send(queue, alike) == 3_000
    assert send(queue, alike) == 0
    assert send(queue, [one + 1 for one in alike]) == 3_000


@pytest.mark.parametrize("one", [0, 1, -1, 9, -9, 10**9, -(10**9), LEAST, MOST])
def test_a_fingerprint_can_be_any_integer_of_64_bits(crew: Crew, one: int) -> None:
    queue = crew.join()
    send(queue, uniform(3_000))
    assert [send(queue, [one]), send(queue, [one]), send(queue, [one ^ 1])] == [1, 0, 1]
