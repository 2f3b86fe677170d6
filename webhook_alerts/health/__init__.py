"""How everything stands: for load balancers, containers and people; and the endpoints that a project depends on.

``from webhook_alerts.health import endpoint`` watches a service that your code calls.
"""

from __future__ import annotations

from webhook_alerts.health.endpoints import endpoint, record

__all__ = ["endpoint", "record"]
