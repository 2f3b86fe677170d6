"""Running the whole shop on one machine: web, worker, beat, Redis and stand-ins for the services."""
