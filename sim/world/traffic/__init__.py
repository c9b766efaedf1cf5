"""Traffic: vehicles that queue, reroute, meet water and signs on the city's links."""

from sim.world.traffic.config import TrafficConfig
from sim.world.traffic.model import Traffic

__all__ = ["Traffic", "TrafficConfig"]
