"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 request` or `1,234 requests`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def with_revisits(words: str, revisits: int) -> str:
    """Add to what is said of pending requests how many wait for their time: `…, 120 pages to be visited again`."""
    return f"{words}, {counted(revisits, 'page')} to be visited again" if revisits else words


def to_do(pending: int, revisits: int) -> str:
    """Return what is left of a crawl, such as `3 requests pending, 120 pages to be visited again`."""
    return with_revisits(f"{counted(pending, 'request')} pending", revisits)
