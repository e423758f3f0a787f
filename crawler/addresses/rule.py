"""Which addresses are public, and which others the operator has allowed."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from crawler.errors import SettingsError

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    from scrapy.settings import BaseSettings

Address = IPv4Address | IPv6Address
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""What IPv6 gives out to the public; all else is special."""
LAST_32_BITS = (IPv6Network("::/96"), IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""Where an IPv6 address ends in the IPv4 address that is meant: compatible, mapped, and by NAT64."""
PORTS = {"http": 80, "https": 443}


class Allowed:
    """Which hosts may be at addresses that are not public.

    Args:
        hosts: names of hosts, addresses, or networks as `10.0.0.0/8`: the setting PRIVATE_HOSTS.

    Attributes:
        places: what is allowed besides, see `place_of`; grows while the crawl runs.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self.names: set[str] = set()
        self.networks: list[IPv4Network | IPv6Network] = []
        self.places: set[str] = set()
        for host in hosts:
            self.add(host)

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Read PRIVATE_HOSTS.

        Raises:
            SettingsError: a part of it can be no host.
        """
        return cls(str(host) for host in settings.getlist("PRIVATE_HOSTS"))

    def add(self, given: str) -> None:
        """Allow a host, an address or a network.

        Raises:
            SettingsError: it is none.
        """
        host = plain(given.strip())
        try:
            self.networks.append(ip_network(host, strict=False))
        except ValueError:
            if not host or not set(host).isdisjoint("/:@*? "):
                raise SettingsError(
                    f"PRIVATE_HOSTS has {given!r}, which is no name of a host, address or network: write it as "
                    "videos.internal, 10.0.0.7 or 10.0.0.0/8, without a scheme, port or path."
                ) from None
            self.names.add(host)

    def allows(self, host: str, port: int, address: str) -> bool:
        """Tell whether a host that was found at an address that is not public may be connected to."""
        if plain(host) in self.names:
            return True
        if place(host, port) in self.places and may_be_a_site(host, address):
            return True
        return any(one in network for one in meant_by(address) for network in self.networks)


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the public internet; one that IPv4 is embedded in, by that."""
    meant = meant_by(address)
    return bool(meant) and all(map(is_global, meant[1:] or meant))


def is_global(address: Address) -> bool:
    """Tell whether an address, as it stands, belongs to the public internet."""
    if isinstance(address, IPv6Address) and (address.scope_id or address not in GLOBAL_UNICAST):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def may_be_a_site(host: str, address: str) -> bool:
    """Tell whether a host that a seed names may be at an address that is not public.

    A name that leads to a link-local address is no site: there clouds tell a machine its secrets, on port 80.
    """
    return bool(meant_by(plain(host))) or not any(one.is_link_local for one in meant_by(address))


def meant_by(text: str) -> list[Address]:
    """Return the address that a text is, and the IPv4 addresses that this leads to, or passes by; none for a name."""
    try:
        address = ip_address(text)
    except ValueError:
        return []
    return [address, *embedded(address)]


def embedded(address: Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that stand in an IPv6 address."""
    if isinstance(address, IPv4Address):
        return ()
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if any(address in network for network in LAST_32_BITS):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def address_in(host: str) -> str:
    """Return the address that a host is without being looked up, written in any way; empty for a name."""
    host = plain(host)
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"
    if meant_by(host):
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host))  # such as 127.1, or 2130706433
    except (OSError, UnicodeError):
        return ""


def place_of(url: str) -> str:
    """Return the `host:port` of a URL; empty where it has none."""
    try:
        parts = urlsplit(url)
        return place(parts.hostname, parts.port or PORTS.get(parts.scheme, 0)) if parts.hostname else ""
    except ValueError:
        return ""


def place(host: str, port: int) -> str:
    """Return `host:port`; the two ports of the web count as one, as a site sends visitors from http to https."""
    return f"{plain(host)}:{PORTS['http'] if port == PORTS['https'] else port}"


def plain(host: str) -> str:
    """Return a host in the one form in which it is compared: in ASCII and lower case, an address in its shortest."""
    host = host.strip("[]").rstrip(".").lower()
    if meant := meant_by(host):
        return str(meant[0])
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:  # no name that is ever found
        return host
