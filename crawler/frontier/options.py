"""The settings of the frontier, read and checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from crawler.frontier.bounds import number

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


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
    """

    lease_ttl_ms: int = 15_000
    max_deliveries: int = 5
    prefetch_count: int = 16
    delay_ms: float = 0.0
    cap: int = 8
    flight_ms: int = 180_000
    patience_s: float = 60.0

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Read them.

        Raises:
            SettingsError: one cannot work.
        """
        default = cls()
        return cls(
            lease_ttl_ms=int(number(settings, "LEASE_TTL_MS", default.lease_ttl_ms)),
            max_deliveries=int(number(settings, "MAX_DELIVERIES", default.max_deliveries)),
            prefetch_count=int(number(settings, "PREFETCH_COUNT", default.prefetch_count)),
            delay_ms=1000 * number(settings, "DOWNLOAD_DELAY", 0),
            cap=int(number(settings, "CONCURRENT_REQUESTS_PER_DOMAIN", default.cap)),
            flight_ms=int(1000 * (number(settings, "DOWNLOAD_TIMEOUT", default.flight_ms / 1000) + 5)),
            patience_s=number(settings, "STORE_PATIENCE_S", default.patience_s),
        )
