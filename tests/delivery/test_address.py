"""Requests go to public addresses only, whatever a name resolves to."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.delivery.test_transport import ok, serve
from webhook_alerts.channels.base import Request
from webhook_alerts.delivery import transport
from webhook_alerts.delivery.address import is_public
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.models import Attempt


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",  # loopback
        "127.8.8.8",
        "::1",
        "10.1.2.3",  # private, RFC 1918
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",  # metadata
        "fe80::1%eth0",
        "fd00:ec2::254",  # metadata, unique local
        "0.0.0.0",
        "::",
        "100.64.0.1",  # shared, RFC 6598
        "192.0.2.1",  # documentation
        "2001:db8::1",
        "198.18.0.1",  # benchmarking
        "224.0.0.1",  # multicast
        "ff02::1",
        "240.0.0.1",  # reserved
        "255.255.255.255",
        "::ffff:10.0.0.1",  # mapped
        "::ffff:169.254.169.254",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2001:0:a00:1::",  # Teredo by 10.0.0.1
        "64:ff9b::a9fe:a9fe",  # NAT64 of the metadata address
        "64:ff9b:1::808:808",  # NAT64 of one's own
        "64:ff9b::7f00:1%eth0",  # with a scope
        "::ffff:127.0.0.1%1",
        "::7f00:1",  # IPv4-compatible, RFC 4291
        "192.0.0.192",  # Oracle's metadata
        "192.0.0.9",  # public by the registry, but for protocols
        "192.88.99.1",  # a relay of 6to4
        "168.63.129.16",  # Azure's host
        "239.1.2.3",  # multicast within an organisation
        "fec0::1",  # site-local, of old
        "2001:20::1",  # ORCHIDv2
        "2001:1::1",  # port control
        "3fff::1",  # documentation
        "5f00::1",  # segment routing
        "100::1",  # discard
        "4000::1",  # not given out
        "8.8.8.8.",  # a name
        "0x8.0x8.0x8.0x8",
        "134744072",
        "localhost",  # no address at all
        "",
    ],
)
def test_what_is_inside_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["162.159.128.233", "8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_public_is_called(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_nothing_private_is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(str(address)) and not getattr(address, "ipv4_mapped", None):
        kinds = (address.is_private, address.is_loopback, address.is_link_local, address.is_multicast)
        assert not any(kinds)


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_what_is_given_out_is_public(address: ipaddress.IPv6Address) -> None:
    if is_public(str(address)):
        given_out = [ipaddress.IPv6Network(text) for text in ("2000::/3", "::ffff:0:0/96", "64:ff9b::/96")]
        assert any(address in network for network in given_out)


class Inside:
    """A server on the loopback that counts who connects."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.close()


@pytest.fixture
def inside() -> Iterator[Inside]:
    server = Inside()
    yield server
    server.server.close()


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A local resolver: one answer after the other, the last one for ever; what it was asked."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolver(host, port, *args, **kwargs):
        if host.replace(".", "").isdigit() or ":" in host:
            return real(host, port, *args, **kwargs)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return asked


def refused(url: str, **options: bool) -> str:
    with pytest.raises(transport.TransportError) as error:
        transport.send(Request(url, {}), timeout=2, **options)
    return error.value.reason


def test_a_name_that_leads_inside_reaches_nothing(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1"])
    assert refused(f"http://hooks.example:{inside.port}/x") == "address_refused"
    assert inside.connections == 0


def test_a_name_that_changes_its_mind_is_asked_once(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public when it is judged, inside when it is looked up again: there is no second time."""
    asked = resolve_to(monkeypatch, ["192.0.0.9"], ["127.0.0.1"])
    monkeypatch.setattr("webhook_alerts.delivery.address.is_public", lambda address: address == "192.0.0.9")
    assert refused(f"http://hooks.example:{inside.port}/x") in {"timeout_connect", "unreachable", "connection_refused"}
    assert asked == ["hooks.example"]
    assert inside.connections == 0


def test_of_a_mixed_answer_only_the_public_addresses_are_called(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, ["127.0.0.1", "10.0.0.1", "::1"])
    assert refused(f"http://hooks.example:{inside.port}/x") == "address_refused"
    assert inside.connections == 0


def test_who_means_it_may(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1"])
    answer = transport.send(Request(f"http://hooks.example:{inside.port}/x", {}), timeout=2, allow_private=True)
    assert answer.status == 200
    assert inside.connections == 1


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.01",
        "0x7f.1",
        "127.1",
        "0",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
    ],
)
def test_this_machine_by_another_spelling_is_not_reached(inside: Inside, host: str) -> None:
    url = f"http://{host}:{inside.port}/x"
    assert refused(url) == "address_refused"
    assert inside.connections == 0
    assert transport.send(Request(url, {}), timeout=2, allow_private=True).status == 200  # it would be


def test_a_name_with_a_dot_at_its_end_is_a_name(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1"])
    for host in ("localhost.", "hooks.example."):
        assert refused(f"http://{host}:{inside.port}/x") == "address_refused"
    assert inside.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_this_machine_by_its_name_is_reached(inside: Inside, host: str) -> None:
    assert transport.send(Request(f"http://{host}:{inside.port}/x", {}), timeout=2).status == 200


@pytest.mark.parametrize("elsewhere", ["0.0.0.0", "10.0.0.1", "8.8.8.8", "fe80::1%lo"])
def test_localhost_is_this_machine_wherever_its_name_leads(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, elsewhere: str
) -> None:
    resolve_to(monkeypatch, [elsewhere])
    assert refused(f"http://localhost:{inside.port}/x") == "address_refused"
    assert inside.connections == 0


def test_the_next_address_is_called_when_one_refuses(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    assert transport.send(Request(f"http://localhost:{inside.port}/x", {}), timeout=2).status == 200


def test_a_connection_kept_by_one_who_may_is_for_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1"])
    with serve(ok) as address:
        url = f"http://hooks.example:{address.partition(':')[2]}"
        assert transport.send(Request(url, {}), timeout=2, allow_private=True).status == 200
        assert refused(url) == "address_refused"
        assert transport.send(Request(url, {}), timeout=2, allow_private=True).status == 200
        transport.close()


@pytest.mark.django_db
def test_a_webhook_on_this_machine_is_reached_where_nothing_private_is_allowed(configure, owe, inside) -> None:
    configure(WEBHOOKS={"errors": f"http://127.0.0.1:{inside.port}/x"}, ALLOW_PRIVATE_NETWORKS=False)
    owe("here")
    deliver("errors")
    assert Attempt.objects.get().status_code == 200


@pytest.mark.django_db
def test_a_webhook_whose_name_leads_inside_fails_and_says_why(configure, owe, inside, monkeypatch) -> None:
    configure(WEBHOOKS={"errors": f"https://hooks.example:{inside.port}/x"}, MAX_ATTEMPTS=1)
    owe("secret")
    resolve_to(monkeypatch, ["127.0.0.1"])
    deliver("errors")
    assert Attempt.objects.get().error == "address_refused"
    assert inside.connections == 0
