"""Arrays of series in, findings out."""
