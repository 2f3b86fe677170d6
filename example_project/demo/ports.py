"""Ports of the loopback interface."""

import socket

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """May a server be started on *port*?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(wanted: int, tries: int = 50) -> int:
    """*wanted*, or the next port after it that is free, or any."""
    return next((port for port in range(wanted, wanted + tries) if is_free(port)), 0) or anywhere()


def anywhere() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Does anybody listen there?"""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
