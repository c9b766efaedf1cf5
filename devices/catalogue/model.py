"""What a row of the catalogue says: datasheet figures, and how a reading goes wrong by them.

It knows neither the world nor the bus. Accuracies are read as two standard deviations and
split between what is constant in a device (gain, bias) and what changes with every reading
(noise).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from devices.link import Network
from sim.messages.telemetry import Channel

CONSTANT_PART, CHANGING_PART = 0.8, 0.6
"""Shares of an accuracy that are constant in a device and that change with every reading; their
squares add up to 1. assumed: datasheets do not split them; calibration leaves more than noise."""

DRIFT_PER_Y = 0.02
"""Standard deviation of a year's drift as a share of full scale: domain facts, section 3."""

Ambient = Literal["temperature", "humidity"]
"""What sensors feel besides what they measure: air temperature [°C], relative humidity [0 to 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossOffset:
    """A reading that is off by something else in the air.

    Attributes
    ----------
    ambient
        What it is sensitive to.
    at
        Where it was set to read right.
    per
        Offset for each unit that `ambient` is above `at`, in the channel's unit.
    spread
        Standard deviation of `per` over devices.
    """

    ambient: Ambient
    at: float
    per: float
    spread: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HumidGrowth:
    """Particles that swell in humid air and scatter more light than dry ones.

    A reading is multiplied by ``1 + kappa / 1.65 * rh / (1 - rh)``.

    Attributes
    ----------
    kappa
        Hygroscopicity of the particles.
    rh_max
        Relative humidity above which it grows no further, 0 to 1.

    References
    ----------
    Crilley et al. 2018, Atmos. Meas. Tech. 11, 709, doi:10.5194/amt-11-709-2018, equation 4: the
    ratio of a low-cost counter to a reference, for particles of 1.65 g/cm3.
    """

    kappa: float
    rh_max: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Interference:
    """A reading that holds a share of another channel of the same device.

    Attributes
    ----------
    channel
        Name of the other channel, of the same unit.
    share
        How much of it is read.
    """

    channel: str
    share: float


Cross = CrossOffset | HumidGrowth | Interference


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
    relative_from
        Value above which bias and noise grow in proportion to it, as of a sensor that is good
        to ±10 up to 100 and to ±10 % above; None where they never do.
    drift_sigma_per_y
        Change of the offset in a year after calibration, normal.
    hysteresis
        How far the value moves back before the reading follows, half of the gap between what
        is read when it rises and when it falls.
    cross
        What else it feels, in the order in which it acts.
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
    relative_from: float | None = None
    drift_sigma_per_y: float = 0.0
    hysteresis: float = 0.0
    cross: tuple[Cross, ...] = ()

    @property
    def accuracy(self) -> float:
        """Offset that 95 % of readings of new devices stay within, gain aside."""
        return 2.0 * math.hypot(self.bias_sigma, self.noise_sigma)

    @property
    def accuracy_share(self) -> float:
        """Share of the value that 95 % of readings stay within, where it is given by share."""
        share = 0.0 if self.relative_from is None else self.accuracy / self.relative_from
        return max(share, 2.0 * self.gain_sigma)


def measured(
    name: str,
    unit: str,
    *,
    high: float,
    accuracy: float,
    resolution: str,
    low: float = 0.0,
    relative_from: float | None = None,
    drift_share_per_y: float = DRIFT_PER_Y,
) -> ChannelSpec:
    """Return a channel by what its datasheet says.

    Parameters
    ----------
    low, high
        Range.
    accuracy
        Of a new device, ±, read as two standard deviations.
    resolution
        As a decimal or a fraction.
    relative_from
        As in `ChannelSpec`.
    drift_share_per_y
        Of the range.
    """
    return ChannelSpec(
        name=name,
        unit=unit,
        low=low,
        high=high,
        span=high - low,
        resolution=Fraction(resolution),
        bias_sigma=CONSTANT_PART * accuracy / 2.0,
        noise_sigma=CHANGING_PART * accuracy / 2.0,
        relative_from=relative_from,
        drift_sigma_per_y=drift_share_per_y * (high - low),
    )


def counted(
    name: str, unit: str = "count", *, high: float | None = None, span: float | None = None
) -> ChannelSpec:
    """Return a channel of whole numbers that are known exactly: registers, self-reports.

    Parameters
    ----------
    span
        Full scale of a counter that only counts up; needed where `high` is None.
    """
    full = high if span is None else span
    assert full is not None, f"{name}: a counter needs a span"
    return ChannelSpec(
        name=name, unit=unit, high=high, span=full, resolution=Fraction(1), is_counter=high is None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """When a device wakes up and reports at its alarm interval.

    Attributes
    ----------
    level
        In the unit of the channel.
    of
        ``"value"``: while it reads at least `level`. ``"below"``: while it reads at most
        `level`. ``"rise"``: while it has counted at least `level` since its last report.
    channel
        Position of the channel that decides.
    """

    level: float
    of: Literal["value", "below", "rise"]
    channel: int = 0


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
        One transmission in the best cover, its receive windows included [J].
    watch_w
        The part of `idle_w` that its watch for an alarm takes, where that is much [W].
    """

    battery_wh: float
    idle_w: float
    sample_j: float
    send_j: float
    watch_w: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorKind:
    """One row of the catalogue.

    Attributes
    ----------
    kind, domain
        Topic levels.
    title
        What it is, in two languages: ``English · 中文``.
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
    is_under_cover
        Whether it sits in a manhole or behind walls, where radio is weak.
    energy
        None where it has mains or solar power.
    battery_life_y
        What its datasheets promise, least and most [y]; None where it has no battery.
    price_cny
        Indicative price of one, installed [CNY].
    upkeep_cny_per_y
        Visits, calibration, airtime and consumables of one, a year [CNY].
    mtbf_y
        Mean time between failures [y].
    calibration_y
        Time between two calibrations [y]; None where it is never calibrated.
    drowns_m
        Depth of water over the ground in which it drowns; None where water does it no harm.
    failures
        What usually goes wrong with it.
    source
        Where the figures come from.
    """

    kind: str
    domain: str
    title: str
    channels: tuple[ChannelSpec, ...]
    t90_s: float = 0.0
    sense_s: float
    interval_s: float
    alarm_interval_s: float
    alarm: Alarm | None = None
    network: Network
    is_under_cover: bool = False
    energy: EnergySpec | None = None
    battery_life_y: tuple[float, float] | None = None
    price_cny: float
    upkeep_cny_per_y: float
    mtbf_y: float
    calibration_y: float | None = None
    drowns_m: float | None = None
    failures: tuple[str, ...] = ()
    source: str

    @property
    def message_channels(self) -> tuple[Channel, ...]:
        """The channels as births and batches name them."""
        return tuple(Channel(channel.name, channel.unit) for channel in self.channels)
