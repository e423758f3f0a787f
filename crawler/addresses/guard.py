"""Looks at each address at which a host was found, before it is connected to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from scrapy.exceptions import IgnoreRequest
from scrapy.utils.datatypes import LocalCache
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer

from crawler.addresses.rule import Allowed, is_public, place

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IHostResolution

REFUSED_KEPT = 1_000
"""Hosts of which it is kept that they were refused, until that is told."""


class AddressRefused(IgnoreRequest):
    """Raised for a request that would have gone to an address that is not public; it is not sent again.

    Args:
        url: of the request.
        host: its host.
        address: where that is.
    """

    def __init__(self, url: str, host: str, address: str) -> None:
        at = f" is at {address}, which" if address != host else ""
        super().__init__(f"{host}{at} is not a public address; where that is meant, pass -s PRIVATE_HOSTS={host}")
        self.url = url


@implementer(IHostnameResolver)
class Guard:
    """Resolves names as another resolver does, and keeps to itself what must not be connected to.

    What Twisted connects to passes here, addresses in URLs too, so nothing lies between the look and the connection.

    Attributes:
        allowed: what the crawls of this process allow.
        refused: address of the hosts that were not let through, by place.
    """

    def __init__(self, resolver: Any) -> None:
        self.resolver = resolver
        self.allowed: WeakSet[Allowed] = WeakSet()
        self.refused: LocalCache[str, str] = LocalCache(REFUSED_KEPT)

    @classmethod
    def of(cls, reactor: Any) -> Guard:
        """Return the guard of a reactor, put in front of its resolver at the first call."""
        if not isinstance(reactor.nameResolver, cls):
            reactor.installNameResolver(cls(reactor.nameResolver))
        guard: Guard = reactor.nameResolver
        return guard

    def lets(self, host: str, port: int, address: str) -> bool:
        """Tell whether `host` may be connected to at `address`."""
        return is_public(address) or any(one.allows(host, port, address) for one in self.allowed)

    def resolveHostName(  # noqa: N802 - the name that Twisted calls
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803 - as it passes them
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Resolve a name, or an address."""
        sieve = Sieve(self, resolutionReceiver, hostName, portNumber)
        resolution: IHostResolution = self.resolver.resolveHostName(
            sieve, hostName, portNumber, addressTypes, transportSemantics
        )
        return resolution


@implementer(IResolutionReceiver)
class Sieve:
    """Hands on those addresses of a host that may be connected to."""

    def __init__(self, guard: Guard, receiver: Any, host: str, port: int) -> None:
        self.guard, self.receiver, self.host, self.port = guard, receiver, host, port
        self.refused = ""
        self.is_let = False

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        """Hand on."""
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        """Hand on an address, or not."""
        if self.guard.lets(self.host, self.port, address.host):
            self.is_let = True
            self.receiver.addressResolved(address)
        else:
            self.refused = address.host

    def resolutionComplete(self) -> None:  # noqa: N802
        """Note what was refused before anybody hears that there is no address."""
        where = place(self.host, self.port)
        if self.refused and not self.is_let:
            self.guard.refused[where] = self.refused
        else:
            self.guard.refused.pop(where, None)
        self.receiver.resolutionComplete()
