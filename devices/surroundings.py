"""What is around devices besides what they measure: the air they feel, the water they drown in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devices.cross import feels_air
from devices.deployment import Deployment
from devices.faults import FaultOrder, Faults
from devices.field import Field
from sim.kernel.clock import MINUTE, Ns, next_multiple
from sim.messages.telemetry import F64, Roster

LOOK_NS = MINUTE
"""Air and standing water are looked up so often; assumed: neither changes what a device feels
within a minute."""
DRIES_SHARE = 0.5
"""A flooded device comes back when the water has fallen below this share of what it drowns in;
assumed: so that waves do not make it come and go."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """What is around devices, and how long they have been there.

    Attributes
    ----------
    air
        Temperature [°C] and relative humidity [0 to 1]; None where sensors feel nothing of them.
    water
        Depth of water over the ground [m]; None where nothing is flooded.
    calibrated_y
        How long ago devices were calibrated at the most [y].
    """

    air: Field | None = None
    water: Field | None = None
    calibrated_y: float = 0.0


class Around:
    """The surroundings of one cohort's devices, looked up now and then.

    Parameters
    ----------
    surroundings
        Of the whole city.
    deployment, roster
        The devices, and their names in order.
    faults
        Told who drowns and who dries.
    """

    def __init__(
        self, surroundings: Surroundings, deployment: Deployment, roster: Roster, faults: Faults
    ) -> None:
        where = (deployment.xy_m, deployment.link, deployment.place)
        self._drowns_m = deployment.kind.drowns_m
        air, water = surroundings.air, surroundings.water
        is_felt = feels_air(deployment.kind.channels)
        is_in_cold = deployment.kind.energy is not None
        self._is_felt = is_felt
        self._read_air = air.bind(*where) if air is not None and (is_felt or is_in_cold) else None
        is_at_risk = water is not None and self._drowns_m is not None and len(roster) > 0
        self._read_water = water.bind(*where) if water is not None and is_at_risk else None
        self._roster = roster
        self._faults = faults
        self._air: F64 | None = None
        self._drowned: dict[int, FaultOrder] = {}
        self._due = Ns(0)

    def look(self, now: Ns) -> F64 | None:
        """Return ``(2, n)`` the air around each device, and let devices drown and dry."""
        if now >= self._due:
            self._due = next_multiple(now, LOOK_NS)
            if self._read_air is not None and self._is_felt:
                self._air = self._read_air()
            if self._read_water is not None and self._drowns_m is not None:
                self._flood(self._read_water()[0], self._drowns_m, now)
        return self._air

    def temp_c(self) -> F64 | None:
        """Return ``(n,)`` the air's temperature now at devices with batteries, if known [°C]."""
        return None if self._read_air is None else self._read_air()[0]

    def _flood(self, depth_m: F64, drowns_m: float, now: Ns) -> None:
        # Few drown at a time, so a loop over them costs nothing.
        for row in np.flatnonzero(depth_m >= drowns_m).tolist():
            if row not in self._drowned:
                order = FaultOrder(device_id=self._roster.ids[row], fault="flooded", start=now)
                self._drowned[row] = order
                self._faults.inflict(order)
        for row in [row for row in self._drowned if depth_m[row] < DRIES_SHARE * drowns_m]:
            self._faults.relieve(self._drowned.pop(row))
