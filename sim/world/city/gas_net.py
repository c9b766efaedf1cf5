"""Gas: mains under the streets, and the chambers beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.basemap import ROAD_CLASSES, Place, Roads
from sim.kernel.rng import Streams
from sim.world.city.draft import Mark
from sim.world.city.networks import GasNet
from sim.world.city.sites import SiteGroup, apart
from sim.world.city.spread import owners
from sim.world.city.streets import Streets, along_m, with_main

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_PRESSURE_PA = (0.4e6, 0.4e6, 0.4e6, 0.2e6, 0.2e6, 3e3, 3e3)
"""Gauge pressure under each class of road, in the order of `ROAD_CLASSES`: medium A to 0.4 MPa
and B to 0.2 MPa, and low pressure to homes (GB 50028-2006, 6.1.6; which street has which is
assumed)."""
_SMALL_STREETS = 0.5
"""Share of residential streets with a main. Assumed."""
SPACING_M = 400.0
_PEOPLE_PER_CHAMBER = 4_000.0
"""Chambers stand so far apart along mains under larger streets, and not more than one is watched
for so many people. Assumed: Hefei put its 85,000 devices on 822 km of main and on much more; a
few hundred metres apart, and the worst first."""
_VOLUME_M3 = (2.0, 8.0)
"""Assumed: a manhole of 1 m by 2.5 m to a valve well of 2 m by 2 m by 2 m; 4 m3 is the
reference."""
_SEWER_SHARE = 0.4
"""Share of chambers that carry sewage. Assumed: sewer and telecom manholes and valve wells are
about as many each."""
_ARTERIAL = ROAD_CLASSES.index("tertiary")

assert len(_PRESSURE_PA) == len(ROAD_CLASSES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GasDraft:
    """Mains and chambers before the places are numbered.

    Attributes
    ----------
    main
        ``(m,)`` row of the street that each main lies under.
    chambers
        Their sites.
    chamber_main
        ``(c,)`` row of `main` beside each.
    volume_m3, is_sewer
        ``(c,)`` of each chamber.
    """

    main: I64
    chambers: SiteGroup
    chamber_main: I64
    volume_m3: F64
    is_sewer: NDArray[np.bool_]


def draft_gas(
    roads: Roads, streets: Streets, people: float, marks: Sequence[Mark], streams: Streams
) -> GasDraft:
    """Return the mains, and chambers where the source has them and at even steps along."""
    draw = streams.at("city.gas", 0)
    main = with_main(streets, _SMALL_STREETS, draw)
    known = apart([mark for mark in marks if mark.kind == "gas_chamber"], gap_m=1.0)
    known_m = np.array([(m.x_m, m.y_m) for m in known]).reshape(-1, 2)
    rows, share = _steps(streets, main, max(1, round(people / _PEOPLE_PER_CHAMBER)) - len(known))
    xy_m = np.concatenate([known_m, along_m(roads, streets.link[main[rows]], share)])
    beside = owners(known_m, streets.middle_m[main]) if len(known) else np.empty(0, dtype=np.int64)
    n = len(xy_m)
    return GasDraft(
        main=main,
        chambers=SiteGroup(
            kind="gas_chamber",
            names=[
                (known[i].name if i < len(known) else "") or f"Chamber {i + 1}" for i in range(n)
            ],
            xy_m=xy_m,
            known=len(known),
            links=[()] * n,
            capacity=np.zeros(n),
            area_m2=np.zeros(n),
            rule=f"put beside gas mains, at least {SPACING_M:.0f} m apart along one",
        ),
        chamber_main=np.concatenate([beside, rows]),
        volume_m3=draw.uniform(*_VOLUME_M3, n),
        is_sewer=draw.random(n) < _SEWER_SHARE,
    )


def gas_net(places: Sequence[Place], streets: Streets, draft: GasDraft) -> GasNet:
    """Return the network over the map's places."""
    chamber = [i for i, p in enumerate(places) if p.kind == "gas_chamber"]
    return GasNet(
        main_link=streets.link[draft.main].astype(np.int32),
        main_pressure_pa=np.array(_PRESSURE_PA)[streets.road_class[draft.main]],
        chamber=np.array(chamber, dtype=np.int32),
        chamber_main=draft.chamber_main.astype(np.int32),
        chamber_m3=draft.volume_m3,
        chamber_is_sewer=draft.is_sewer,
    )


def _steps(streets: Streets, main: I64, most: int) -> tuple[I64, F64]:
    """Return rows of `main` and how far along each a chamber stands, `most` of them at most.

    Mains are walked one after another, so that short ones share a step.
    """
    if most <= 0:
        return np.empty(0, dtype=np.int64), np.empty(0)
    large = np.flatnonzero(streets.road_class[main] <= _ARTERIAL)
    if not len(large):
        large = np.arange(len(main))
    passed_m = np.cumsum(streets.length_m[main[large]])
    count = int(np.clip(passed_m[-1] / SPACING_M, 1, most))
    at_m = (np.arange(count) + 0.5) / count * passed_m[-1]
    row = np.minimum(np.searchsorted(passed_m, at_m), len(large) - 1)
    before_m = passed_m[row] - streets.length_m[main[large[row]]]
    return large[row], (at_m - before_m) / streets.length_m[main[large[row]]]
