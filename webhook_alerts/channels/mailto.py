"""Who a mail goes to and comes from, as a ``mailto:`` address says it: RFC 6068, and ``from`` besides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import getaddresses
from urllib.parse import quote, unquote, urlsplit

MOST = 100
"""Recipients of one mail: what every server takes at least; RFC 5321, 4.5.3.1.8."""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
"""As HTML judges ``<input type=email>``: https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address."""
_LONGEST = 254
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_FIELDS = ("to", "cc", "bcc", "from", "reply-to")


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """The addresses of a mail: bare, but for ``sender`` and ``reply_to``, which may have a name before ``<…>``.

    ``sender`` is empty where the project's own holds, ``reply_to`` where answers go to the sender.
    """

    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    sender: str = ""
    reply_to: str = ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody who gets it."""
        return (*self.to, *self.cc, *self.bcc)

    @property
    def url(self) -> str:
        """The address that says this; the same for the same, however it was spelled."""
        given = {"cc": self.cc, "bcc": self.bcc, "from": [self.sender], "reply-to": [self.reply_to]}
        fields = "&".join(f"{name}={_quoted(found)}" for name, found in given.items() if any(found))
        return f"mailto:{_quoted(self.to)}{'?' if fields else ''}{fields}"


def parse(url: str) -> Mailboxes:
    """What *url* says. Raises ``ValueError`` on a malformed one, never quoting it."""
    parts = urlsplit(url)
    if parts.scheme != "mailto" or parts.netloc:
        raise ValueError("an address for mail is mailto:name@example.com")
    given: dict[str, str] = {}
    for field in filter(None, parts.query.split("&")):
        name, _, value = field.partition("=")
        if name.lower() not in _FIELDS or name.lower() in given:
            raise ValueError(f"an address for mail takes {', '.join(_FIELDS)}, each once, and nothing else")
        given[name.lower()] = value
    found = Mailboxes(
        to=_addresses(f"{parts.path},{given.get('to', '')}"),
        cc=_addresses(given.get("cc", "")),
        bcc=_addresses(given.get("bcc", "")),
        sender=_mailbox(given.get("from", "")),
        reply_to=_mailbox(given.get("reply-to", "")),
    )
    if not found.to or len(found.recipients) > MOST:
        raise ValueError(f"an address for mail names a recipient, and at most {MOST}: mailto:name@example.com")
    return found


def _addresses(text: str) -> tuple[str, ...]:
    """Addresses apart by commas, each once. A plus is a plus: this is no form."""
    found = [unquote(each) for each in text.split(",") if each]
    if not all(map(_is_address, found)):
        raise ValueError("a recipient is no mail address of ASCII characters")
    return tuple(dict.fromkeys(found))


def _mailbox(text: str) -> str:
    """One address, bare or as ``A name <a@example.com>``."""
    given = unquote(text).strip()
    if not given:
        return ""
    found = getaddresses([given])
    if _CONTROLS.search(given) or len(given) > 2 * _LONGEST or len(found) != 1 or not _is_address(found[0][1]):
        raise ValueError("from and reply-to take one mail address: a@example.com, or A%20name%20%3Ca@example.com%3E")
    return given


def _is_address(text: str) -> bool:
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None


def _quoted(addresses: Sequence[str]) -> str:
    return ",".join(quote(address, safe="@+") for address in addresses)
