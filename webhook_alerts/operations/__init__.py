"""What an operator asks for: how things stand, what is missing, a trial, old rows away. Plain data, no printing."""
