"""Somebody's hand on the devices: tears them off, covers lenses, jams radio, falsifies slowly.

It does what it is told to and knows neither why nor what the city does about it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from devices.cohort import Cohort
from devices.faults import FaultKind, FaultOrder
from devices.gateway import Gateways
from sim.kernel.clock import Clock
from sim.messages.telemetry import F64


class Saboteur:
    """Reaches every device of the city.

    Parameters
    ----------
    cohorts, gateways
        The devices, started before the first deed.
    """

    def __init__(self, cohorts: Sequence[Cohort], gateways: Gateways, *, clock: Clock) -> None:
        self._gateways = gateways
        self._clock = clock
        self._cohorts = tuple(cohorts)
        self._cohort_of = {
            device_id: cohort for cohort in self._cohorts for device_id in cohort.roster.ids
        }
        self._deeds: dict[str, list[FaultOrder]] = {}

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of sensors there are."""
        return tuple(cohort.kind.kind for cohort in self._cohorts)

    def nearest(
        self, xy_m: tuple[float, float], count: int, kind: str | None = None
    ) -> tuple[str, ...]:
        """Return the `count` devices nearest to a point [m], of one kind or of all."""
        cohorts = [c for c in self._cohorts if kind is None or c.kind.kind == kind]
        ids = [device_id for cohort in cohorts for device_id in cohort.roster.ids]
        if not ids or count < 1:
            return ()
        tree = cKDTree(np.concatenate([cohort.xy_m for cohort in cohorts]))
        found = np.atleast_1d(tree.query(np.array(xy_m), k=min(count, len(ids)))[1])
        return tuple(ids[index] for index in found.tolist())

    def gateway_near(self, xy_m: tuple[float, float]) -> str | None:
        """Return the gateway nearest to a point [m], None in a city without any."""
        at: F64 = np.array([xy_m])
        return self._gateways.nearest(at)[0]

    def tamper(self, device_ids: Sequence[str]) -> None:
        """Tilt devices and tear them off: they read askew, then fall silent."""
        self._inflict(device_ids, "tampered")

    def cover(self, device_ids: Sequence[str]) -> None:
        """Cover lenses and openings: they see nothing."""
        self._inflict(device_ids, "covered")

    def bias(self, device_ids: Sequence[str], per_h: float) -> float:
        """Falsify readings by `per_h` of full scale more each hour; return how many a minute."""
        self._inflict(device_ids, "biased", per_h)
        return sum(self._cohort_of[device_id].per_min(device_id) for device_id in device_ids)

    def restore(self, device_ids: Sequence[str]) -> None:
        """Undo everything that was done to devices."""
        for device_id in device_ids:
            for order in self._deeds.pop(device_id, []):
                self._cohort_of[device_id].relieve(order)

    def silence(self, gateway_id: str) -> int:
        """Jam the radio around a gateway; return how many devices it serves."""
        self._gateways.jam(gateway_id)
        return self._gateways.children(gateway_id)

    def unsilence(self, gateway_id: str) -> None:
        """Stop jamming."""
        self._gateways.clear(gateway_id)

    def _inflict(self, device_ids: Sequence[str], fault: FaultKind, per_h: float = 0.0) -> None:
        for device_id in device_ids:
            order = FaultOrder(
                device_id=device_id, fault=fault, start=self._clock.now(), per_h=per_h
            )
            self._deeds.setdefault(device_id, []).append(order)
            self._cohort_of[device_id].inflict(order)
