"""Pictures that the server draws: pure functions from values to markup, without script, style or request."""
