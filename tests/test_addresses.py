from __future__ import annotations

from typing import Any

import pytest
from scrapy.settings import Settings
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer

from crawler.addresses.guard import Guard
from crawler.addresses.rule import Allowed, address_in, is_public, place_of
from crawler.errors import SettingsError

PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::10.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::8.8.8.8", "64:ff9b:1::1"),
    *("2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "2001:0:a00:1::", "2001:0:808:808:0:0:f5ff:fffe"),
    *("4000::1", "a-name.example", "", "1.2.3", "999.1.1.1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1"),
    *("169.253.1.1", "192.167.1.1", "223.255.255.255", "11.0.0.1"),
    *("2606:4700:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_told(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("given", "host", "address", "is_allowed"),
    [
        ("videos.internal", "videos.internal", "10.0.0.7", True),
        ("Videos.Internal.", "videos.internal", "::1", True),
        ("videos.internal", "other.videos.internal", "10.0.0.7", False),
        ("10.0.0.7", "videos.internal", "10.0.0.7", True),
        ("10.0.0.7", "videos.internal", "10.0.0.8", False),
        ("10.0.0.0/8", "videos.internal", "10.255.0.8", True),
        ("10.0.0.7/8", "videos.internal", "10.255.0.8", True),
        ("10.0.0.0/8", "videos.internal", "::ffff:10.0.0.8", True),
        ("10.0.0.0/8", "videos.internal", "11.0.0.8", False),
        ("fd00::/8", "videos.internal", "fd12::1", True),
        ("[::1]", "::1", "::1", True),
        ("::1", "0:0::1", "::1", True),
        ("bücher.internal", "xn--bcher-kva.internal", "10.0.0.7", True),
    ],
)
def test_what_private_hosts_names_is_allowed_and_nothing_else(
    given: str, host: str, address: str, *, is_allowed: bool
) -> None:
    assert Allowed([given]).allows(host, 80, address) is is_allowed


@pytest.mark.parametrize("given", ["http://videos.internal", "videos.internal:80", "*.internal", "10.0.0.0/99", " "])
def test_a_private_host_that_can_be_none_is_an_error_that_names_it(given: str) -> None:
    with pytest.raises(SettingsError, match=r"PRIVATE_HOSTS has .*, which is no name of a host, address or network"):
        Allowed.from_settings(Settings({"PRIVATE_HOSTS": ["videos.internal", given]}))


def test_several_private_hosts_are_separated_by_commas() -> None:
    allowed = Allowed.from_settings(Settings({"PRIVATE_HOSTS": "videos.internal, 10.0.0.0/8"}))
    assert allowed.allows("videos.internal", 80, "127.0.0.1")
    assert allowed.allows("other.internal", 80, "10.0.0.1")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://127.0.0.1:8000/@kim", "127.0.0.1:8000"),
        ("http://Videos.Internal/", "videos.internal:80"),
        ("https://videos.internal/", "videos.internal:80"),
        ("https://videos.internal.:8443/", "videos.internal:8443"),
        ("http://kim:secret@10.0.0.7/", "10.0.0.7:80"),
        ("http://[0:0::1]:8000/", "::1:8000"),
        ("http://[::1/", ""),
        ("http://site.example:port/", ""),
        ("", ""),
    ],
)
def test_a_place_is_a_host_and_a_port_whatever_way_it_is_written(url: str, place: str) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize(
    ("host", "address"),
    [
        *(("127.0.0.1", "127.0.0.1"), ("127.1", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("0x7f.1", "127.0.0.1")),
        *(("[::1]", "::1"), ("localhost", "127.0.0.1"), ("a.localhost.", "127.0.0.1"), ("site.example", "")),
    ],
)
def test_an_address_is_recognised_in_a_host_whatever_way_it_is_written(host: str, address: str) -> None:
    assert address_in(host) == address


@pytest.mark.parametrize(
    ("host", "address", "is_allowed"),
    [
        ("site.example", "10.0.0.7", True),
        ("site.example", "169.254.169.254", False),
        ("site.example", "::ffff:169.254.169.254", False),
        ("site.example", "fe80::1%eth0", False),
        ("169.254.1.7", "169.254.1.7", True),
    ],
)
def test_a_seeds_name_may_lead_to_a_private_site_and_not_to_a_clouds_secrets(
    host: str, address: str, *, is_allowed: bool
) -> None:
    allowed = Allowed()
    allowed.places.add(f"{host}:80")
    assert allowed.allows(host, 80, address) is is_allowed
    assert Allowed([host]).allows(host, 80, address)


@implementer(IHostnameResolver)
class Names:
    """Finds a host at other addresses each time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def resolveHostName(self, receiver: Any, _host: str, port: int, *_: Any) -> Any:  # noqa: N802 - Twisted's
        receiver.resolutionBegan(None)
        for address in self.answers.pop(0):
            receiver.addressResolved(IPv4Address("TCP", address, port))
        receiver.resolutionComplete()


@implementer(IResolutionReceiver)
class Receiver:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.is_complete = False

    def resolutionBegan(self, _resolution: Any) -> None:  # noqa: N802
        """Take notice."""

    def addressResolved(self, address: IPv4Address) -> None:  # noqa: N802
        self.found.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802
        self.is_complete = True


def found(guard: Guard, host: str = "site.example", port: int = 80) -> list[str]:
    receiver: Any = Receiver()
    guard.resolveHostName(receiver, host, port)
    assert receiver.is_complete
    return list(receiver.found)


def test_a_host_that_moves_to_a_private_address_is_refused_from_then_on() -> None:
    guard = Guard(Names(["8.8.8.8"], ["10.0.0.1"], ["8.8.4.4"]))
    assert found(guard) == ["8.8.8.8"]
    assert found(guard) == []
    assert guard.refused == {"site.example:80": "10.0.0.1"}
    assert found(guard) == ["8.8.4.4"]
    assert guard.refused == {}


def test_of_a_host_with_public_and_private_addresses_the_public_ones_are_used() -> None:
    guard = Guard(Names(["10.0.0.1", "8.8.8.8", "127.0.0.1"], []))
    assert found(guard) == ["8.8.8.8"]
    assert guard.refused == {}
    assert found(guard) == []
    assert guard.refused == {}


def test_a_place_allows_its_own_port_only() -> None:
    guard, allowed = Guard(Names(*[["127.0.0.1"]] * 4)), Allowed()
    guard.allowed.add(allowed)
    allowed.places.add("127.0.0.1:8000")
    assert found(guard, "127.0.0.1", 8000) == ["127.0.0.1"]
    assert found(guard, "127.0.0.1", 6379) == []
    assert found(guard, "site.example", 8000) == []
    del allowed
    assert found(guard, "127.0.0.1", 8000) == []
