from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.utils.request import fingerprint

from crawler.frontier.fingerprint import folded

SIGNED_64_BIT = range(-(2**63), 2**63)


def test_scrapys_own_fingerprints_of_different_requests_differ() -> None:
    urls = [f"https://site.example/@user{number}" for number in range(1_000)]
    assert len({folded(fingerprint(Request(url))) for url in urls}) == len(urls)


@given(st.binary(max_size=40))
def test_any_fingerprint_becomes_a_signed_integer_of_64_bits(given_bytes: bytes) -> None:
    assert folded(given_bytes) in SIGNED_64_BIT
    assert folded(given_bytes) == folded(bytes(given_bytes))


def test_fingerprints_that_begin_alike_stay_apart() -> None:
    for form in ("{:09d}", "{:020d}", "https://site.example/videos/{}", "{}"):
        custom = [form.format(number).encode() for number in range(10_000)]
        assert len({folded(one) for one in custom}) == len(custom)


def test_short_fingerprints_are_spread_over_all_64_bits() -> None:
    numbers = [folded(bytes([byte])) for byte in range(256)]
    assert len(set(numbers)) == 256
    for bit in range(64):
        assert 64 < sum(number >> bit & 1 for number in numbers) < 192


def test_fingerprints_of_equal_bytes_and_other_lengths_differ() -> None:
    assert len({folded(bytes(length)) for length in range(64)}) == 64
