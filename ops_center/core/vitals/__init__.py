"""The city's vital signs."""
