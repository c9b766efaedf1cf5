"""Traffic: vehicles that queue, reroute, meet lights, water and signs on the city's links."""

from sim.world.traffic.config import TrafficConfig
from sim.world.traffic.demand import Trips
from sim.world.traffic.model import Traffic
from sim.world.traffic.signals import Plans

__all__ = ["Plans", "Traffic", "TrafficConfig", "Trips"]
