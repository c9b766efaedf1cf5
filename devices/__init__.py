"""Sensors and gateways: what they read, how wrongly, and what gets through."""
