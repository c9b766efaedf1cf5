"""Traffic: vehicles that queue, reroute, meet water and signs on the city's links."""

from sim.world.traffic.transmission.config import TrafficConfig
from sim.world.traffic.transmission.model import Traffic

__all__ = ["Traffic", "TrafficConfig"]
