"""Files that people write, read strictly: every error names file, line and what was expected."""
