"""Buses: in memory and over MQTT; brokers; recording and replay."""
