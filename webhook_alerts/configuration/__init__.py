"""From the raw ``settings.WEBHOOK_ALERTS`` to a ``Config``: a module for each part. ``webhook_alerts.conf`` is the door."""
