"""What Prometheus is told: counters kept in the shared memory, and what stands where at the moment."""
