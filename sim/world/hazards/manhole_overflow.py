"""Sewers that overflow: water on the street, covers that lift, and what may be ordered of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sim.kernel.units import Seconds, Share
from sim.world.events import HazardKind
from sim.world.hazards.order import Order

ONSET_M, END_M = 0.15, 0.10
"""Depth from which water on a street is a flood, GB 51222-2017, and below which it is over."""
LIFT_M = 0.3
"""Head over the street at which a cover lifts: domain facts, manhole overflow."""

STREET_FLOOD = HazardKind(
    kind="street_flood",
    title="Street flood · 道路积水",
    domain="municipal",
    quantity="depth of water",
    unit="m",
    levels=(("IV", 0.10), ("III", 0.15), ("II", 0.27), ("I", 0.50)),
    source="GB 51222-2017 ponding limit; 27 cm closing rule; depth in which cars float",
)
COVER_OFF = HazardKind(
    kind="cover_off",
    title="Manhole cover off · 井盖缺失",
    domain="municipal",
    quantity="open manholes",
    unit="covers",
    levels=(("IV", 1.0), ("III", 5.0), ("II", 20.0)),
    source="assumed: one is a case for the day, twenty are a drive across the district",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SewerBlockage(Order):
    """Debris blocks the sewers near a place, so that they overflow in rain.

    Attributes
    ----------
    place
        A junction or community; the sewers nearest to it are blocked.
    share
        Share of their capacity that is lost.
    lasts_s
        When it is washed away; None for the rest of the run.
    """

    word: ClassVar[str] = "sewer_blockage"
    share: Share = 0.8
    lasts_s: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverOff(Order):
    """A manhole's cover is taken or broken.

    Attributes
    ----------
    place
        A junction or community near it.
    """

    word: ClassVar[str] = "cover_off"
