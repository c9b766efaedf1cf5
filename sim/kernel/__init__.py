"""The floor: time, chance, identity, maps and errors, known to everybody."""
