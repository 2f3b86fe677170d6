"""Which IP addresses a webhook may be at: public ones, unless the settings mean a network of one's own.

Names are judged by the address that is really connected to, so that one which resolves to the inside, now or the next
time, reaches nothing there.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in the last 32 bits."""
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")
"""RFC 8215: for use inside of one network, so never public."""


class AddressRefusedError(OSError):
    """A name led to an address that may not be called. Says neither."""


def is_public(text: str) -> bool:
    """May anybody on the Internet be meant by the IP address *text*? Addresses that carry another count as that one.

    Private, loopback, link-local (cloud metadata), shared, reserved, documentation and multicast ones are not public:
    the registries of RFC 6890 as Python's ``ipaddress`` knows them.
    """
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    carried = [address, *_carried(address)]
    return all(one.is_global and not one.is_multicast for one in carried[1:] or carried)


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


def public_addresses(host: str, port: int) -> list[str]:
    """The public addresses of *host*, in the system's order.

    Raises ``socket.gaierror`` when the name has none at all, ``AddressRefusedError`` when none of them is public.
    """
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    public = [address for address in dict.fromkeys(found) if is_public(address)]
    if not public:
        raise AddressRefusedError("the address is not public")
    return public
