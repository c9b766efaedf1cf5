"""Brokers: one embedded by default, or any that a URL names."""
