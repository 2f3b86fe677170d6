"""One module per service; nothing else knows a service."""
