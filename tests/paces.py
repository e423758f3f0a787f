"""How fast sites were asked, by when requests arrived there: the sending of them can be late, and never early."""

from __future__ import annotations

from tests.site import Site

LATE_S = 0.15
"""How much later than the others the first of a few requests may have been sent and noted, on a machine under load."""
MOST_TOO_FAST = 1.025
"""What many requests may come to on average, of the rate that a delay allows; the first may have been late."""


def is_spaced(delay_s: float, *sites: Site) -> bool:
    """Tell whether requests to sites, which share a delay, were so far apart on average."""
    arrived = sorted(request.arrived for site in sites for request in site.requests)
    return arrived[-1] - arrived[0] >= delay_s * (len(arrived) - 1) - LATE_S


def rate(arrived: list[float]) -> float:
    """Return the requests a second, of many."""
    return (len(arrived) - 1) / (max(arrived) - min(arrived))
