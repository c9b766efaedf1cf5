"""Pure decisions: no I/O, no wire, no web."""
