"""The operations centre, which knows the feed and the public map only."""
