"""Which IP addresses a webhook may be at: public ones, or this machine's own where its URL says so.

Names are judged by the addresses that are really connected to, so that one which resolves to the inside, now or the
next time, reaches nothing there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from webhook_alerts.configuration.webhooks import is_this_machine

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in the last 32 bits."""
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")
"""RFC 8215: for use inside of one network, which alone knows where in it the IPv4 address is; so never public."""
_GIVEN_OUT = ipaddress.IPv6Network("2000::/3")
"""RFC 4291: what else there is of IPv6 is reserved or worse, such as site-local, which Python calls global."""
_NOT_PUBLIC = [
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # for protocols, RFC 6890; Oracle's metadata among them
        "192.88.99.0/24",  # relays of 6to4, deprecated by RFC 7526
        "168.63.129.16/32",  # Azure's host: learn.microsoft.com, "What is IP address 168.63.129.16?"
        "2001::/23",  # for protocols, RFC 2928; what a Teredo address in it carries is judged instead
        "3fff::/20",  # documentation, RFC 9637
    )
]
"""Beside what ``ipaddress`` says, whose registries differ from one Python to the next."""


class AddressRefusedError(OSError):
    """A name led to an address that may not be called. Says neither."""


def is_public(text: str) -> bool:
    """May anybody on the Internet be meant by the IP address *text*? Addresses that carry another count as that one.

    Private, loopback, link-local (cloud metadata), shared, reserved, documentation and multicast ones are not public:
    the registries of RFC 6890 as Python's ``ipaddress`` knows them, and the few that it does not.
    """
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    carried = list(_carried(address))
    return all(_is_public(one) for one in carried or [address])


def callable_of(addresses: Iterable[str], host: str) -> list[str]:
    """Those of the *addresses* of *host* that may be called, in their order: public ones.

    A host that is this machine by its very name may be nothing but this machine, wherever its name leads. Raises
    ``AddressRefusedError`` when none is left.
    """
    may_be_called = _is_loopback if is_this_machine(host) else is_public
    found = [address for address in addresses if may_be_called(address)]
    if not found:
        raise AddressRefusedError("the address may not be called")
    return found


def _is_loopback(text: str) -> bool:
    return ipaddress.ip_address(text).is_loopback


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and (address.version == 4 or address in _GIVEN_OUT)
        and not (address.is_multicast or address.is_reserved)
        and not any(address in network for network in _NOT_PUBLIC)
    )


def _carried(address: Address) -> Iterator[Address]:
    """The IPv4 addresses inside an IPv6 one: mapped (RFC 4291), 6to4 (RFC 3056), Teredo (RFC 4380), NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address in _NAT64_LOCAL:
        yield ipaddress.IPv4Address(0)
    elif address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address.sixtofour is not None:
        yield address.sixtofour
    elif address.teredo is not None:
        yield from address.teredo
