"""Traffic: vehicles as arrays, queueing on links, routed by destination."""

from sim.world.traffic.config import TrafficConfig
from sim.world.traffic.traffic import Traffic

__all__ = ["Traffic", "TrafficConfig"]
