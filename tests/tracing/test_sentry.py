"""Sentry watches every request of ``http.client``; of ours it learns nothing. In a process of its own, for it stays."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import django, requests, sentry_sdk
from sentry_sdk.transport import Transport

told, heard = [], []

class Told(Transport):
    def capture_envelope(self, envelope):
        told.extend(str(item.payload.json) for item in envelope.items)

class Ear(BaseHTTPRequestHandler):
    def do_POST(self):
        heard.append([name.lower() for name in self.headers])
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass

sentry_sdk.init(dsn="http://key@127.0.0.1:9/1", transport=Told, traces_sample_rate=1.0)
django.setup()
from webhook_alerts.channels.base import Request
from webhook_alerts.delivery import transport

server = HTTPServer(("127.0.0.1", 0), Ear)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/hooks/"
with sentry_sdk.start_transaction(name="deliver", op="task"):
    transport.send(Request(url + "OF-OURS", {}), timeout=5)
    requests.post(url + "OF-THE-PROJECT", timeout=5)
    sentry_sdk.capture_message("afterwards")
transport.close()
server.shutdown()
server.server_close()
assert len(told) == 2, told  # the message and the transaction
for each in told:
    assert "OF-OURS" not in each, each
    assert "OF-THE-PROJECT" in each, each
assert ["sentry-trace" in names for names in heard] == [False, True]
"""


def test_sentry_learns_no_address_of_a_webhook_and_all_else_as_before():
    pytest.importorskip("sentry_sdk")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
