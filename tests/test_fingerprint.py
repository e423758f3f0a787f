from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.utils.request import fingerprint

from crawler.frontier.fingerprint import folded

SIGNED_64_BIT = range(-(2**63), 2**63)


def test_of_scrapys_own_fingerprint_the_first_8_bytes_are_taken() -> None:
    sha1 = fingerprint(Request("https://site.example/@alice"))
    assert len(sha1) == 20
    assert folded(sha1).to_bytes(8, "big", signed=True) == sha1[:8]
    assert folded(b"\xff" * 8 + bytes(12)) == -1
    assert folded(bytes(7) + b"\x01" + b"\xff" * 12) == 1


@given(st.binary(max_size=40))
def test_any_fingerprint_becomes_a_signed_integer_of_64_bits(given_bytes: bytes) -> None:
    assert folded(given_bytes) in SIGNED_64_BIT
    assert folded(given_bytes) == folded(bytes(given_bytes))


def test_fingerprints_that_begin_alike_stay_apart() -> None:
    for form in ("{:09d}", "https://site.example/videos/{}", "{}"):
        custom = [form.format(number).encode() for number in range(10_000)]
        assert len({folded(one) for one in custom if len(one) != 20}) == len([one for one in custom if len(one) != 20])


def test_short_fingerprints_are_spread_over_all_64_bits() -> None:
    numbers = [folded(bytes([byte])) for byte in range(256)]
    assert len(set(numbers)) == 256
    for bit in range(64):
        assert 64 < sum(number >> bit & 1 for number in numbers) < 192


def test_fingerprints_of_equal_bytes_and_other_lengths_differ() -> None:
    assert len({folded(bytes(length)) for length in range(64)}) == 64
