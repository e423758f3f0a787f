from __future__ import annotations

import pytest

from crawler import settings
from crawler.frontier.addon import MERGED, SINGLE


@pytest.mark.parametrize("name", SINGLE)
def test_what_the_add_on_sets_is_what_this_project_sets(name: str) -> None:
    assert getattr(settings, name) == SINGLE[name]


@pytest.mark.parametrize("name", MERGED)
def test_what_the_add_on_adds_is_part_of_what_this_project_has(name: str) -> None:
    assert MERGED[name].items() <= getattr(settings, name).items()
