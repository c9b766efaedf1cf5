"""One file a group of checks; each is fed what was heard and tells at the end."""
