"""What a scenario may order to happen, and the contract of who lets it happen.

An order is a frozen dataclass whose fields carry units by `sim.kernel.units.Quantity`; the
scenario file's keys are the fields' names without their unit: ``hole_m`` is written
``hole: 5 mm``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from sim.kernel.clock import Ns
from sim.kernel.errors import InputError
from sim.kernel.units import Seconds
from sim.world.actuators import Effect
from sim.world.crew import Work
from sim.world.fields import Field
from sim.world.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One hazard of a scenario.

    Attributes
    ----------
    word
        Its ``type`` in a scenario file.
    at_s
        When it begins, after the scenario's start.
    place
        Identifier of the place it happens at; None draws one that fits.
    """

    word: ClassVar[str]

    at_s: Seconds = 600.0
    place: str | None = None


class Family(Protocol):
    """All events of one hazard, or one domain's physics: planned, or brought about by others.

    Attributes
    ----------
    orders
        The types of order it carries out.
    step_s
        How often `step` is called [s], a whole multiple of the traffic step.
    works
        What it contributes to the crews' tasks, by task.
    effects
        What actuators do to it, by their kind.
    fields
        What sensors may read of it, by the name of the quantity.
    """

    orders: tuple[type[Order], ...]
    step_s: float
    works: Mapping[str, Work]
    effects: Mapping[str, Effect]
    fields: Mapping[str, Field]

    def plan(self, name: str, order: Any) -> None:
        """Put an order, one of `orders`, on the clock; `name` is its name in the scenario.

        Raises
        ------
        InputError
            When it names a place that is not there or does not fit.
        """

    def step(self, now: Ns, dt_s: float) -> None:
        """Advance its physics by `dt_s`, to the end at `now`."""

    def totals(self) -> Mapping[str, float | int]:
        """Return what conservation and key figures need at the end of the run, by name."""


def choose_place(stage: Stage, name: str, order: Order, kinds: tuple[str, ...]) -> int:
    """Return the place an order names, or one of `kinds` drawn by the order's name.

    An order may name one of the kinds instead of a place: so it fits any city.

    Raises
    ------
    InputError
        When the named place is unknown or of another kind, or the city has none of `kinds`.
    """
    basemap = stage.city.basemap
    if order.place in kinds:
        kinds = (order.place,)
    elif order.place is not None:
        if order.place not in basemap.place_index:
            raise InputError(
                f"hazards.{name}.place",
                value=order.place,
                expected=f"a place of {basemap.name} of kind {' or '.join(kinds)}",
            )
        index = basemap.place_index[order.place]
        if basemap.places[index].kind not in kinds:
            raise InputError(
                f"hazards.{name}.place",
                value=order.place,
                expected=f"a place of kind {' or '.join(kinds)}, not {basemap.places[index].kind}",
            )
        return index
    fitting = [i for i, place in enumerate(basemap.places) if place.kind in kinds]
    if not fitting:
        raise InputError(
            f"hazards.{name}",
            value=basemap.name,
            expected=f"a city with a place of kind {' or '.join(kinds)}",
        )
    draw = stage.streams.at(f"world.hazards.{name}.place", 0)
    return fitting[int(draw.integers(len(fitting)))]
