"""Monitors of Datadog, Elastic and New Relic wrap the HTTP client's methods; of our requests they learn nothing.

Each in a process of its own, for what it has wrapped stays so.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
told, heard = [], []

class Ear(BaseHTTPRequestHandler):
    def do_POST(self):
        heard.append({name.lower() for name in self.headers})
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Ear)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/hooks/"

def send():
    import django, requests
    django.setup()
    from webhook_alerts.channels.base import Request
    from webhook_alerts.delivery import transport
    for _ in range(2):  # the second over the kept connection
        transport.send(Request(url + "OF-OURS", {}), timeout=5)
    requests.post(url + "OF-THE-PROJECT", timeout=5)
    transport.close()
"""
END = """
server.shutdown()
server.server_close()
seen = " ".join(map(str, told))
assert "OF-THE-PROJECT" in seen, seen
assert "OF-OURS" not in seen, seen
assert ["traceparent" in names for names in heard] == [False, False, True], heard
"""
DATADOG = """
import os
os.environ.update(DD_INSTRUMENTATION_TELEMETRY_ENABLED="false", DD_REMOTE_CONFIGURATION_ENABLED="false")
from ddtrace import patch
from ddtrace.trace import TraceFilter, tracer

class Told(TraceFilter):
    def process_trace(self, trace):
        told.extend((span.name, span.resource, span.get_tags()) for span in trace)

tracer.configure(trace_processors=[Told()])
patch(requests=True, httplib=True, urllib3=True)
with tracer.trace("deliver"):
    send()
tracer.flush()
"""
ELASTIC = """
import elasticapm

class Told(elasticapm.Client):
    def queue(self, kind, data, flush=False):
        told.append(data)

client = Told(
    service_name="shop", server_url="http://127.0.0.1:9", disable_send=True, metrics_interval="0ms",
    cloud_provider=False, central_config=False,
)
elasticapm.instrument()
client.begin_transaction("task")
send()
client.end_transaction("deliver", "ok")
client.close()
"""
NEW_RELIC = """
import os
os.environ.update(NEW_RELIC_DEVELOPER_MODE="true", NEW_RELIC_LICENSE_KEY="0" * 40, NEW_RELIC_LOG_LEVEL="error")
import newrelic.agent
from newrelic.core.stats_engine import StatsEngine
newrelic.agent.initialize()
application = newrelic.agent.register_application(timeout=10)
record = StatsEngine.record_transaction

def listen(self, transaction):
    told.append(transaction.root)
    return record(self, transaction)

StatsEngine.record_transaction = listen
with newrelic.agent.BackgroundTask(application, "deliver"):
    send()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "monitor"),
    [
        pytest.param("ddtrace", DATADOG, id="datadog"),
        pytest.param("elasticapm", ELASTIC, id="elastic"),
        pytest.param("newrelic", NEW_RELIC, id="new_relic"),
    ],
)
def test_a_monitor_learns_no_address_of_a_webhook_and_all_else_as_before(module, monitor):
    pytest.importorskip(module)
    program = BEGIN + monitor + END
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
