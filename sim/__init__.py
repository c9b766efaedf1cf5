"""The floor and the world: clock, bus, messages, transport; the simulated city."""
