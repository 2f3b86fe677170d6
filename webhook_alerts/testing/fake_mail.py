"""A mail server that keeps what it is sent, with a mailbox for each webhook: ``mailto:errors@shop.example``.

It speaks SMTP at ``smtp_port``, where the project's ``EMAIL_PORT`` leads; each mail is at ``/mail/…`` as a page.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from webhook_alerts.testing.fake_mail_rules import fault, files, html, read, shown
from webhook_alerts.testing.fake_mail_smtp import Reply, Server
from webhook_alerts.testing.standin import Answer, Entry, Service

DOMAIN = "shop.example"
AT_ONCE = "RCPT"
"""``Answer(550, {"stage": AT_ONCE}, "5.1.1 unknown")`` is said of the recipient, any other answer of the mail."""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""The page of a mail: whatever it holds, nothing of it runs and nothing is loaded."""


class FakeMail(Service):
    """A context manager: ``with FakeMail() as mail: ... mail.url("errors"), mail.smtp_port``.

    A scripted answer is a reply: its status, and its *body* as the words; ``drip`` is not known here.
    """

    name: ClassVar[str] = "email"
    route: ClassVar[re.Pattern[str]] = re.compile(r"/mail/(?P<id>\d+)")

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        limits: Iterable[tuple[int, float]] | None = None,
        page: Path | None = None,
        smtp_port: int = 0,
    ) -> None:
        super().__init__(port=port, host=host, limits=limits, page=page)
        self.smtp_port = smtp_port
        self._pages: dict[str, bytes] = {}
        self._had: set[tuple[str, str]] = set()
        self._ended = threading.Event()
        self._smtp: Server | None = None

    def begin(self) -> None:
        """Listen for mails, too."""
        self._smtp = Server((self._host, self.smtp_port), self._greet, self._take, self._ended.wait)
        self.smtp_port = self._smtp.server_address[1]
        threading.Thread(target=self._smtp.serve_forever, args=(0.05,), daemon=True).start()

    def end(self) -> None:
        """Listen no more."""
        self._ended.set()
        if self._smtp is not None:
            self._smtp.shutdown()
            self._smtp.server_close()

    def url(self, name: str = "errors") -> str:
        """The address of a mailbox."""
        return f"mailto:{name}@{DOMAIN}"

    def path(self, name: str) -> str:
        """Where the latest mail to *name* is seen."""
        return f"/mail/{self.messages(name)[-1]['id']}"

    def webhook(self, match: re.Match[str]) -> str:
        """The mailbox in which that mail lies."""
        return str(self._messages.get(match["id"], {}).get("webhook", ""))

    def requests(self, name: str | None = None) -> list[Entry]:
        """Every mail that was sent so far, or those to *name*, whatever became of them."""
        with self._lock:
            return [entry for entry in self.ledger if name in {None, entry.webhook}]

    def answer(self, entry: Entry, match: re.Match[str]) -> Answer:
        """The page of a mail, for whoever looks: that is no request to it."""
        return self.respond(entry, match)

    def respond(self, entry: Entry, match: re.Match[str]) -> Answer:
        """The mail as its HTML draws it."""
        page = self._pages.get(match["id"])
        if entry.method != "GET" or page is None:
            return self.unknown()
        return Answer(200, {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}, page)

    def unknown(self) -> Answer:
        """There is no such mail, or no such mailbox."""
        return Answer(404, body={"message": "5.1.1 no such mailbox"})

    def _greet(self, address: str) -> Reply:
        name, _, domain = address.partition("@")
        reply = self._judged(name, domain)
        if not reply.said.startswith("2"):
            with self._lock:
                self.ledger.append(Entry(time.time(), name, "RCPT", "", {}, {}, int(reply.said[:3])))
        return reply

    def _judged(self, name: str, domain: str) -> Reply:
        if domain != DOMAIN:
            return Reply(f"550 5.7.1 mail to {domain} is not passed on")
        with self._lock:
            scripted = self._scripts[name]
            if scripted and scripted[0].headers.get("stage") == AT_ONCE:
                return self._said(scripted.popleft())
        if name in self._gone:
            return Reply("550 5.1.1 no such mailbox")
        wait_s = self.limited(name).wait_s
        return Reply(f"450 4.7.1 too many mails, try again in {math.ceil(wait_s)} s" if wait_s else "250 2.1.5 OK")

    def _take(self, addresses: Sequence[str], raw: bytes) -> Reply:
        names = [address.partition("@")[0] for address in addresses]
        with self._lock:
            scripts: list[deque[Answer]] = [self._scripts[name] for name in names if self._scripts[name]]
            scripted = scripts[0].popleft() if scripts else None
        wrong = fault(raw) if scripted is None else ""
        reply = self._said(scripted) if scripted else Reply(f"554 5.6.0 {wrong}" if wrong else "250 2.0.0 kept")
        mail = read(raw)
        for name in dict.fromkeys(names):
            entry = Entry(time.time(), name, "MAIL", "", shown(mail), files(mail), int(reply.said[:3]), raw=raw)
            with self._lock:
                self.ledger.append(entry)
                if reply.said.startswith("2") and not reply.reset:
                    self._put(entry, html(mail))
        return reply

    def _put(self, entry: Entry, page: bytes) -> None:
        """Lay a mail into its mailbox; what lies there already, by its id, is not shown twice."""
        had = (entry.webhook, entry.body["message_id"])
        if had in self._had:
            return
        self._had.add(had)
        kept = self.keep(entry, {**entry.body, "page": bool(page)})
        if page:
            self._pages[kept["id"]] = page

    def _said(self, answer: Answer) -> Reply:
        waits = 120.0 if answer.hang else answer.delay
        return Reply(f"{answer.status} {answer.body or ''}".rstrip(), answer.reset or answer.hang, waits)
