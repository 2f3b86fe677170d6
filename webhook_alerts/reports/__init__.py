"""Digests: what one webhook was sent in an hour, a day or a week, against the one before."""
