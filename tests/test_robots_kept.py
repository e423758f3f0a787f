from __future__ import annotations

from dataclasses import replace
from time import monotonic

import pytest
from scrapy.http import Response

from crawler.middlewares.robots import ORIGINS, RobotsTxt, Rules, RulesAtHand


def test_what_is_kept_for_the_fleet_is_read_back() -> None:
    found = RobotsTxt.of(Response("https://site.example/robots.txt", body=b"\xff\xfe\x00\n\xc3\xa9"), 0)
    assert RobotsTxt.loaded(found.dumped(), 5000) == replace(found, kept_s=5)


@pytest.mark.parametrize(
    "value", [None, b"", b"{}", b"[]", b"\xff", b'{"status": "x", "body": ""}', b'{"status": 200, "body": "\xc3\xa9"}']
)
def test_what_is_no_copy_of_a_robots_txt_counts_as_none(value: bytes | None) -> None:
    assert RobotsTxt.loaded(value, 5000) is None


def test_an_instance_has_the_rules_at_hand_that_it_used_last() -> None:
    at_hand, until = RulesAtHand(), monotonic() + 3600
    for number in range(ORIGINS):
        at_hand.keep(str(number), Rules(None, 0, 0, until))
    assert at_hand.fresh("0")
    at_hand.keep("new", Rules(None, 0, 0, until))
    assert len(at_hand) == ORIGINS
    assert at_hand.fresh("0")
    assert at_hand.fresh("new")
    assert at_hand.fresh("1") is None


def test_rules_that_do_not_hold_good_any_more_are_read_again() -> None:
    at_hand = RulesAtHand()
    at_hand.keep("old", Rules(None, 0, 0, monotonic()))
    assert at_hand.fresh("old") is None
