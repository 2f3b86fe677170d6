"""A mail server's side of a conversation, strict about the order of commands and the ends of lines.

https://www.rfc-editor.org/rfc/rfc5321; enhanced codes as in RFC 3463. It knows neither TLS nor logins.
"""

from __future__ import annotations

import re
import socket
import socketserver
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_BYTES = 10 * 1024 * 1024
"""Of a mail; what many servers take at most."""
MOST_RECIPIENTS = 100
_LONGEST_COMMAND = 512
_LONGEST_LINE = 1000
"""Bytes with the end of the line: RFC 5321, 4.5.3.1."""
_IDLE_S = 60
_PATH = re.compile(r"<([^<>\s]*)>((?: [A-Za-z0-9]+(?:=\S*)?)*)")


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said, such as ``250 2.0.0 OK``; ``reset`` breaks the connection instead, ``hang_s`` waits before."""

    said: str
    reset: bool = False
    hang_s: float = 0.0


class Server(socketserver.ThreadingTCPServer):
    """Listens; *greet* judges a recipient, *take* a mail of these recipients."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        address: tuple[str, int],
        greet: Callable[[str], Reply],
        take: Callable[[Sequence[str], bytes], Reply],
        wait: Callable[[float], object],
    ) -> None:
        super().__init__(address, _Conversation)
        self.greet, self.take, self.wait = greet, take, wait


class _Conversation(socketserver.StreamRequestHandler):
    server: Server
    timeout = _IDLE_S

    def handle(self) -> None:
        try:
            self._converse()
        except OSError:
            pass  # the client has gone, or says nothing any more

    def _converse(self) -> None:
        self._say("220 standin ESMTP, which keeps what it is sent")
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._greeted = False
        while line := self.rfile.readline(_LONGEST_COMMAND + 1):
            if len(line) > _LONGEST_COMMAND or not line.endswith(b"\r\n") or not line.isascii():
                self._say("500 5.5.2 that is no line of a command")
                return
            verb, _, rest = line.decode("ascii").strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 2.0.0 bye")
                return
            if not self._obey(verb.upper(), rest):
                return

    def _obey(self, verb: str, rest: str) -> bool:
        """Answer a command; does the conversation go on?"""
        if verb in {"EHLO", "HELO"}:
            self._greeted = True
            self._forget()
            more = [f"SIZE {MOST_BYTES}", "8BITMIME", "ENHANCEDSTATUSCODES"] if verb == "EHLO" else []
            lines = ["standin", *more]
            self._say(*[f"250{'-' if text is not lines[-1] else ' '}{text}" for text in lines])
        elif verb == "MAIL":
            self._mail(rest)
        elif verb == "RCPT":
            return self._recipient(rest)
        elif verb == "DATA":
            return self._data()
        elif verb in {"RSET", "NOOP"}:
            if verb == "RSET":
                self._forget()
            self._say("250 2.0.0 OK")
        else:
            self._say("502 5.5.1 that command is not known here")
        return True

    def _forget(self) -> None:
        self._sender, self._recipients = None, []

    def _mail(self, rest: str) -> None:
        match = _PATH.fullmatch(rest[5:].strip()) if rest[:5].upper() == "FROM:" else None
        if not self._greeted or self._sender is not None:
            self._say("503 5.5.1 say EHLO first, and MAIL once")
        elif match is None or "@" not in match[1]:
            self._say("501 5.1.7 the sender is no address")
        elif (size := re.search(r"SIZE=(\d+)", match[2].upper())) and int(size[1]) > MOST_BYTES:
            self._say("552 5.3.4 the mail is too large")
        else:
            self._sender = match[1]
            self._say("250 2.1.0 OK")

    def _recipient(self, rest: str) -> bool:
        match = _PATH.fullmatch(rest[3:].strip()) if rest[:3].upper() == "TO:" else None
        if self._sender is None:
            self._say("503 5.5.1 say MAIL first")
        elif match is None or "@" not in match[1]:
            self._say("501 5.1.3 the recipient is no address")
        elif len(self._recipients) >= MOST_RECIPIENTS:
            self._say("452 4.5.3 too many recipients")
        else:
            reply = self.server.greet(match[1])
            if reply.said.startswith("2"):
                self._recipients.append(match[1])
            return self._give(reply)
        return True

    def _data(self) -> bool:
        if not self._recipients:
            self._say("503 5.5.1 there are no recipients")
            return True
        self._say("354 go on")
        lines: list[bytes] = []
        wrong, size = "", 0
        while True:
            line = self.rfile.readline(_LONGEST_LINE + 1)
            if not line:
                return False
            if line == b".\r\n":
                break
            if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
                wrong = wrong or "550 5.6.11 a line is too long, or ends with one sign of two"  # or worse: smuggling
            line = line.removeprefix(b".")
            size += len(line)
            if size > MOST_BYTES:
                wrong = wrong or "552 5.3.4 the mail is too large"
            elif not wrong:
                lines.append(line)
        reply = Reply(wrong) if wrong else self.server.take(self._recipients, b"".join(lines))
        self._forget()
        return self._give(reply)

    def _give(self, reply: Reply) -> bool:
        if reply.hang_s:
            self.server.wait(reply.hang_s)
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        self._say(reply.said)
        return True

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode("ascii", "replace"))
