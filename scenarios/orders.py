"""A scenario's hazards as the world and the devices take them.

The same for those that a scenario holds from the start and those that are let happen later.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal

from devices.deployment import Deployment
from devices.faults import FaultOrder
from devices.gateway import GatewayOutage
from devices.wear import wear_orders
from scenarios.hazard_parts import HazardPart
from scenarios.schema import GatewayOutagePart, Hazard, PumpFailure, Scenario, SensorFault
from scenarios.schema import Storm as StormPart
from sim.kernel.clock import Ns, seconds
from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.world.city.model import City
from sim.world.hazards.order import Order
from sim.world.hazards.pump_fault import PumpFault
from sim.world.weather import Storm

Hazards = Mapping[str, Hazard]


def storms(hazards: Hazards, start: Ns) -> tuple[Storm, ...]:
    """Return the storms among `hazards`."""
    return tuple(
        Storm(
            return_period_y=hazard.return_period_y,
            duration_s=hazard.duration,
            start=_after(start, hazard.at),
            uniform=hazard.uniform,
        )
        for hazard in hazards.values()
        if isinstance(hazard, StormPart)
    )


def orders(hazards: Hazards) -> tuple[tuple[str, Order], ...]:
    """Return what families of the world carry out, with the name of each."""
    return tuple(
        (name, hazard.to_order())
        for name, hazard in hazards.items()
        if isinstance(hazard, HazardPart)
    )


def pump_faults(hazards: Hazards, city: City) -> tuple[PumpFault, ...]:
    """Return pump faults at the underpasses with the largest catchments, in that order.

    Raises
    ------
    InputError
        When the city has fewer.
    """
    basins = city.basins
    order = sorted(range(len(basins.place)), key=lambda row: -float(basins.catchment_m2[row]))
    faults = []
    for name, hazard in hazards.items():
        if not isinstance(hazard, PumpFailure):
            continue
        if hazard.underpasses > len(order):
            raise InputError(
                f"hazards.{name}.underpasses",
                value=hazard.underpasses,
                expected=f"at most {len(order)}, the underpasses of {city.basemap.name}",
            )
        kind: Literal["stopped", "silent", "refuses"] = "stopped"
        if hazard.pump == "standby":
            kind = "silent" if hazard.how == "silent" else "refuses"
        faults += [
            PumpFault(
                place_id=city.basemap.places[int(basins.place[row])].place_id,
                pump=hazard.pump,
                kind=kind,
                start_s=hazard.at,
                end_s=None if hazard.lasts is None else hazard.at + hazard.lasts,
            )
            for row in order[: hazard.underpasses]
        ]
    return tuple(faults)


def outages(hazards: Hazards, gateways: Deployment, start: Ns) -> list[GatewayOutage]:
    """Return the outages among `hazards`.

    Raises
    ------
    InputError
        When one names an unknown gateway.
    """
    found = []
    for name, hazard in hazards.items():
        if not isinstance(hazard, GatewayOutagePart):
            continue
        check_known(
            f"hazards.{name}.gateway", hazard.gateway, [d.device_id for d in gateways.devices]
        )
        found.append(
            GatewayOutage(
                gateway_id=hazard.gateway,
                start=_after(start, hazard.at),
                end=None if hazard.lasts is None else _after(start, hazard.at + hazard.lasts),
            )
        )
    return found


def check_fault_targets(hazards: Hazards, deployments: Iterable[Deployment]) -> None:
    """Raise `InputError` when a sensor fault names a kind or a device that is not there."""
    kinds = [deployment.kind.kind for deployment in deployments]
    for name, hazard in hazards.items():
        if not isinstance(hazard, SensorFault):
            continue
        if hazard.device is not None:
            ids = [d.device_id for deployment in deployments for d in deployment.devices]
            check_known(f"hazards.{name}.device", hazard.device, ids)
        elif hazard.kind not in kinds:
            raise InputError(
                f"hazards.{name}.kind", value=hazard.kind, expected=f"one of {', '.join(kinds)}"
            )


def fault_orders(hazards: Hazards, deployment: Deployment, start: Ns) -> list[FaultOrder]:
    """Return the faults among `hazards` of the devices of one kind."""
    return [
        FaultOrder(
            device_id=device_id,
            fault=hazard.fault,
            start=_after(start, hazard.at),
            end=None if hazard.lasts is None else _after(start, hazard.at + hazard.lasts),
        )
        for hazard in hazards.values()
        if isinstance(hazard, SensorFault)
        for device_id in _struck(hazard, deployment)
    ]


def worn(
    scenario: Scenario, deployment: Deployment, start: Ns, streams: Streams
) -> list[FaultOrder]:
    """Return the faults that devices of one kind come to have by age."""
    return wear_orders(
        deployment.kind,
        [device.device_id for device in deployment.devices],
        start=start,
        end=_after(start, scenario.clock.length),
        faster=scenario.sensing.wear,
        streams=streams,
    )


def check_known(thing: str, name: str, known: Iterable[str]) -> None:
    """Raise `InputError` with the nearest of `known` when `name` is none of them."""
    names = list(known)
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.0)
    raise InputError(thing, value=name, expected=f"{' or '.join(close)}, or another of its kind")


def _struck(hazard: SensorFault, deployment: Deployment) -> list[str]:
    ids = [device.device_id for device in deployment.devices]
    if hazard.device is not None:
        return [hazard.device] if hazard.device in ids else []
    return ids[: hazard.count] if hazard.kind == deployment.kind.kind else []


def _after(start: Ns, span_s: float) -> Ns:
    return Ns(start + seconds(span_s))
