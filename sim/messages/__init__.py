"""The vocabulary that the islands share, and its form on the wire."""
