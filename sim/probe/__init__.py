"""Judging a feed from outside: what a device or another feed does, against what ours demands."""
