"""The synthetic Beijing: its published figures, and a plausible city drawn around them."""
