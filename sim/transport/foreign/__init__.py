"""Somebody else's JSON over MQTT, read into our messages as a mapping file says."""
