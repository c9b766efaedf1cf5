"""What goes on when nothing happens: weather, air, noise, use, people on foot, calls, clinics."""

from sim.world.background.city import Background

__all__ = ["Background"]
