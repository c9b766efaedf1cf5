"""Sensor kinds as rows of a table: a new kind is a row here, not a class.

The table knows datasheet figures only; it knows neither the world nor the bus. Accuracies
are read as two standard deviations and split between what is constant in a device (gain,
bias) and what changes with every reading (noise).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from devices.link import FIBRE, FOUR_G, LORAWAN, Network
from sim.kernel.errors import InputError
from sim.messages.telemetry import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """One measured quantity and how badly it is measured.

    Attributes
    ----------
    name, unit
        SenML name and unit; all other figures are in this unit.
    high
        Upper end of the range, or None where it only counts up. The lower end is `low`.
    span
        Full scale, in which faults are sized; for a counter what it counts in an hour at
        full scale.
    resolution
        Step of the output, exact, so that values are short decimals.
    is_counter
        Whether it counts whole steps up: rounded down, never up.
    gain_mean, gain_sigma
        Scale factor of a device, normal, cut at two sigma: a production test takes out the
        rest.
    bias_sigma
        Constant offset of a device, normal.
    noise_sigma
        Offset of one reading, normal.
    drift_sigma_per_y
        Change of the offset in a year, normal.
    """

    name: str
    unit: str
    low: float = 0.0
    high: float | None = None
    span: float
    resolution: Fraction
    is_counter: bool = False
    gain_mean: float = 1.0
    gain_sigma: float = 0.0
    bias_sigma: float = 0.0
    noise_sigma: float = 0.0
    drift_sigma_per_y: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """When a device wakes up and reports at its alarm interval.

    Attributes
    ----------
    level
        In the unit of channel 0.
    of
        ``"value"``: while it reads at least `level`. ``"rise"``: while it has counted at
        least `level` since its last report.
    """

    level: float
    of: Literal["value", "rise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergySpec:
    """What a battery device lives on and spends.

    Attributes
    ----------
    battery_wh
        Nominal energy of a new battery [Wh].
    idle_w
        Mean power between reports, its watch for an alarm included [W].
    sample_j
        One reported sample [J].
    send_j
        One transmission, its receive windows included [J].
    """

    battery_wh: float
    idle_w: float
    sample_j: float
    send_j: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorKind:
    """One row of the catalogue.

    Attributes
    ----------
    kind, domain
        Topic levels.
    channels
        In the order in which the world's field gives them.
    t90_s
        Time to 90 % of a step [s]; 0 where the sensor does not lag.
    sense_s
        How often it looks, so also how soon it wakes up [s].
    interval_s, alarm_interval_s
        Reporting period when idle and in alarm [s].
    alarm
        When it is in alarm; None where it never is.
    network
        What carries its reports.
    energy
        None where it has mains or solar power.
    price_cny
        Indicative price of one, installed [CNY].
    source
        Where the figures come from.
    """

    kind: str
    domain: str
    channels: tuple[ChannelSpec, ...]
    t90_s: float = 0.0
    sense_s: float
    interval_s: float
    alarm_interval_s: float
    alarm: Alarm | None = None
    network: Network
    energy: EnergySpec | None = None
    price_cny: float
    source: str

    @property
    def message_channels(self) -> tuple[Channel, ...]:
        """The channels as births and batches name them."""
        return tuple(Channel(channel.name, channel.unit) for channel in self.channels)


RAIN_GAUGE = SensorKind(
    kind="rain_gauge",
    domain="municipal",
    channels=(
        ChannelSpec(
            name="rain",
            unit="mm",
            span=240.0,
            resolution=Fraction("0.2"),
            is_counter=True,
            # Wind blows 2-10 % of the rain past the funnel (WMO-No. 8, ch. 6): 5 % assumed.
            gain_mean=0.95,
            gain_sigma=0.02,
        ),
    ),
    sense_s=10.0,
    interval_s=300.0,
    alarm_interval_s=60.0,
    # One tip: it reports every minute in which it tips, the first tip at once (assumed).
    alarm=Alarm(level=0.2, of="rise"),
    network=FOUR_G,
    price_cny=1200.0,
    source="tipping bucket: 0-4 mm/min, ±4 %, 0.2 mm a tip; typical datasheets",
)
"""Rain since the start, counted in tips."""

ROAD_WATER_GAUGE = SensorKind(
    kind="road_water_gauge",
    domain="municipal",
    channels=(
        ChannelSpec(
            name="depth",
            unit="m",
            high=2.0,
            span=2.0,
            resolution=Fraction("0.005"),
            # ±1 cm at two sigma, three fifths of it noise: waves and debris (assumed).
            bias_sigma=0.004,
            noise_sigma=0.003,
            # 2 % of full scale over the square root of a year, as all of domain D.
            drift_sigma_per_y=0.04,
        ),
    ),
    t90_s=2.0,
    sense_s=10.0,
    interval_s=600.0,
    alarm_interval_s=60.0,
    # Half the depth of the first warning level (10 cm), ten sigma above dry (assumed).
    alarm=Alarm(level=0.05, of="value"),
    network=FOUR_G,
    price_cny=1500.0,
    source="road water gauge: 0-200 cm, ±1 cm, 0.5 cm, T90 2 s, solar; typical datasheets",
)
"""Depth of water over the road."""

VEHICLE_DETECTOR = SensorKind(
    kind="vehicle_detector",
    domain="traffic",
    channels=(
        ChannelSpec(
            name="vehicles",
            unit="count",
            span=1800.0,
            resolution=Fraction(1),
            is_counter=True,
            # At least 97 % are counted, none twice.
            gain_mean=0.985,
            gain_sigma=0.0075,
        ),
        ChannelSpec(
            name="speed",
            unit="m/s",
            high=50.0,
            span=50.0,
            resolution=Fraction("0.1"),
            # ±5 % from the spacing of the two coils, ±1 m/s from the time stamps (assumed).
            gain_sigma=0.025,
            noise_sigma=0.5,
        ),
        ChannelSpec(
            name="occupancy",
            unit="/",
            high=1.0,
            span=1.0,
            resolution=Fraction("0.001"),
            # The length over which a vehicle is felt differs by device: ±5 % (assumed).
            gain_sigma=0.025,
            noise_sigma=0.005,
        ),
    ),
    t90_s=0.1,
    sense_s=10.0,
    # Vehicles are events; their counts and means are sent each minute (assumed).
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=LORAWAN,
    # A D cell (3.6 V, 19 Ah); 0.2 mA for the magnetometer; 1.8 µAh a 12-byte message at SF7.
    # Mean power 1.2 mW, so about five years, as the datasheets say.
    energy=EnergySpec(battery_wh=68.4, idle_w=0.72e-3, sample_j=0.0, send_j=23.3e-3),
    price_cny=600.0,
    source="geomagnetic detector: count >= 97 %, T90 0.1 s, 5 years; typical datasheets",
)
"""Vehicles counted since the start, their mean speed, and the share of time one stood there."""

GATEWAY = SensorKind(
    kind="gateway",
    domain="network",
    channels=(
        ChannelSpec(name="children", unit="count", span=1000.0, resolution=Fraction(1)),
        ChannelSpec(name="buffered", unit="count", span=10_000.0, resolution=Fraction(1)),
    ),
    sense_s=60.0,
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=FIBRE,
    price_cny=5000.0,
    source="assumed: an outdoor LoRaWAN and 4G gateway with a fibre uplink",
)
"""A gateway, which reports on itself: devices served, readings kept back."""

KINDS = {row.kind: row for row in (RAIN_GAUGE, ROAD_WATER_GAUGE, VEHICLE_DETECTOR, GATEWAY)}
"""Every row by its topic level."""


def get_kind(kind: str) -> SensorKind:
    """Return the row of `kind`.

    Raises
    ------
    InputError
        When the catalogue has none.
    """
    row = KINDS.get(kind)
    if row is None:
        raise InputError("sensor kind", value=kind, expected="one of " + ", ".join(KINDS))
    return row
