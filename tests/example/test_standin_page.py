"""What a person sees on the stand-in's page, in a real browser."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.channels.hostile import alert
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Style
from webhook_alerts.channels.discord import Discord
from webhook_alerts.testing.fake_discord import FakeDiscord

PAGE = Path(__file__).resolve().parents[2] / "example_project" / "standin"
HOSTILE = (
    "@everyone <script>document.title = 'owned'</script><img src=x onerror=document.title='owned'> **bold** ```x```"
)
pytestmark = pytest.mark.slow


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found and os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail("Chromium is not installed")
    return found or pytest.skip("Chromium is not installed")


def send(discord: FakeDiscord, *alerts: Alert, mention: str = "") -> str:
    """Send what our channel makes of *alerts*; the id of the message."""
    channel = Discord()
    payload = channel.render(list(alerts), Style(mention=mention))
    answer = requests.post(channel.endpoint(discord.url("errors")), json=payload.json, timeout=5)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def seen(chromium: str, discord: FakeDiscord, tmp_path: Path) -> str:
    """The page's document, after it has drawn."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    address = f"http://127.0.0.1:{discord.port}/#errors"
    done = subprocess.run(
        [chromium, *flags, "--virtual-time-budget=4000", "--dump-dom", address],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout


def words(document: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", document))


def test_an_alert_is_drawn_with_its_fields_its_trace_and_its_footer(chromium: str, tmp_path: Path) -> None:
    with FakeDiscord(limits=(), page=PAGE) as discord:
        send(
            discord,
            alert(
                kind=Kind.ERROR,
                message="checkout failed",
                exception_type="ValueError",
                stack_trace='Traceback:\n  File "shop.py", line 1\nValueError: no',
                context={"order": 4711},
                service="shop",
            ),
        )
        document = seen(chromium, discord, tmp_path)
    assert re.search(r"<h3>.*ValueError</h3>", document)
    assert re.search(r"<h4>order</h4><div class=\"text\">4711</div>", document)
    assert "ValueError: no</code></pre>" in document
    assert re.search(r"<footer>shop", document)
    assert "--colour: #e74c3c" in document


def test_no_text_becomes_markup_or_calls_anybody(chromium: str, tmp_path: Path) -> None:
    with FakeDiscord(limits=(), page=PAGE) as discord:
        send(discord, alert(message=HOSTILE, context={HOSTILE: HOSTILE}))
        document = seen(chromium, discord, tmp_path)
    assert "<title>What the channels received</title>" in document
    assert "<img" not in document
    assert document.count("<script") == 1  # the page's own
    assert 'class="mention"' not in document
    assert "<strong>bold" not in document
    assert "document.title = 'owned'" in words(document)


def test_a_mention_that_is_allowed_shows(chromium: str, tmp_path: Path) -> None:
    with FakeDiscord(limits=(), page=PAGE) as discord:
        send(discord, alert(message="down", level=Level.CRITICAL), mention="@everyone")
        assert '<span class="mention">@everyone</span>' in seen(chromium, discord, tmp_path)


def test_an_edit_a_file_and_a_refusal_show(chromium: str, tmp_path: Path) -> None:
    with FakeDiscord(limits=(), page=PAGE) as discord:
        identity = send(discord, alert(message="again"))
        channel = Discord()
        url, body = channel.edit(
            discord.url("errors"), identity, channel.render([alert(message="again", occurrences=57)], Style()).json
        )
        assert requests.patch(url, json=body, timeout=5).status_code == 200
        files = {"payload_json": (None, '{"content": "see file"}'), "files[0]": ("trace.txt", "the whole trace")}
        endpoint = channel.endpoint(discord.url("errors"))
        assert requests.post(endpoint, files=files, timeout=5).status_code == 200
        assert requests.post(endpoint, json={"content": "x" * 2001}, timeout=5).status_code == 400
        document = seen(chromium, discord, tmp_path)
    assert "×57" in words(document)
    assert "(edited)" in document
    assert re.search(r"<summary>trace.txt", document)
    assert "the whole trace" in document
    assert '<span class="refused">1 × 400' in document


def test_nothing_yet_says_what_to_do(chromium: str, tmp_path: Path) -> None:
    with FakeDiscord(limits=(), page=PAGE) as discord:
        document = seen(chromium, discord, tmp_path)
    assert "Press a button in the shop" in document
    assert '<ol id="messages" tabindex="0" aria-labelledby="title"></ol>' in document
