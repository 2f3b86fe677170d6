"""Groups of alerts: counting, states, and what is told of them."""
