"""Running the whole shop on one machine: web, worker, beat, Redis and a stand-in for Discord."""
