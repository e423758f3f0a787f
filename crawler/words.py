"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 request` or `1,234 requests`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
