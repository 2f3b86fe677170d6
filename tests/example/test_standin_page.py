"""What a person sees on the stand-in's page, in a real browser."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.channels.hostile import TRACE, alert
from webhook_alerts.alert import Alert, Kind, Level
from webhook_alerts.channels.base import Access, Style
from webhook_alerts.channels.discord import Discord
from webhook_alerts.testing.fake_discord import FakeDiscord
from webhook_alerts.testing.standin import Service
from webhook_alerts.testing.standin_server import StandIn

PAGE = Path(__file__).resolve().parents[2] / "example_project" / "standin"
HOSTILE = (
    "@everyone <script>document.title = 'owned'</script><img src=x onerror=document.title='owned'> **bold** ```x```"
)
READER = """
const seconds = (count) => new Promise((done) => setTimeout(done, count * 1000));
const list = document.getElementById("messages");
const link = () => document.querySelector("#channels a[href='#errors']");
await seconds(2);
const startedAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 2;
link().focus();
const file = document.querySelector("details");
file.open = true;
const inFile = file.querySelector("pre");
inFile.scrollTop = 50;
list.scrollTop = 120;
getSelection().selectAllChildren(document.querySelector("h3"));
for (const url of URLS) {
  const headers = { "Content-Type": "application/json" };
  await fetch(url, { method: "POST", headers, body: JSON.stringify({ content: "one more" }) });
}
await seconds(3);
const kept = {
  startedAtEnd,
  arrived: document.body.textContent.includes("one more"),
  unread: document.querySelector(".unread")?.textContent,
  focus: document.activeElement === link(),
  selection: String(getSelection()),
  reading: list.scrollTop,
  readingInFile: inFile.scrollTop,
};
location.hash = "info";
await seconds(1);
kept.other = list.textContent.includes("one more") && list.children.length === 1;
kept.unreadThen = document.querySelector(".unread")?.textContent ?? "";
document.title = JSON.stringify(kept);
"""
"""Somebody who reads far up, with a file open, while more arrives."""
pytestmark = pytest.mark.slow


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found and os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail("Chromium is not installed")
    return found or pytest.skip("Chromium is not installed")


def send(discord: FakeDiscord, *alerts: Alert, style: Style = Style()) -> str:  # noqa: B008 - it is frozen
    """Send what our channel makes of *alerts*, with its files; the id of the message."""
    channel = Discord()
    payload = channel.render(list(alerts), style)
    form = {f"files[{number}]": (file.filename, file.content) for number, file in enumerate(payload.files)}
    body = {"payload_json": (None, json.dumps(payload.json)), **form}
    answer = requests.post(channel.endpoint(discord.url("errors")), files=body, timeout=5)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def seen(chromium: str, server: Service | StandIn, tmp_path: Path, *, budget_ms: int = 4000, at: str = "errors") -> str:
    """The page's document, after it has drawn the channel *at*."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    address = f"http://127.0.0.1:{server.port}/#{at}"
    done = subprocess.run(
        [chromium, *flags, f"--virtual-time-budget={budget_ms}", "--dump-dom", address],
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
    assert re.search(r"<h3>.*ValueError: no</h3>", document)
    assert re.search(r"<h4>order</h4><div class=\"text\">4711</div>", document)
    assert "ValueError: no</code></pre>" in document
    assert re.search(r"<footer>ERROR · shop", document)
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
        send(discord, alert(message="down", level=Level.CRITICAL), style=Style(mention="@everyone"))
        assert '<span class="mention">@everyone</span>' in seen(chromium, discord, tmp_path)


def test_a_mention_that_is_not_allowed_is_text(chromium: str, tmp_path: Path) -> None:
    role = "<@&123456789012345678>"
    allowed = {"parse": [], "roles": ["123456789012345678"]}
    with FakeDiscord(limits=(), page=PAGE) as discord:
        body = {"content": f"@everyone {role} <@876543210987654321>", "allowed_mentions": allowed}
        assert requests.post(discord.url("errors"), json=body, timeout=5).status_code == 204
        document = seen(chromium, discord, tmp_path)
    assert re.findall(r'class="mention">([^<]+)<', document) == [html.escape(role)]


def test_an_edit_and_a_refusal_show(chromium: str, tmp_path: Path) -> None:
    with FakeDiscord(limits=(), page=PAGE) as discord:
        identity = send(discord, alert(message="again"))
        channel = Discord()
        body = channel.render([alert(message="again", occurrences=57)], Style()).json
        change = channel.edit(Access(discord.url("errors")), identity, body)
        assert requests.request(change.method, change.url, json=change.json, timeout=5).status_code == 200
        endpoint = channel.endpoint(discord.url("errors"))
        assert requests.post(endpoint, json={"content": "x" * 2001}, timeout=5).status_code == 400
        document = seen(chromium, discord, tmp_path)
    assert "×57" in words(document)
    assert re.search(r'<time datetime="[^"]+" class="edited" title="[^"]+">\(edited\)</time>', document)
    assert '<span class="refused">1 × 400 refused</span>' in document
    assert '<span class="taken">2 × 200</span>' in document


def test_a_button_a_thread_and_silence_show(chromium: str, tmp_path: Path) -> None:
    style = Style(link=lambda each: "https://shop.example/alerts/")
    channel = Discord()
    with FakeDiscord(limits=(), page=PAGE) as discord:
        url = f"{discord.url('forum')}?thread_name=*"
        body = channel.render([alert(message="deployed", level=Level.INFO)], style).json
        request = channel.request(Access(url), body, (), 0)
        assert requests.post(request.url, json=request.json, timeout=5).status_code == 200
        document = seen(chromium, discord, tmp_path, at="forum")
    assert re.search(
        r'<a href="https://shop.example/alerts/" [^>]*class="button">Open · acknowledge · silence', document
    )
    assert '<span class="where"> › 🔵 deployed</span>' in document
    assert 'title="Sent without a notification"' in document


def test_a_trace_that_did_not_fit_is_a_file_to_open(chromium: str, tmp_path: Path) -> None:
    with FakeDiscord(limits=(), page=PAGE) as discord:
        send(discord, alert(kind=Kind.ERROR, exception_type="ValueError", stack_trace=TRACE))
        document = seen(chromium, discord, tmp_path)
    assert re.search(r"<details><summary>trace-1\.txt <small>\d+\.\d KB</small></summary>", document)
    opened = words(document.split("<details>")[1])
    assert "in step_200" in opened
    assert "ValueError: the cause that must be kept" in opened


def test_fields_stand_three_abreast_and_long_ones_alone(chromium: str, tmp_path: Path) -> None:
    context = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "long": "x" * 60}
    with FakeDiscord(limits=(), page=PAGE) as discord:
        send(discord, alert(message="boom", context=context))
        document = seen(chromium, discord, tmp_path)
    assert re.findall(r'<div class="field ?(\w*)"><h4>(\w+)</h4>', document) == [
        ("third", "one"), ("third", "two"), ("third", "three"), ("half", "four"), ("half", "five"), ("", "long")
    ]  # fmt: skip


def test_plain_text_is_read_as_markdown_and_escaped_marks_stay(chromium: str, tmp_path: Path) -> None:
    style = Style(use_embeds=False, username="The shop", avatar_url="https://example.com/shop.png")
    with FakeDiscord(limits=(), page=PAGE) as discord:
        send(discord, alert(message="2 * 3 * `4` is <b>not</b> **5**", stack_trace="Traceback:\nboom"), style=style)
        document = seen(chromium, discord, tmp_path)
    assert "<strong>ERROR</strong> 2 * 3 * `4` is &lt;b&gt;not&lt;/b&gt; **5**" in document
    assert "<pre><code>Traceback:\nboom</code></pre>" in document
    assert '<span class="author">The shop</span><span class="app">APP</span>' in document
    assert 'title="Its own picture: https://example.com/shop.png"' in document


def test_what_arrives_disturbs_nobody_who_reads(chromium: str, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    shutil.copytree(PAGE, folder)
    page = folder / "page.html"
    page.write_text(page.read_text().replace("</head>", '<script src="reader.js" type="module"></script></head>'))
    with FakeDiscord(limits=(), page=folder) as discord:
        send(discord, *(alert(kind=Kind.ERROR, exception_type="ValueError", stack_trace=TRACE) for _ in range(3)))
        send(discord, *(alert(message=f"number {number}") for number in range(9)))
        urls = [Discord().endpoint(discord.url(name)) for name in ("errors", "info")]
        (folder / "reader.js").write_text(READER.replace("URLS", json.dumps(urls)))
        document = seen(chromium, discord, tmp_path, budget_ms=12_000)
    kept = json.loads(html.unescape(re.search(r"<title>(.*)</title>", document)[1]))
    assert kept == {
        "startedAtEnd": True,
        "arrived": True,
        "unread": "info1",
        "focus": True,
        "selection": "🔴 ValueError: the cause that must be kept",
        "reading": 120,
        "readingInFile": 50,
        "other": True,
        "unreadThen": "",
    }


def test_nothing_yet_says_what_to_do(chromium: str, tmp_path: Path) -> None:
    with FakeDiscord(limits=(), page=PAGE) as discord:
        document = seen(chromium, discord, tmp_path)
    assert "Press a button in the shop" in document
    assert '<ol id="messages" tabindex="0" aria-labelledby="title"></ol>' in document
