"""The HTTP client's classes, whose methods run as they were written, whatever monitors have wrapped around them.

Datadog, Elastic and New Relic replace methods of requests, urllib3 and http.client, report the address of each request
and add headers to it. Our addresses are secrets. Their wrappers say what they wrap, so that they can be passed by.
"""

from __future__ import annotations

import http.client
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import requests
import requests.adapters
import urllib3

_Class = TypeVar("_Class", bound=type)


def _unwrapped(made: _Class) -> _Class:
    """*made*, which adds nothing to its base, with that one's own methods passed through to what is innermost.

    It is looked for at each call: a wrapper may come later, and what a test puts in a method's place counts.
    """
    base: Any = made.__base__
    for name, method in vars(base).items():
        if not isinstance(method, staticmethod | classmethod) and inspect.isfunction(inspect.unwrap(method)):
            setattr(made, name, _innermost(base, name))
    return made


def _innermost(base: type, name: str) -> Callable[..., Any]:
    methods = vars(base)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        method = methods[name]  # inspect.unwrap takes longer, some thirty times in a request
        while (inner := getattr(method, "__wrapped__", None)) is not None:
            method = inner
        return method(self, *args, **kwargs)

    return call


@_unwrapped
class Session(requests.Session):
    """A session of requests."""


@_unwrapped
class Adapter(requests.adapters.HTTPAdapter):
    """What a session sends through."""


@_unwrapped
class _Pool(urllib3.HTTPConnectionPool):
    pass


@_unwrapped
class _TLSPool(urllib3.HTTPSConnectionPool):
    pass


@_unwrapped
class _Client(http.client.HTTPConnection):
    pass


@_unwrapped
class _Connection(urllib3.connection.HTTPConnection):
    pass


@_unwrapped
class _TLSConnection(urllib3.connection.HTTPSConnection):
    pass


class HTTPPool(_Pool):
    """Connections to one host."""


class HTTPSPool(_TLSPool, _Pool):
    """Connections to one host, over TLS."""


class HTTPConnection(_Connection, _Client):
    """One connection."""


class HTTPSConnection(_TLSConnection, _Connection, _Client):
    """One connection, over TLS."""
