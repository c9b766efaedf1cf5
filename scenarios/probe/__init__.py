"""The command line of ``chengmai probe``: what it looks at, and how it tells."""
