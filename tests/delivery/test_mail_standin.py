"""The stand-in for a mail server: what it takes, what it refuses and in which words."""

from __future__ import annotations

import base64
import smtplib
import socket
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from tests.channels.hostile import alert, hostile
from tests.channels.test_every_channel import WAITING
from webhook_alerts.channels.base import Access, File, Outcome, Style, Verdict
from webhook_alerts.channels.email import Email
from webhook_alerts.delivery.carriers import mail
from webhook_alerts.delivery.transport import TransportError
from webhook_alerts.testing.fake_mail import FakeMail
from webhook_alerts.testing.standin import Answer

LINK = Style(link=lambda each: "https://shop.example/i/?a=1&b=2")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


@pytest.fixture
def server(settings: Any) -> Iterator[FakeMail]:
    with FakeMail() as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.smtp_port
        settings.DEFAULT_FROM_EMAIL = "Shop <alerts@shop.example>"
        yield found


def send(url: str, *some: Any, picture: File | None = None) -> tuple[Outcome, int]:
    """What came of a mail of *some*, sent as a worker sends it, and how many of them it holds."""
    channel = Email()
    payload = channel.render(some or [alert()], LINK)
    if picture:
        payload = channel.with_picture(payload, picture)
    answer = mail.send(channel.request(Access(url), payload.json, payload.files, 0), timeout=10)
    return channel.classify(answer), payload.count


def test_every_hostile_alert_is_taken_and_shown(server: FakeMail) -> None:
    left = WAITING
    while left:
        outcome, count = send(server.url("errors"), *left[: Email.max_alerts])
        assert outcome.verdict is Verdict.DELIVERED, outcome
        left = left[count:]
    for each in hostile():
        assert send(server.url("single"), each)[0].verdict is Verdict.DELIVERED
    assert len(server.messages("single")) == 40
    assert {entry.status for entry in server.requests()} == {250}
    assert not any(message["clipped"] for message in server.messages())


def test_a_mail_is_shown_with_its_page_its_picture_its_files_and_its_text(server: FakeMail) -> None:
    some = alert(message="it broke", stack_trace="line\n" * 4000)
    send(server.url("errors"), some, picture=File("digest.png", PNG, "image/png"))
    (shown,) = server.messages("errors")
    assert (shown["subject"], shown["to"]) == ("[🔴 ERROR] it broke", "errors@shop.example")
    assert (shown["from"], shown["headers"]["X-Alert-Level"]) == ("Shop <alerts@shop.example>", "ERROR")
    assert "it broke" in shown["text"]
    assert set(shown["files"]) == {"trace-1.txt"}
    page = requests.get(f"http://127.0.0.1:{server.port}{server.path('errors')}", timeout=5)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert f'src="data:image/png;base64,{PNG}"' in page.text
    assert requests.get(f"http://127.0.0.1:{server.port}/mail/1", timeout=5).status_code == 404
    assert len(server.requests()) == 1  # to look is no request


def test_it_refuses_as_it_is_told_to_and_forgets_no_try(server: FakeMail) -> None:
    url = server.url("errors")
    server.script("errors", [Answer(451, body="4.3.0 later"), Answer(550, {"stage": "RCPT"}, "5.1.1 unknown")])
    assert send(url)[0].reason == "SMTP 451 4.3.0 (message)"
    assert send(url)[0].verdict is Verdict.GONE
    server.script("errors", [Answer(250, reset=True)])
    with pytest.raises(TransportError, match="connection_reset") as caught:
        send(url)
    assert caught.value.ambiguous
    server.delete("errors")
    assert send(url)[0].reason == "SMTP 550 5.1.1 (recipients)"
    assert send("mailto:ops@elsewhere.example")[0].reason == "SMTP 550 5.7.1 (recipients)"
    assert [entry.status for entry in server.requests()] == [451, 550, 250, 550, 550]
    assert not server.messages()


def test_what_came_twice_is_shown_once_and_each_recipient_has_it(server: FakeMail) -> None:
    some = alert()
    for _ in range(2):
        send(f"{server.url('errors')}?cc=boss@shop.example", some)
    assert [(len(server.messages(name)), len(server.requests(name))) for name in ("errors", "boss")] == [(1, 2)] * 2


def test_a_mailbox_may_have_a_limit(server: FakeMail) -> None:
    server.limits = ((1, 60.0),)
    assert send(server.url("errors"))[0].verdict is Verdict.DELIVERED
    outcome, _ = send(server.url("errors"))
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, "SMTP 450 4.7.1 (recipients)")


def sound(html: str = "<p>hello</p>", **headers: str) -> EmailMessage:
    """A mail that is well made but for *headers*, of which an empty one is left out."""
    made = EmailMessage()
    given = {
        "From": "a@b.example",
        "To": "errors@shop.example",
        "Subject": "x",
        "Date": "Sat, 28 Nov 2026 10:00:00 +0000",
    }
    given |= {"Message-ID": "<1@b.example>", **{name.replace("_", "-"): value for name, value in headers.items()}}
    for name, value in given.items():
        if value:
            made[name] = value
    made.set_content("hello")
    made.add_alternative(html, subtype="html")
    return made


def only_html() -> EmailMessage:
    made = sound()
    made.clear_content()
    made.set_content("<p>", subtype="html")
    return made


def twice() -> EmailMessage:
    made = sound()
    made._headers.append(("Subject", "y"))  # type: ignore[attr-defined] - which no library would write
    return made


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (sound(Date=""), b"Date is missing"),
        (sound(Message_ID="<no id>"), b"Message-ID is none"),
        (sound(Bcc="boss@shop.example"), b"Bcc tells of others"),
        (twice(), b"Subject is there more than once"),
        (only_html(), b"there is no plain text"),
        (sound("<img src='https://tracker.example/x.png'>"), b"something in it is loaded from elsewhere"),
        (sound("<p style='background: url(//x.example)'>"), b"something in it is loaded from elsewhere"),
        (sound("<script>1</script>"), b"something in it would run"),
        (sound("<p onclick=x()>"), b"something in it would run"),
    ],
)
def test_a_mail_that_is_badly_made_is_refused(server: FakeMail, made: EmailMessage, why: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", server.smtp_port) as client:
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("a@b.example", ["errors@shop.example"], made.as_bytes(policy=policy.SMTP))
        assert (caught.value.smtp_code, caught.value.smtp_error) == (554, b"5.6.0 " + why)
        assert client.sendmail("a@b.example", ["errors@shop.example"], sound().as_bytes(policy=policy.SMTP)) == {}


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"MAIL FROM:<a@b.example>\r\n", b"503 5.5.1"),
        (b"EHLO me\r\nMAIL FROM:a@b.example\r\n", b"501 5.1.7"),
        (b"EHLO me\r\nMAIL FROM:<a@b.example> SIZE=99999999\r\n", b"552 5.3.4"),
        (b"EHLO me\r\nRCPT TO:<a@shop.example>\r\n", b"503 5.5.1"),
        (b"EHLO me\r\nMAIL FROM:<a@b.example>\r\nDATA\r\n", b"503 5.5.1"),
        (b"EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<nobody>\r\n", b"501 5.1.3"),
        (b"VRFY a\r\n", b"502 5.5.1"),
        (b"NOOP\n", b"500 5.5.2"),
        (b"x" * 600 + b"\r\n", b"500 5.5.2"),
    ],
)
def test_a_client_that_does_not_keep_to_the_protocol_is_told_so(server: FakeMail, said: bytes, answer: bytes) -> None:
    assert talk(server, said)[-1].startswith(answer)


@pytest.mark.parametrize("line", [b"a\nb\r\n", b"a\rb\r\n", b"x" * 1001 + b"\r\n"])
def test_a_line_that_ends_otherwise_or_never_smuggles_nothing(server: FakeMail, line: bytes) -> None:
    head = b"EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<errors@shop.example>\r\nDATA\r\n"
    assert talk(server, head + line + b".\r\n")[-1].startswith(b"550 5.6.11")
    assert not server.messages()


def talk(server: FakeMail, said: bytes) -> list[bytes]:
    """The lines that the server answers to *said*, but for the farewell."""
    with socket.create_connection(("127.0.0.1", server.smtp_port), timeout=5) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        heard = b""
        while piece := client.recv(65536):
            heard += piece
    return heard.splitlines()
