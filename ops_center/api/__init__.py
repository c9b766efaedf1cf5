"""The centre read over HTTP."""
