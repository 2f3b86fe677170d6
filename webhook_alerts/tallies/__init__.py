"""What ended how, by time: counted from the deliveries, read by the dashboard and the digests."""
