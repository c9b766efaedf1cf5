"""A town of one street under a bridge, for tests of the centre's decisions."""

from __future__ import annotations

import numpy as np

from sim.kernel.basemap import BaseMap, District, Place, Roads, Station
from sim.kernel.clock import Ns, seconds
from sim.kernel.geo import Projection
from sim.messages.field import ActuatorStatus, UnitStatus

START = Ns(1_784_624_400_000_000_000)
PROJECTION = Projection(116.4, 39.9)


def at(second: float) -> Ns:
    return Ns(START + seconds(second))


def town() -> BaseMap:
    """Nodes 0 to 4 along a street, 500 m apart; the underpass lies between 2 and 3."""
    nodes = np.array([[500.0 * i, 0.0] for i in range(5)])
    pairs = [(i, i + 1) for i in range(4)] + [(i + 1, i) for i in range(4)]
    n = len(pairs)
    return BaseMap(
        name="one street",
        source="test",
        attribution="",
        projection=PROJECTION,
        roads=Roads(
            node_xy_m=nodes,
            start=np.array([a for a, _ in pairs], dtype=np.int32),
            end=np.array([b for _, b in pairs], dtype=np.int32),
            length_m=np.full(n, 500.0),
            speed_mps=np.full(n, 10.0),
            lanes=np.full(n, 2, dtype=np.int32),
            road_class=np.full(n, 2, dtype=np.int32),
            signal=np.zeros(5, dtype=bool),
            names=("Bridge Street",) * n,
            shapes=tuple(np.array([nodes[a], nodes[b]]) for a, b in pairs),
            source_ids=tuple(str(i) for i in range(n)),
        ),
        districts=(
            District(
                district_id="east",
                name="East",
                outline_m=np.array([[-100, -500], [2100, -500], [2100, 500], [-100, 500]], float),
                population=1000.0,
            ),
        ),
        places=(
            Place(
                place_id="underpass-01",
                kind="underpass",
                name="Bridge Street underpass",
                x_m=1250.0,
                y_m=0.0,
                district_id="east",
                links=(2, 6),
                assumed=False,
            ),
        ),
        stations=(
            Station(
                station_id="depot",
                kind="pump_unit",
                name="Depot",
                x_m=0.0,
                y_m=0.0,
                district_id="east",
                node=0,
                units=1,
                assumed=False,
            ),
        ),
    )


def unit(
    unit_id: str,
    skill: str,
    node: int,
    state: str = "idle",
    kind: str = "pump_unit",
    **more: object,
) -> UnitStatus:
    lon, lat = PROJECTION.point_to_lonlat(500.0 * node, 0.0)
    return UnitStatus(
        ts_event=START,
        unit_id=unit_id,
        kind=kind,
        district="east",
        skills=(skill,),
        state=state,  # type: ignore[arg-type]
        lon=lon,
        lat=lat,
        station_id="depot",
        **more,  # type: ignore[arg-type]
    )


def actuator(kind: str, position: str = "off") -> ActuatorStatus:
    lon, lat = PROJECTION.point_to_lonlat(1250.0, 0.0)
    return ActuatorStatus(
        ts_event=START,
        actuator_id=f"{kind}-underpass-01",
        kind=kind,
        domain="municipal",
        district="east",
        place_id="underpass-01",
        lon=lon,
        lat=lat,
        position=position,
        actions=("start", "stop"),
    )
