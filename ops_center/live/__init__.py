"""The centre on a real feed: queue, clock, service."""
