"""TikTok's counts: numbers that are rounded from ten thousand on, and beside them texts that mostly are not."""

from __future__ import annotations

from typing import Any

from crawler.pages.nodes import dig, whole
from crawler.pages.structured.counts import Count

EXACT_BELOW = 10_000
"""Smaller numbers are told to the last digit everywhere."""
MILLION = 1_000_000
THOUSANDS_STEP, MILLIONS_STEP = 100, 100_000
"""What `33.1K` and `1.2M` are multiples of."""


def counted(holder: Any, stats: str, *names: str) -> Count | None:
    """Return a count of the table `stats`, from its exact sister where there is one.

    The sister may have no more digits than the table itself: then the count is rounded in both.
    """
    for name in names:
        rounded, exact = whole(dig(holder, stats, name)), whole(dig(holder, f"{stats}V2", name))
        if exact is not None:
            return Count(exact, rounded in (None, exact) and is_rounded(exact))
        if rounded is not None:
            return Count(rounded, is_rounded(rounded))
    return None


def is_rounded(value: int) -> bool:
    """Tell whether a number has no more digits than one that was rounded."""
    return value >= EXACT_BELOW and value % (MILLIONS_STEP if value >= MILLION else THOUSANDS_STEP) == 0
