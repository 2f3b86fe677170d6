"""Pages outside of the admin: what a message links to."""
