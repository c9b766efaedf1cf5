"""The scenario file's shape: everything has a default, unknown keys are refused.

Quantities carry units in the file and are SI here.
"""

from __future__ import annotations

import difflib
import functools
import operator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from devices.catalogue import get_kind
from devices.faults import FaultKind
from devices.schedule import Reporting
from scenarios.hazard_parts import HazardPart, part_of
from scenarios.network_parts import NetworkPart, ReportingPart
from scenarios.plans import PlanChoice
from scenarios.quantities import Metres, PerSecond, Seconds, Share
from scenarios.site_rules import NETWORKS, RULES, SPOTS, By
from sim.files.quantities import quantity
from sim.files.strict import Part
from sim.kernel.clock import BEIJING, SECOND, Ns
from sim.kernel.errors import InputError
from sim.world.city.beijing.plan import MIN_SCALE
from sim.world.city.load import BEIJING as CITY_OF_OURS
from sim.world.families import ORDERS
from sim.world.links import LINKS


def _start(value: object) -> int:
    expected = "expected a date and time in quotes, such as '2026-07-21T14:00'"
    if not isinstance(value, str):
        raise ValueError(expected)  # noqa: TRY004 -- pydantic reports ValueError
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(expected) from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=BEIJING)
    return int(at.timestamp()) * SECOND


def _word(known: tuple[str, ...], value: str) -> str:
    if value not in known:
        raise ValueError(f"expected one of {', '.join(known)}")
    return value


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _rules(value: object) -> object:
    """Take a kind without anything after its colon for one by its default rule."""
    if not isinstance(value, dict):
        return value
    return {kind: {} if rule is None else rule for kind, rule in value.items()}


Start = Annotated[int, BeforeValidator(_start)]
SpotKind = Annotated[str, AfterValidator(partial(_word, SPOTS))]
Along = Annotated[str, AfterValidator(partial(_word, NETWORKS))]


class CityPart(Part):
    """Which city: the synthetic Beijing unless a file is named.

    Attributes
    ----------
    source
        A file of a city, or `sim.world.city.load.BEIJING`; None for that.
    scale
        Share of the synthetic Beijing that is built; None for its default. A file has none.
    """

    source: str | None = None
    scale: Annotated[float, Field(ge=MIN_SCALE, le=1)] | None = None
    trips: PerSecond | None = None
    """Trips that begin in the busiest hour; by default from the population."""

    @field_validator("scale")
    @classmethod
    def _of_beijing(cls, scale: float | None, info: ValidationInfo) -> float | None:
        if scale is not None and info.data.get("source") not in (None, CITY_OF_OURS):
            raise ValueError(f"expected none: only {CITY_OF_OURS} has a scale")
        return scale


class ClockPart(Part):
    """When it begins (city time, Beijing's zone unless given) and how long it lasts."""

    start: Start = _start("2026-07-21T17:00")
    length: Seconds = 3 * 3600.0

    @property
    def start_ns(self) -> Ns:
        """Start in nanoseconds since the epoch."""
        return Ns(self.start)


class RainGauges(Part):
    """Rain gauges on a square grid."""

    spacing: Metres = 2000.0


class WaterGauges(Part):
    """Road water gauges at underpasses."""

    per_underpass: int = Field(default=2, ge=0, le=50)
    interval: Seconds | None = None
    """Idle reporting period, instead of the catalogue's."""


class VehicleDetectors(Part):
    """Vehicle detectors on a share of the greater roads, and at every underpass."""

    share: Share = 0.3


class SiteRule(Part):
    """Where the sensors of a kind stand; what is not said is as `scenarios.site_rules` has it.

    At ``every`` place of a kind or of several, or one for each ``spacing`` ``along`` a network,
    or on a grid of ``spacing``; of these a ``share`` or a ``count``, ``by`` chance or risk.
    """

    every: Annotated[tuple[SpotKind, ...], BeforeValidator(_several)] = ()
    along: Along | None = None
    spacing: Metres | None = None
    share: Share | None = None
    count: int | None = Field(default=None, ge=0, le=1_000_000)
    by: By | None = None
    each: int | None = Field(default=None, ge=1, le=1_000)
    """Sensors to a spot."""
    interval: Annotated[float, quantity("s"), Field(gt=0)] | None = None
    """Idle reporting period, instead of the catalogue's."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.every and (self.along is not None or self.spacing is not None):
            raise ValueError("expected either every, or along and spacing")
        if self.count is not None and (self.share is not None or self.each is not None):
            raise ValueError("expected count alone, or share and each")
        return self


class SensingPart(Part):
    """What is measured, and where.

    Attributes
    ----------
    preset
        ``basic``: rain, water and traffic as below. ``full``: besides, every kind of the
        catalogue by its own rule. ``none``: only what `kinds` names.
    kinds
        Rules by kind, over those of the preset.
    reporting
        How kinds decide to report, where not at intervals and at once in alarm.
    wear
        How many times as fast as the catalogue says sensors wear out and fail; 0 for never.
    calibrated
        How long ago sensors were calibrated at the most, each at a moment of its own.
    """

    preset: Literal["none", "basic", "full"] = "basic"
    rain: RainGauges = RainGauges()
    water: WaterGauges = WaterGauges()
    traffic: VehicleDetectors = VehicleDetectors()
    kinds: Annotated[dict[str, SiteRule], BeforeValidator(_rules)] = Field(default_factory=dict)
    reporting: dict[str, ReportingPart] = Field(default_factory=dict)
    wear: float = Field(default=0.0, ge=0, le=1e6)
    calibrated: Seconds = 0.0

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, kinds: dict[str, SiteRule]) -> dict[str, SiteRule]:
        for kind in kinds:
            if kind not in RULES:
                near = difflib.get_close_matches(kind, RULES, n=1)
                hint = f"{near[0]!r} (one of " if near else "one of ("
                raise ValueError(f"{kind} is no sensor, expected {hint}{', '.join(RULES)})")
        return kinds

    @model_validator(mode="after")
    def _reportable(self) -> Self:
        for kind in self.reporting:
            self.reporting_of(kind)
        return self

    def reporting_of(self, kind: str) -> Reporting:
        """Return how a kind decides to report."""
        part = self.reporting.get(kind)
        try:
            return Reporting() if part is None else part.to_reporting(get_kind(kind))
        except InputError as error:
            raise ValueError(f"{kind}: expected {error.expected}") from error


class Storm(Part):
    """A design storm: Beijing's formula with a Chicago hyetograph."""

    type: Literal["storm"]
    return_period_y: float = Field(gt=0, le=1000, alias="return_period_years", default=5.0)
    duration: Seconds = 7200.0
    at: Seconds = 600.0
    """Start after the scenario's."""
    uniform: bool = False

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PumpFailure(Part):
    """Pumps that do not work at the `underpasses` with the largest catchments.

    ``dead`` refuses its command, ``silent`` accepts it and does nothing.
    """

    type: Literal["pump_failure"]
    pump: Literal["duty", "standby"]
    how: Literal["dead", "silent"] = "dead"
    underpasses: int = Field(default=1, ge=1)
    at: Seconds = 0.0
    lasts: Seconds | None = None


class SensorFault(Part):
    """Sensors that fail in one way: one `device`, or the first `count` of a `kind` by name."""

    type: Literal["sensor_fault"]
    device: str | None = None
    kind: str | None = None
    fault: FaultKind
    count: int = Field(default=1, ge=1)
    at: Seconds = 0.0
    lasts: Seconds | None = None

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if (self.device is None) == (self.kind is None):
            raise ValueError("expected either a device or a kind")
        return self


class GatewayOutagePart(Part):
    """A gateway that loses its line, for a while or for good."""

    type: Literal["gateway_outage"]
    gateway: str
    at: Seconds = 0.0
    lasts: Seconds | None = None


PARTS: tuple[type[Part], ...] = (
    Storm,
    PumpFailure,
    SensorFault,
    GatewayOutagePart,
    *map(part_of, ORDERS),
)
"""Every type of hazard that a scenario may name."""

if TYPE_CHECKING:
    Hazard = Storm | PumpFailure | SensorFault | GatewayOutagePart | HazardPart
else:
    Hazard = Annotated[functools.reduce(operator.or_, PARTS), Field(discriminator="type")]


class CascadesPart(Part):
    """Which links between hazards are cut, by name; `sim.world.cascades.LINKS` has them."""

    off: tuple[str, ...] = ()

    @field_validator("off")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in LINKS:
                raise ValueError(f"{name} is no link, expected one of {', '.join(LINKS)}")
        return names


class PoliciesPart(Part):
    """How the centre works.

    Attributes
    ----------
    plan
        The response plans in force: ``all``; ``none``, which is to detect only and do nothing;
        or the name of one, or a list of names.
    priority
        Whether plans let signals give ``responders`` way, at the cost of others, or ``none``.
    acknowledge_after
        A simulated duty officer acknowledges so long after confirmation; None leaves it to
        people.
    lateness
        How late a message may be and still be put in order.
    """

    plan: PlanChoice = "all"
    priority: Literal["responders", "none"] = "responders"
    acknowledge_after: Seconds | None = 60.0
    lateness: Seconds = 20.0


class Scenario(Part):
    """One scenario."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    seed: int = Field(default=1, ge=0, lt=2**63)
    city: CityPart = CityPart()
    clock: ClockPart = ClockPart()
    sensing: SensingPart = SensingPart()
    network: NetworkPart = NetworkPart()
    hazards: dict[str, Hazard] = Field(default_factory=dict)
    cascades: CascadesPart = CascadesPart()
    policies: PoliciesPart = PoliciesPart()
