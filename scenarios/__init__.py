"""Scenarios: files, the composition root, runs, scores, reports, the command line."""
