"""What a person sees of a mail on the stand-ins' page, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import browser
from tests.channels.hostile import alert
from tests.delivery.test_mail_standin import send, server
from tests.example.test_standin_page import HOSTILE, PAGE
from webhook_alerts.testing.fake_mail import FakeMail

__all__ = ["server"]
pytestmark = pytest.mark.slow


def test_a_mail_is_drawn_in_a_frame_as_high_as_it_is_and_nothing_of_it_runs(server: FakeMail, tmp_path: Path) -> None:
    assert server._server is not None
    server._server.page = PAGE
    send(server.url("errors"), alert(message=HOSTILE, exception_type="ValueError", stack_trace="long\n" * 4000))
    with browser(tmp_path / "profile") as window:
        window.resize(900, 700)
        window.open(f"http://127.0.0.1:{server.port}/#errors")
        window.find(".email iframe[height]")
        assert window.run("return document.title") == "What the channels received"
        said = window.run(
            "const inside = document.querySelector('iframe').contentDocument;"
            "const left = inside.documentElement.scrollHeight - document.querySelector('iframe').height;"
            "return [inside.body.innerText, left, inside.links[0].href, inside.links[0].target]"
        )
        assert HOSTILE.partition("<")[0] in said[0]
        assert said[1:] == [0, "https://shop.example/i/?a=1&b=2", "_blank"]
        assert "[🔴 ERROR] ValueError" in window.text
        assert "trace-1.txt" in window.text
        assert window.overflow() == 0
        assert window.console() == []
