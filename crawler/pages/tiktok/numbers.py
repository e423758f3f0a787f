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
BILLIONS_STEP = 100_000_000
"""What `5.8B` is a multiple of."""
OVERFLOW, MOST_TIMES = 2**32, 10
"""What counts that are kept in 32 bits have lost once or several times; some are negative then, others are not."""


def counted(holder: Any, stats: str, *names: str) -> Count | None:
    """Return a count of the table `stats`, from its exact sister where there is one.

    The sister may have no more digits than the table itself: then the count is rounded in both.
    """
    for name in names:
        rounded, exact = number(dig(holder, stats, name)), number(dig(holder, f"{stats}V2", name))
        if exact is not None:
            return Count(exact, rounded in (None, exact) and is_rounded(exact))
        if rounded is not None:
            return Count(rounded, is_rounded(rounded))
    return None


def is_rounded(value: int) -> bool:
    """Tell whether a number has no more digits than one that was rounded."""
    return value >= EXACT_BELOW and value % (MILLIONS_STEP if value >= MILLION else THOUSANDS_STEP) == 0


def number(value: Any) -> int | None:
    """Return a number; None for what 32 bits keep of billions: with what is lost, those are round."""
    told = whole(value)
    if told is None or told >= OVERFLOW:
        return told
    lost = (times * OVERFLOW for times in range(1, MOST_TIMES))
    return None if any((told + one) % BILLIONS_STEP == 0 for one in lost) else told
