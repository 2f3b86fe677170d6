"""What a worker does with a batch of alerts: route, drop repeats, store."""
