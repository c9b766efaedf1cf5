"""How the figures of the background were fitted to real series; nothing of it runs in a city."""
