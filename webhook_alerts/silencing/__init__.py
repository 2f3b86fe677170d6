"""What is not told for a while: silences, quiet hours, inhibition."""
