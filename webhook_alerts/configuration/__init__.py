"""From the raw ``settings.WEBHOOK_ALERTS`` to a ``Config``, a module for each part; ``conf`` is the door."""
