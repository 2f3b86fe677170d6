"""From a row to a response: claim, gate, transport, outcome."""
