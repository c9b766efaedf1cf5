"""Fires and what only looks like one: what may be ordered, and how truth tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sim.kernel.units import Number, Seconds, Watts
from sim.world.events import HazardKind
from sim.world.hazards.burning import Growth
from sim.world.hazards.order import Order

FIRE = HazardKind(
    kind="fire",
    title="Fire · 火灾",
    domain="emergency",
    quantity="heat release",
    unit="W",
    levels=(("IV", 100e3), ("III", 1e6), ("II", 5e6), ("I", 20e6)),
    source="assumed: an item of furniture, a room, a building, a hall or several buildings",
)
STEAM = HazardKind(
    kind="steam",
    title="Steam on smoke heads · 水汽误报",
    domain="emergency",
    quantity="light lost",
    unit="dB/m",
    levels=(),
    source="none: it needs no response",
    decoy=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire(Order):
    """A building catches fire.

    Attributes
    ----------
    growth
        slow, medium, fast, ultrafast; None for what is usual at such a place.
    cap_w
        Heat it reaches; None for what is usual there.
    people
        How many are in the rooms it reaches; None draws them.
    """

    word: ClassVar[str] = "fire"
    growth: Growth | None = None
    cap_w: Watts | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FireRate(Order):
    """Everyday fires from then on, wherever people are.

    Attributes
    ----------
    place
        Means nothing here.
    per_1000_people_year
        Their rate: 0.6 nationally in 2025, domain facts.
    """

    word: ClassVar[str] = "fires"
    per_1000_people_year: Number = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Steam(Order):
    """Steam sets off smoke heads without any fire.

    Attributes
    ----------
    lasts_s
        How long it hangs.
    """

    word: ClassVar[str] = "steam"
    lasts_s: Seconds = 600.0
