"""The scenario file's shape: everything has a default, unknown keys are refused.

Quantities carry units in the file and are SI here.
"""

from __future__ import annotations

import functools
import operator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from scenarios.hazard_parts import HazardPart, part_of
from scenarios.plans import PlanChoice
from sim.files.quantities import quantity
from sim.files.strict import Part
from sim.kernel.clock import BEIJING, SECOND, Ns
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


Seconds = Annotated[float, quantity("s"), Field(ge=0)]
Metres = Annotated[float, quantity("m"), Field(ge=0)]
Share = Annotated[float, quantity("1"), Field(ge=0, le=1)]
PerSecond = Annotated[float, quantity("1/s"), Field(ge=0)]
Start = Annotated[int, BeforeValidator(_start)]


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


class SensingPart(Part):
    """What is measured, and where."""

    rain: RainGauges = RainGauges()
    water: WaterGauges = WaterGauges()
    traffic: VehicleDetectors = VehicleDetectors()


class Outage(Part):
    """Gateways that lose their link for a while, the first `count` in name order."""

    at: Seconds
    lasts: Seconds
    count: int = Field(default=1, ge=1)


class NetworkPart(Part):
    """How readings travel."""

    gateways: int = Field(default=6, ge=1, le=500)
    loss: Share = 0.01
    outages: tuple[Outage, ...] = ()


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


class SensorFault(Part):
    """Sensors of a kind that fail in one way, the first `count` in name order."""

    type: Literal["sensor_fault"]
    kind: str
    fault: Literal["dead", "stuck", "spiking", "drifting"]
    count: int = Field(default=1, ge=1)
    at: Seconds = 0.0
    lasts: Seconds | None = None


PARTS: tuple[type[Part], ...] = (Storm, PumpFailure, SensorFault, *map(part_of, ORDERS))
"""Every type of hazard that a scenario may name."""

if TYPE_CHECKING:
    Hazard = Storm | PumpFailure | SensorFault | HazardPart
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
