"""From rows to mails at a real mail server, and back."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import OperationalError, connection
from django.utils import timezone

from tests.browser import browser
from tests.channels.hostile import hostile
from tests.delivery.conftest import an_alert
from tests.delivery.mail_server import CERTIFICATE, Mailbox, mail_server
from tests.delivery.test_transport import serve
from webhook_alerts import emergency
from webhook_alerts.alert import Level
from webhook_alerts.channels.base import Access, File, Request, Style
from webhook_alerts.channels.email import Email
from webhook_alerts.conf import Config
from webhook_alerts.delivery.carriers import bounded, mail
from webhook_alerts.delivery.deliver import deliver
from webhook_alerts.delivery.transport import TransportError
from webhook_alerts.incidents import state as incident
from webhook_alerts.intake.accept import accept
from webhook_alerts.intake.spooled import take_up
from webhook_alerts.models import Alert, Attempt, Delivery, Message, Pause
from webhook_alerts.outbox.spool import Spool
from webhook_alerts.testing.standin import Answer

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")]
URL = "mailto:ops@example.com,oncall@example.com?cc=boss@example.com&bcc=archive@example.com"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def use_server(settings) -> Callable[[int], None]:
    """Have the project's mail go to a port of this machine."""

    def use(port: int, **others: Any) -> None:
        settings.EMAIL_BACKEND = SMTP
        settings.EMAIL_HOST = others.pop("host", "127.0.0.1")
        settings.EMAIL_PORT = port
        settings.DEFAULT_FROM_EMAIL = "Shop <alerts@shop.example>"
        for name, value in others.items():
            setattr(settings, name, value)

    return use


@pytest.fixture
def mailbox(use_server) -> Iterator[Mailbox]:
    with mail_server() as found:
        use_server(found.port)
        yield found


@pytest.fixture
def errors(configure, db) -> Config:
    return configure(WEBHOOKS={"errors": {"url": URL, "rate": []}}, SERVICE="shop", ENVIRONMENT="production")


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def later() -> None:
    """The pauses between the attempts are over."""
    from webhook_alerts.shared_memory import client

    client().flushdb()
    Message.objects.update(due_at=timezone.now() - timedelta(minutes=5))


def test_alerts_go_out_together_to_everybody_and_machines_do_not_answer(errors, owe, mailbox):
    owe("number one", "number two", environment="production")
    owe("the gravest\r\nBcc: victim@example.com", level=Level.CRITICAL)
    assert deliver("errors") == 1
    (got,), ((sender, recipients),) = mailbox.received, mailbox.envelopes
    assert sender == "alerts@shop.example"
    assert recipients == ["ops@example.com", "oncall@example.com", "boss@example.com", "archive@example.com"]
    assert (got["From"], got["To"]) == ("Shop <alerts@shop.example>", "ops@example.com, oncall@example.com")
    assert (got["Cc"], got["Bcc"]) == ("boss@example.com", None)
    assert got["Subject"].strip() == "[🚨 1 CRITICAL, 2 ERROR] the gravest … and 2 more"
    assert (got["Auto-Submitted"], got["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert (got["X-Alert-Level"], got["Importance"]) == ("CRITICAL", "high")
    text, html = (got.get_body([kind]).get_content() for kind in ("plain", "html"))
    for words in ("number one", "number two", "Bcc: victim@example.com"):
        assert words in text
        assert words in html
    assert states() == {"delivered": 3}
    assert set(Attempt.objects.values_list("outcome", "status_code")) == {("delivered", 250)}


def test_every_try_of_a_mail_has_its_id_and_mails_of_one_incident_are_a_thread(errors, owe, mailbox):
    mailbox.refuse("DATA", "451 4.3.0 try again", "250 OK")
    owe("again and again", fingerprint="f" * 32)
    deliver("errors")
    first = Message.objects.get()
    assert (first.state, first.attempts, first.reason) == ("pending", 1, "SMTP 451 4.3.0 (message)")
    later()
    deliver("errors")
    Message.objects.update(state="pending", resend=True, before_resend="delivered")
    later()
    deliver("errors")
    owe("again and again", fingerprint="f" * 32, level=Level.CRITICAL)
    deliver("errors")
    owe("another", fingerprint="e" * 32)
    deliver("errors")
    one, resent, graver, other = mailbox.received
    assert one["Message-ID"] == resent["Message-ID"] != graver["Message-ID"]
    assert one["Message-ID"].endswith("@shop.example>")
    assert one["References"] == one["In-Reply-To"] == graver["References"] != other["References"]
    assert (one["Subject"].strip(), graver["Subject"].strip()) == (
        "[🔴 ERROR] again and again",
        "[🚨 CRITICAL] again and again",
    )


@pytest.mark.parametrize(
    ("refused", "reply", "outcome", "state", "reason"),
    [
        ("MAIL", "451 4.3.2 shutting down", "retry", "pending", "SMTP 451 4.3.2 (sender)"),
        ("MAIL", "550 5.7.1 you may not send as this", "retry", "pending", "SMTP 550 5.7.1 (sender)"),
        (
            "ops@example.com",
            "450 4.2.0 <ops@example.com> greylisted",
            "retry",
            "pending",
            "SMTP 450 4.2.0 (recipients)",
        ),
        ("ops@example.com", "552 5.2.2 mailbox full", "refused", "failed", "SMTP 552 5.2.2 (recipients)"),
        ("ops@example.com", "550 no thanks", "refused", "failed", "SMTP 550 (recipients)"),
        ("ops@example.com", "550 5.1.1 <ops@example.com> unknown", "gone", "pending", "SMTP 550 5.1.1 (recipients)"),
        ("DATA", "452 4.3.1 disk full", "retry", "pending", "SMTP 452 4.3.1 (message)"),
        ("DATA", "554 5.7.1 spam", "refused", "failed", "SMTP 554 5.7.1 (message)"),
    ],
)
def test_a_refusal_is_understood_by_its_reply_and_what_it_replied_to(
    configure, owe, mailbox, refused, reply, outcome, state, reason
):
    configure(WEBHOOKS={"errors": {"url": "mailto:ops@example.com", "rate": []}})
    mailbox.refuse(refused, reply)
    owe("refused")
    assert deliver("errors") == 1
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.error, attempt.status_code) == (outcome, reason, int(reply[:3]))
    assert "ops@" not in attempt.response_excerpt
    assert states() == {state: 1}
    assert Pause.objects.exists() == (outcome == "gone")


def test_a_mail_that_some_recipients_refuse_is_delivered_and_says_so_and_is_sent_once(errors, owe, mailbox, caplog):
    mailbox.refuse("boss@example.com", "550 5.1.1 <boss@example.com> unknown")
    owe("told to three of four")
    assert deliver("errors") == 1
    assert mailbox.envelopes[0][1] == ["ops@example.com", "oncall@example.com", "archive@example.com"]
    assert states() == {"delivered": 1}
    assert "taken for 3 of 4 recipients" in caplog.text
    assert Attempt.objects.get().response_excerpt == "5.1.1 <…@example.com> unknown"
    later()
    assert deliver("errors") == 0


@pytest.mark.parametrize("encrypted", ["STARTTLS", "TLS"])
def test_login_and_encryption_are_the_projects_own(errors, owe, use_server, monkeypatch, encrypted):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    flags = {"EMAIL_USE_TLS": encrypted == "STARTTLS", "EMAIL_USE_SSL": encrypted == "TLS"}
    with mail_server(encrypted) as mailbox:
        use_server(mailbox.port, host="localhost", EMAIL_HOST_USER="mailer", EMAIL_HOST_PASSWORD="wrong", **flags)
        owe("behind a login")
        deliver("errors")
        attempt = Attempt.objects.get()
        assert (attempt.outcome, attempt.error) == ("retry", "SMTP 535 5.7.8 (login)")
        assert mail.ask(URL, timeout=5).status == 535
        use_server(mailbox.port, host="localhost", EMAIL_HOST_USER="mailer", EMAIL_HOST_PASSWORD="right", **flags)
        later()
        deliver("errors")
        assert (states(), len(mailbox.received), len(mailbox.logins)) == ({"delivered": 1}, 1, 1)
        assert mail.ask(URL, timeout=5).status == 250


def test_a_certificate_that_nobody_knows_is_not_trusted(errors, owe, use_server):
    with mail_server("TLS") as mailbox:
        use_server(mailbox.port, host="localhost", EMAIL_USE_SSL=True)
        owe("in vain")
        deliver("errors")
    assert Attempt.objects.get().error == "tls_error"
    assert not mailbox.received


def say(connection: socket.socket, *replies: bytes) -> None:
    """Answer each line of a client with the next of *replies*."""
    for reply in replies:
        connection.sendall(reply)
        if not connection.recv(65536):
            return


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def drips_its_greeting(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"2")
        time.sleep(0.05)


def drips_lines(connection: socket.socket) -> None:
    say(connection, b"220 hello\r\n")
    for _ in range(200):
        connection.sendall(b"250-more\r\n")
        time.sleep(0.05)


def hangs_over_the_message(connection: socket.socket) -> None:
    say(connection, b"220 hello\r\n", *[b"250 ok\r\n"] * 3, b"354 go on\r\n")
    silent(connection)


def breaks_over_the_message(connection: socket.socket) -> None:
    say(connection, b"220 hello\r\n", *[b"250 ok\r\n"] * 3, b"354 go on\r\n")


def breaks_at_once(connection: socket.socket) -> None:
    pass


def is_no_mail_server(connection: socket.socket) -> None:
    say(connection, b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize(
    ("behaviour", "reason", "may_have_arrived"),
    [
        (silent, "timeout_read", False),
        (drips_its_greeting, "timeout_read", False),
        (drips_lines, "timeout_read", False),
        (hangs_over_the_message, "timeout_read", True),
        (breaks_over_the_message, "connection_reset", True),
        (breaks_at_once, "connection_reset", False),
        (is_no_mail_server, "connection_reset", False),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_server_that_misbehaves_ends_in_time_though_the_project_sets_none(
    use_server, settings, behaviour, reason, may_have_arrived
):
    assert settings.EMAIL_TIMEOUT is None
    with serve(behaviour) as address:
        use_server(int(address.partition("/")[0].rpartition(":")[2]))
        with pytest.raises(TransportError) as caught:
            mail.send(request(), timeout=1)
    assert (caught.value.reason, caught.value.ambiguous) == (reason, may_have_arrived)
    assert not bounded.left()


def test_a_mail_that_was_taken_is_taken_however_the_server_says_goodbye(use_server):
    def hangs_at_the_end(connection: socket.socket) -> None:
        say(connection, b"220 hello\r\n", *[b"250 ok\r\n"] * 3, b"354 go on\r\n", b"250 taken\r\n")
        silent(connection)

    with serve(hangs_at_the_end) as address:
        use_server(int(address.partition("/")[0].rpartition(":")[2]))
        assert mail.send(request(), timeout=1).status == 250


def test_nobody_listens(use_server):
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    use_server(port)
    with pytest.raises(TransportError, match="connection_refused"):
        mail.send(request(), timeout=1)


class Stuck(BaseEmailBackend):
    """A backend of somebody's that no deadline reaches, until it is let go."""

    go_on = threading.Event()

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        self.go_on.wait(30)
        return len(email_messages)


def test_a_backend_that_nothing_can_end_is_left_to_itself_and_not_called_again_and_again(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Stuck"
    Stuck.go_on.clear()
    with pytest.raises(TransportError, match="timeout_read") as caught:
        mail.send(request(), timeout=1)
    assert caught.value.ambiguous
    for _ in range(bounded.MOST_LEFT - 1):
        with pytest.raises(TransportError, match="timeout_read"):
            bounded.run(lambda: Stuck.go_on.wait(30), 0.01)
    with pytest.raises(TransportError, match="timeout_connect"):
        mail.send(request(), timeout=1)
    Stuck.go_on.set()
    for thread in bounded.left():
        thread.join(5)
    assert mail.send(request(), timeout=1).status == 250


@pytest.mark.parametrize("backend", ["locmem", "console", "dummy"])
def test_any_backend_will_do(settings, backend, capsys):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert mail.send(request(), timeout=5).status == 250
    if backend == "locmem":
        assert django_mail.outbox[-1].to == ["ops@example.com"]


def request(*files: File) -> Request:
    channel = Email()
    payload = channel.render([an_alert("it broke")], Style())
    return channel.request(Access("mailto:ops@example.com"), payload.json, files, 0)


def test_pictures_stand_in_the_page_and_long_traces_are_attached(use_server, mailbox):
    channel = Email()
    trace = "\n".join(f"line {i}" for i in range(4000))
    payload = channel.render([an_alert("long", stack_trace=trace)], Style())
    payload = channel.with_picture(payload, File("digest.png", base64.b64encode(PNG).decode(), "image/png"))
    mail.send(channel.request(Access("mailto:ops@example.com"), payload.json, payload.files, 0), timeout=5)
    (got,) = mailbox.received
    attached, picture = got.iter_attachments()
    assert (attached.get_filename(), attached.get_content().splitlines()) == ("trace-1.txt", trace.splitlines())
    assert (picture["Content-ID"], picture.get_content()) == ("<digest.png>", PNG)
    assert 'src="cid:digest.png"' in got.get_body(["html"]).get_content()


def test_the_name_and_the_sender_of_the_address_and_where_answers_go(use_server, mailbox):
    channel = Email()
    payload = channel.render([an_alert("x")], Style(username="Grüße, Shop", use_embeds=False))
    for url in (
        "mailto:ops@example.com",
        "mailto:ops@example.com?from=On%20Call%20%3Ca@b.example%3E&reply-to=c@d.example",
    ):
        mail.send(channel.request(Access(url), payload.json, (), 0), timeout=5)
    by_name, by_address = mailbox.received
    assert (by_name["From"].addresses[0].display_name, by_name["Reply-To"]) == ("Grüße, Shop", None)
    assert (by_address["From"], by_address["Reply-To"]) == ("On Call <a@b.example>", "c@d.example")
    assert by_address.get_content_type() == "text/plain"


def test_what_a_chat_does_not_take_is_mailed_and_what_is_critical_is_mailed_as_well(configure, owe, mailbox, discord):
    configure(
        WEBHOOKS={
            "errors": {"url": discord.url("errors"), "channel": "discord", "rate": [], "fallback": "oncall"},
            "oncall": {"url": "mailto:oncall@example.com", "rate": [], "min_level": "CRITICAL"},
        },
        ROUTES={"error": ["errors"], "critical": ["errors", "oncall"]},
    )
    discord.script("errors", [Answer(400, {}, {"code": 50006, "message": "empty"})])
    owe("not for Discord")
    deliver("errors")
    owe("grave", level=Level.CRITICAL)
    deliver("oncall")
    assert [each["Subject"].strip() for each in mailbox.received] == ["[🚨 1 CRITICAL, 1 ERROR] grave … and 1 more"]


@pytest.mark.parametrize("backend", ["smtp", "locmem"])
def test_mail_works_while_the_database_is_away_and_is_recorded_afterwards(
    errors, mailbox, settings, backend, monkeypatch
):
    monkeypatch.setattr(emergency, "_not_before", {})  # no test waits for the pause of another
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    Spool(errors.spool_dir).write([("alert", an_alert("the database is away").to_dict())])
    with connection.execute_wrapper(away):
        assert emergency.send_unrecorded() == 1
        assert emergency.send_unrecorded() == 0
    mails = mailbox.received if backend == "smtp" else django_mail.outbox
    assert len(mails) == 1
    take_up()
    assert states() == {"delivered": 1}
    assert Message.objects.get().body["subject"] == "[🔴 ERROR] the database is away"
    assert deliver("errors") == 0
    assert len(mails) == 1


def away(*_: Any) -> None:
    raise OperationalError("the database is away")


def test_that_somebody_deals_with_an_incident_and_that_it_is_over_is_mailed_once_in_its_thread(errors, mailbox):
    now = time.time()
    accept({"alerts": [an_alert("it broke", fingerprint="f" * 32, last_seen=now, first_seen=now).to_dict()]})
    deliver("errors")
    Alert.objects.update(occurrences=57)
    assert incident.acknowledge("f" * 32, "ana")
    deliver("errors")
    assert incident.resolve("f" * 32, "ana")
    assert not incident.resolve("f" * 32, "ben")
    Message.objects.filter(deliveries__isnull=False).update(update_due_at=timezone.now())  # the counts are due as well
    deliver("errors")
    assert not Message.objects.filter(update_due_at__isnull=False).exists()
    told, taken, resolved = mailbox.received
    assert (taken["Subject"].strip(), resolved["Subject"].strip()) == (
        "[👀 acknowledged ×57] it broke",
        "[✅ resolved ×57] it broke",
    )
    assert told["References"] == taken["References"] == resolved["References"]
    assert len({told["Message-ID"], taken["Message-ID"], resolved["Message-ID"]}) == 3
    assert "acknowledged by ana" in taken.get_body(["plain"]).get_content()
    assert "resolved by ana" in resolved.get_body(["plain"]).get_content()
    assert resolved["X-Alert-State"] == "resolved"
    assert resolved["Importance"] is None


def test_counts_are_mailed_once_when_the_window_is_over(errors, mailbox):
    now = time.time()
    accept({"alerts": [an_alert("it broke", fingerprint="f" * 32, last_seen=now, first_seen=now).to_dict()]})
    deliver("errors")
    Alert.objects.update(occurrences=57)
    Message.objects.update(update_due_at=timezone.now())
    deliver("errors")
    deliver("errors")
    told, counted = mailbox.received
    assert counted["Subject"].strip() == "[🔴 ERROR ×57] it broke"
    assert counted["References"] == told["References"]


def test_what_has_become_quiet_together_is_mailed_together(errors, mailbox):
    now = time.time()
    storm = [an_alert(f"number {i}", fingerprint=f"{i:032}", last_seen=now, first_seen=now) for i in range(30)]
    accept({"alerts": [alert.to_dict() for alert in storm]})
    assert deliver("errors") == 1
    assert incident.resolve_quiet(timezone.now() + timedelta(hours=2)) == 30
    assert incident.resolve_quiet(timezone.now() + timedelta(hours=2)) == 0
    assert deliver("errors") == 1
    *_, resolved = mailbox.received
    assert resolved["Subject"].strip() == "[✅ 30 resolved] number 0 … and 29 more"
    text = resolved.get_body(["plain"]).get_content()
    assert all(f"✅ number {i}" in text for i in range(30))


@pytest.mark.slow
def test_no_mail_is_wider_than_a_phone_and_each_is_read_in_the_dark(tmp_path):
    some = [each for each in hostile() if each.message or each.stack_trace]
    pages = [
        Email().render(some[at : at + 8], Style(link=lambda each: "https://shop.example/" + "x" * 300))
        for at in (0, 8, 16, 24)
    ]
    pages.append(Email().render(some * 2, Style()))
    with browser(tmp_path / "profile") as window:
        window.resize(360, 640)
        for number, page in enumerate(pages):
            (tmp_path / f"{number}.html").write_text(page.json["html"])
            window.open(f"file://{tmp_path}/{number}.html")
            assert window.overflow() == 0
        window.prefer("dark")
        paper, ink = window.run(
            "return [...document.querySelectorAll('.ink, .card')].slice(0, 2)"
            ".map((one, at) => getComputedStyle(one)[at ? 'color' : 'backgroundColor'])"
        )
        assert window.console() == []
    assert (paper, ink) == ("rgb(27, 30, 37)", "rgb(232, 234, 237)")
