"""The settings of the frontier, read and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

from crawler.frontier.bounds import NUMBERS, bounded, number
from crawler.frontier.slots import FLEET_SLOT

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

LANDING_S = 5.0
"""How much longer than its timeout a request counts as in flight."""
LONGEST_TIMEOUT_S = 86_400.0


class Limits(NamedTuple):
    """How fast a host is asked by the fleet: least time between two requests, and requests in flight."""

    delay_ms: float
    cap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What one instance asks of the queue.

    Attributes:
        lease_ttl_ms: after so long without a sign of life an instance counts as gone.
        max_deliveries: crashes after which a request is a dead letter.
        prefetch_count: requests that wait in the instance at the most.
        delay_ms: least time between two requests to a host.
        cap: requests in flight to a host, over the fleet.
        flight_ms: after so long a request counts as landed, whatever became of it.
        patience_s: how long a silent Redis, or a full disk, is waited for.
        own: limits of slots that have others than `delay_ms` and `cap`.
    """

    lease_ttl_ms: int = 15_000
    max_deliveries: int = 5
    prefetch_count: int = 16
    delay_ms: float = 0.0
    cap: int = 8
    flight_ms: int = 180_000
    patience_s: float = 60.0
    own: Mapping[str, Limits] = field(default_factory=dict)

    def limits(self, slot: str) -> Limits:
        """Return the limits of a slot."""
        return self.own.get(slot) or Limits(self.delay_ms, self.cap)

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Read them.

        Raises:
            SettingsError: one cannot work.
        """
        default = cls()
        usual = Limits(
            1000 * number(settings, "DOWNLOAD_DELAY", 0),
            int(number(settings, "CONCURRENT_REQUESTS_PER_DOMAIN", default.cap)),
        )
        return cls(
            lease_ttl_ms=int(number(settings, "LEASE_TTL_MS", default.lease_ttl_ms)),
            max_deliveries=int(number(settings, "MAX_DELIVERIES", default.max_deliveries)),
            prefetch_count=int(number(settings, "PREFETCH_COUNT", default.prefetch_count)),
            delay_ms=usual.delay_ms,
            cap=usual.cap,
            flight_ms=flight_ms_of(number(settings, "DOWNLOAD_TIMEOUT", default.flight_ms / 1000)),
            patience_s=number(settings, "STORE_PATIENCE_S", default.patience_s),
            own=own_limits(settings, usual),
        )


def own_limits(settings: BaseSettings, usual: Limits) -> dict[str, Limits]:
    """Return the limits of the slots that DOWNLOAD_SLOTS names; what it leaves out of them is as usual.

    Raises:
        SettingsError: one cannot work.
    """
    own = {}
    for slot, given in settings.getdict("DOWNLOAD_SLOTS").items():
        if slot != FLEET_SLOT:
            where, delay_s = f"DOWNLOAD_SLOTS[{slot!r}]", given.get("delay", usual.delay_ms / 1000)
            delay_s = bounded(f"{where}['delay']", delay_s, NUMBERS["DOWNLOAD_DELAY"])
            most = NUMBERS["CONCURRENT_REQUESTS_PER_DOMAIN"]
            cap = bounded(f"{where}['concurrency']", given.get("concurrency", usual.cap), most)
            own[slot] = Limits(1000 * delay_s, int(cap))
    return own


def flight_ms_of(timeout_s: float) -> int:
    """Return for how long a request with such a timeout counts as in flight."""
    return int(1000 * (min(timeout_s, LONGEST_TIMEOUT_S) + LANDING_S))
