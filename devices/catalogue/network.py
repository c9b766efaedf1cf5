"""What carries everybody else's readings, and reports on itself."""

from __future__ import annotations

from fractions import Fraction

from devices.catalogue.model import ChannelSpec, SensorKind
from devices.link import FIBRE

GATEWAY = SensorKind(
    kind="gateway",
    domain="network",
    title="Gateway · 物联网网关",
    channels=(
        ChannelSpec(name="children", unit="count", span=1000.0, resolution=Fraction(1)),
        ChannelSpec(name="buffered", unit="count", span=10_000.0, resolution=Fraction(1)),
    ),
    sense_s=60.0,
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=FIBRE,
    price_cny=5_000.0,
    upkeep_cny_per_y=500.0,
    mtbf_y=6.0,
    failures=("backhaul lost", "mains lost"),
    source="assumed: an outdoor LoRaWAN and 4G gateway with a fibre uplink",
)
"""A gateway, which reports on itself: devices served, readings kept back."""

ROWS = (GATEWAY,)
