"""The network of a scenario: gateways on masts, uplinks, and what works without the centre."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from devices.deployment import Deployment
from devices.edge import EdgeAct, EdgeControl, EdgeEvent, EdgeRule
from devices.faults import OnFault
from devices.filtering import Filtering
from devices.gateway import GatewayOutage, Gateways
from devices.load import Load
from devices.uplink import Uplink
from scenarios import orders
from scenarios.field_line import FieldLine
from scenarios.network_parts import NetworkPart
from scenarios.schema import Scenario
from sim.kernel.basemap import BaseMap
from sim.kernel.bus import Bus
from sim.kernel.clock import Clock, Ns, seconds
from sim.messages.telemetry import F64
from sim.transport.memory import MemoryBus
from sim.world.truth import Truth
from sim.world.world import World

BASE_STATION_LOOK_S = 30.0
"""How often gateways notice whether their base station is up; assumed, a keep-alive."""

EDGE_RULES = (
    # Ponding limit 0.15 m: GB 51222. 0.27 m: closure of Beijing's underpasses.
    EdgeRule(
        kind="road_water_gauge",
        warn_at=0.15,
        act_at=0.27,
        clear_below=0.10,
        acts=(
            EdgeAct(kind="barrier", action="close", undo="open"),
            EdgeAct(
                kind="message_sign",
                action="show",
                undo="clear",
                args={"text": "前方积水 禁止通行 FLOOD ROAD CLOSED"},
            ),
        ),
    ),
    # Alarm at 20, cut-off at 25 %LEL: the rule for utility tunnels (source S8 of the domain
    # facts). A gas valve is opened again by people only.
    EdgeRule(
        kind="gas_detector",
        warn_at=20.0,
        act_at=25.0,
        clear_below=5.0,
        acts=(
            EdgeAct(kind="gas_valve", action="close", undo=None),
            EdgeAct(kind="vent_fan", action="start", undo="stop"),
        ),
    ),
)
"""What gateways do by themselves; a place without such an actuator is only told in alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What stands between the world's actuators and the centre.

    Attributes
    ----------
    line
        The bus that the world talks on.
    gateways
        Those of the city.
    control
        What gateways do by themselves; None where they do nothing.
    """

    line: Bus
    gateways: Gateways
    control: EdgeControl | None


def build_field(
    scenario: Scenario,
    basemap: BaseMap,
    births: Deployment,
    *,
    clock: Clock,
    bus: Bus,
    truth: Truth,
    on_fault: OnFault,
) -> Field:
    """Return the gateways of a scenario, and the way from the centre to actuators.

    Parameters
    ----------
    births
        Where the gateways stand.
    truth
        Told what gateways do by themselves.
    """
    part = scenario.network
    gateways = Gateways(
        births.devices,
        births.xy_m,
        clock=clock,
        bus=bus,
        outages=[
            *_outages(part, births, clock.now()),
            *orders.outages(scenario.hazards, births, clock.now()),
        ],
        backup_s=part.backup,
        load=_load(part, len(births.devices)),
        on_fault=on_fault,
    )
    if not part.edge and part.actuators == "own":
        return Field(line=bus, gateways=gateways, control=None)
    local = MemoryBus()
    shared = _nearest(basemap, births.xy_m) if part.actuators == "gateway" else {}
    line = FieldLine(bus, local, shared, gateways.is_down)
    gateways.on_line.append(line.turned)
    control = None
    if part.edge:
        control = EdgeControl(
            EDGE_RULES, gateways, clock=clock, bus=local, on_event=_teller(truth, clock)
        )
    return Field(line=line, gateways=gateways, control=control)


def uplinks(scenario: Scenario, field: Field) -> Callable[[str], Uplink]:
    """Return what tells how the reports of a sensor kind get to the bus."""
    part = scenario.network
    usual = Uplink(
        gateways=field.gateways,
        loss=part.loss,
        adr=part.adr,
        filtering=None if part.filter == "none" else Filtering(how=part.filter),
        control=field.control,
    )
    return lambda kind: replace(usual, reporting=scenario.sensing.reporting_of(kind))


def base_stations_look(gateways: Gateways, births: Deployment, world: World) -> Callable[[], None]:
    """Return what lets gateways share the fate of the base stations that they stand at; assumed.

    While no station serves a gateway its line is down; while the nearest has no mains power it
    lives on its own battery. To be called every `BASE_STATION_LOOK_S`.
    """
    stations = world.families.base_stations
    serving, mains = stations.serving(births.xy_m), stations.mains(births.xy_m)
    is_served = serving().copy()
    is_powered: NDArray[np.bool_] = np.ones(len(is_served), dtype=np.bool_)

    def look() -> None:
        powered, served = mains(), serving()
        for index in np.flatnonzero(powered != is_powered).tolist():
            gateways.set_mains(index, on=bool(powered[index]))
        for index in np.flatnonzero(served != is_served).tolist():
            gateways.set_line(index, up=bool(served[index]))
        is_powered[:], is_served[:] = powered, served

    return look


def _outages(part: NetworkPart, gateways: Deployment, start: Ns) -> list[GatewayOutage]:
    return [
        GatewayOutage(
            gateway_id=device.device_id,
            start=Ns(start + seconds(outage.at)),
            end=Ns(start + seconds(outage.at + outage.lasts)),
        )
        for outage in part.outages
        for device in gateways.devices[: outage.count]
    ]


def _load(part: NetworkPart, gateways: int) -> Load | None:
    if part.capacity is None:
        return None
    return Load(gateways, capacity_per_s=part.capacity, limit=part.queue)


def _nearest(basemap: BaseMap, xy_m: F64) -> Mapping[str, int]:
    """Return the gateway nearest to each place."""
    return {
        place.place_id: int(np.hypot(xy_m[:, 0] - place.x_m, xy_m[:, 1] - place.y_m).argmin())
        for place in basemap.places
    }


def _teller(truth: Truth, clock: Clock) -> Callable[[EdgeEvent], None]:
    """Return what writes down what gateways do by themselves."""

    def tell(event: EdgeEvent) -> None:
        command = event.command
        if command is None:
            phase = "start" if event.what == "alarm" else "end"
            truth.write(
                "edge_alarm",
                clock.now(),
                gateway=event.gateway_id,
                place=event.place_id,
                value=event.value,
                phase=phase,
            )
        else:
            truth.write(
                "edge_command",
                clock.now(),
                gateway=event.gateway_id,
                place=event.place_id,
                value=event.value,
                command=command.command_id,
                actuator=command.target_id,
                action=command.action,
            )

    return tell
