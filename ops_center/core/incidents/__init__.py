"""One incident per event: evidence, life cycle."""
