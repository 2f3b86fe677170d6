"""docs/channels.md: uniform, true to the code, and enough to write a channel from."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.channels.hostile import alert
from tests.channels.test_every_channel import MENTIONS, NAMES
from tests.channels.test_registry import told
from webhook_alerts.alert import Level
from webhook_alerts.channels import registry
from webhook_alerts.channels.base import File, Style

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "channels.md").read_text()
PARTS = ("**URL.**", "**Settings.**", "**What is sent.**", "**Limits.**", "**When it fails.**")
UNSEEN = {"apprise", "console", "file"}
"""Nobody's page is drawn by these: a sample of their text stands for the picture."""
PICTURE = File("digest.png", "iVBORw0KGgo=", "image/png")


def rows() -> dict[str, list[str]]:
    """The cells of the table of all channels, by the channel's name."""
    lines = PAGE.partition("## At a glance")[2].partition("\n\n")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[1].strip("`"): row for row in cells}


def section(name: str) -> str:
    """What is said of the channel *name*: the text below the heading that its row leads to."""
    anchor = rows()[name][0].partition("(#")[2].rstrip(")")
    headings = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)[1:]
    return {slug(heading): text for heading, text in zip(headings[::2], headings[1::2], strict=True)}[anchor]


def slug(heading: str) -> str:
    """The anchor that GitHub gives to *heading*."""
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def test_the_table_names_every_channel_once_and_in_the_order_of_the_page() -> None:
    assert sorted(rows()) == NAMES
    places = [PAGE.index(section(name)) for name in rows()]
    assert places == sorted(places)


@pytest.mark.parametrize("name", NAMES)
def test_the_table_says_what_the_code_does(name: str) -> None:
    channel = registry.get(name)
    _, _, url, edits, files, mention, alerts, rate = rows()[name]
    assert edits == ("yes" if channel.supports_edit else "no")
    payload = channel.render([alert()], Style())
    assert files == ("yes" if channel.with_picture(payload, PICTURE) != payload else "no")
    assert int(re.findall(r"\d+", alerts)[-1]) == channel.max_alerts
    windows = [(int(limit), float(seconds)) for limit, seconds in re.findall(r"(\d+) in (\d+) s", rate)]
    assert windows == [(window.limit, window.seconds) for window in channel.default_rate]
    critical = [alert(level=Level.CRITICAL)]
    calm = channel.render(critical, Style())
    heard = [text for text in MENTIONS if channel.render(critical, Style(mention=text)) != calm]
    assert bool(heard) == (mention != "none")
    assert any(map(channel.recognises, urls(url))) == (name not in {"webhook", "alertmanager", "apprise"})


def urls(cell: str) -> list[str]:
    """The addresses in *cell*, made whole as far as it takes to be recognised."""
    made = [re.sub(r"…", "a" * 26, text) for text in re.findall(r"`([^`]+)`", cell)]
    whole = [f"{text}{'a' * 26}" if text.endswith("/hooks/") else text for text in made]
    return [text if re.match(r"(mailto|console|file):", text) else f"https://{text}" for text in whole]


@pytest.mark.parametrize("name", NAMES)
def test_every_section_has_the_same_parts_in_the_same_order(name: str) -> None:
    text = section(name)
    places = [text.index(part) for part in PARTS]
    assert all(before < after for before, after in pairwise(places))
    assert "```python" in text[places[1] : places[2]]
    assert re.search("refused|tried again|pause", text[places[4] :])
    pictures = re.findall(r"!\[[^\]]+\]\((images/[^)]+)\)", text)
    assert all((DOCS / picture).stat().st_size < 60_000 for picture in pictures)
    assert pictures or (name in UNSEEN and re.search(r"\n {4,}\S|```json", text[places[2] :]))


def test_every_link_within_the_page_leads_somewhere() -> None:
    anchors = {slug(heading) for heading in re.findall(r"^## (.*)$", PAGE, flags=re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors


DELIVERED = """
import threading, http.server
got = []

class Acme(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Acme)
threading.Thread(target=server.serve_forever, daemon=True).start()
from dataclasses import replace
from tests.channels.hostile import alert, hostile
from webhook_alerts.alert import Level
from webhook_alerts.channels.base import Style
from webhook_alerts.delivery.exchange import post
(webhook,) = get_config().webhooks.values()
channel = registry.get(webhook.channel)
there = replace(webhook, url=f"http://127.0.0.1:{server.server_address[1]}/in/key")
told = [alert(message="it broke", level=Level.CRITICAL, context={"order": 4711}), *hostile()]
verdicts = {post(there, channel, channel.render([each], Style(mention="ana")).json, ())[0].verdict for each in told}
try:
    channel.endpoint("https://acme.example/out/SECRET")
except ValueError as error:
    wrong = str(error)
found = webhook.channel, sorted(verdicts), got, wrong
"""


@pytest.mark.parametrize("named", [True, False], ids=["by dotted path", "by its address"])
def test_a_channel_written_from_the_page_alone_is_installed_and_delivers(tmp_path: Path, named: bool) -> None:
    own = PAGE.partition("## A channel of your own")[2]
    source, declared = (re.search(rf"```{kind}\n(.*?)```", own, re.DOTALL) for kind in ("python", "toml"))
    assert source
    assert declared
    (tmp_path / "acme_alerts").mkdir()
    (tmp_path / "acme_alerts" / "channel.py").write_text(source[1])
    group, entry = re.findall(r'"([^"]+)"', declared[1])
    about = tmp_path / "acme_alerts-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-alerts\nVersion: 1.0\n")
    if not named:
        (about / "entry_points.txt").write_text(f"[{group}]\nacme = {entry}\n")
    webhook = {"url": "https://acme.example/in/key"} | ({"channel": entry.replace(":", ".")} if named else {})
    channel, verdicts, got, wrong = told(tmp_path, {"on_call": webhook}, DELIVERED)
    assert channel == ("acme_alerts.channel.Acme" if named else "acme")
    assert verdicts == ["delivered"]
    assert got[0] == {"title": "🚨 it broke", "text": "order: 4711", "severity": "critical", "link": "", "call": "ana"}
    assert len(got) == 41
    assert all(len(body["title"]) <= 100 and len(body["text"]) <= 4000 for body in got)
    assert "SECRET" not in wrong
    assert "\\x00" not in json.dumps(got)
