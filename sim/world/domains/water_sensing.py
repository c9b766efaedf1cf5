"""What sensors read of the water supply: pressure, flow, quality, and the noise of leaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import Ns
from sim.world.city.networks import WaterNet
from sim.world.city.spread import owners
from sim.world.domains.zones import PA_PER_M
from sim.world.fields import Field, Reader
from sim.world.stage import Stage

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

CLEAR_NTU, STIRRED_NTU = 0.25, 10.0
"""Turbidity of quiet water, and the most that a leak stirs up. Assumed: half of the 0.5 NTU at
which the vital signs begin; rust and deposits that a burst tears loose look like weak tea."""
STIRS_M3S, STIRRED_M = 0.2, 400.0
"""Leak that stirs up all there is beside it, and the distance over which that falls to a third.
Assumed: water runs ten times as fast as usual in the mains that feed it."""
DOSE_MG_L, DECAY_PER_D, FLOWS_MPS, DETOUR = 0.6, 0.8, 0.1, 1.4
"""Free chlorine when water leaves the works, its decay in a day, and how fast water comes. All
assumed; 0.3 mg/L at the works and 0.05 at the tap are the least of GB 5749-2022."""
PH = 7.8
"""Assumed: usual of Beijing's hard water; 6.5 to 8.5 by GB 5749-2022."""
QUIET_DB, QUIET_HZ = 20.0, 50.0
"""Noise of a still pipe at night and where it lies. Assumed."""
LEAK_DB, LEAK_HZ = 60.0, 700.0
"""Noise at a leak of 1 L/s, and where it lies. Assumed; it grows tenfold by 10 dB of flow."""
FADES_DB_M = 0.15
"""How noise fades along iron pipes. Assumed: loggers are set 200 to 400 m apart."""


class Mains(Protocol):
    """What sensors need of the water supply."""

    def heads(self, xy_m: F64, zone: I32, sector: I64, now: Ns | None = None) -> F64:
        """Return the head in the mains at points [m]."""

    def sector_of(self, xy_m: F64) -> I64:
        """Return the sector of each point."""

    def flow_m3s(self) -> F64:
        """Return ``(z,)`` what each pumping station gives [m3/s]."""

    def leaks(self) -> tuple[F64, F64]:
        """Return ``(k, 2)`` where mains leak [m], and ``(k,)`` how much [m3/s]."""


def water_fields(mains: Mains, net: WaterNet, stage: Stage) -> Mapping[str, Field]:
    """Return the fields by sensor kind."""
    zones = _Zones(net, stage)
    return {
        "water_pressure": _Pressure(mains, zones, stage.engine.now),
        "water_flow": _Flow(mains, zones),
        "water_quality": _Quality(mains, zones),
        "leak_noise_logger": _LeakNoise(mains),
    }


class _Zones:
    """The zones of points, and how far each lies from its works."""

    def __init__(self, net: WaterNet, stage: Stage) -> None:
        places = stage.city.basemap.places
        self.net = net
        self._cells_m = stage.city.cells.xy_m
        self._works_m = np.array([(places[p].x_m, places[p].y_m) for p in net.works])

    def of(self, xy_m: F64, place: I32) -> I32:
        """Return the zone of each place, or of the nearest cell."""
        near = self.net.cell_zone[owners(xy_m, self._cells_m)]
        zone: I32 = np.where(place >= 0, self.net.place_zone[place], near)
        return zone

    def from_works_m(self, xy_m: F64, zone: I32) -> F64:
        """Return ``(n,)`` how far each point is from the works of its zone [m]."""
        away: F64 = np.hypot(*(xy_m - self._works_m[zone]).T)
        return away


class _Pressure:
    """One channel: pressure in the mains at the point, as bursts' waves reach it [Pa]."""

    def __init__(self, mains: Mains, zones: _Zones, now: Callable[[], Ns]) -> None:
        self._mains, self._zones, self._now = mains, zones, now

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del link
        mains, now = self._mains, self._now
        zone, sector = self._zones.of(xy_m, place), mains.sector_of(xy_m)
        return lambda: mains.heads(xy_m, zone, sector, now())[None, :] * PA_PER_M


class _Flow:
    """One channel: what the zone's pumping station gives [m3/s]."""

    def __init__(self, mains: Mains, zones: _Zones) -> None:
        self._mains, self._zones = mains, zones

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(1, n)``."""
        del link
        zone, mains = self._zones.of(xy_m, place), self._mains
        return lambda: mains.flow_m3s()[zone][None, :]


class _Quality:
    """Three channels: turbidity [NTU], free chlorine [mg/L], pH."""

    def __init__(self, mains: Mains, zones: _Zones) -> None:
        self._mains, self._zones = mains, zones

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(3, n)``."""
        del link
        mains, zone = self._mains, self._zones.of(xy_m, place)
        age_d = DETOUR * self._zones.from_works_m(xy_m, zone) / FLOWS_MPS / 86_400
        chlorine = DOSE_MG_L * np.exp(-DECAY_PER_D * age_d)
        ph = np.full(len(xy_m), PH)

        def read() -> F64:
            at_m, flow_m3s = mains.leaks()
            torn = flow_m3s / STIRS_M3S * np.exp(-_gaps_m(xy_m, at_m) / STIRRED_M)
            stirred = np.minimum(torn.sum(axis=1), 1.0)
            return np.stack([CLEAR_NTU + STIRRED_NTU * stirred, chlorine, ph])

        return read


class _LeakNoise:
    """Two channels: noise on the pipe [dB], and the frequency that prevails in it [Hz]."""

    def __init__(self, mains: Mains) -> None:
        self._mains = mains

    def bind(self, xy_m: F64, link: I32, place: I32) -> Reader:
        """Return a reader of ``(2, n)``."""
        del link, place
        mains = self._mains

        def read() -> F64:
            at_m, flow_m3s = mains.leaks()
            gap_m = _gaps_m(xy_m, at_m)
            loud_db = LEAK_DB + 10.0 * np.log10(np.maximum(flow_m3s, 1e-9) / 1e-3)
            leak = (10.0 ** ((loud_db - FADES_DB_M * gap_m) / 10.0)).sum(axis=1)
            quiet = 10.0 ** (QUIET_DB / 10.0)
            pitch = (QUIET_HZ * quiet + LEAK_HZ * leak) / (quiet + leak)
            return np.stack([10.0 * np.log10(quiet + leak), pitch])

        return read


def _gaps_m(xy_m: F64, at_m: F64) -> F64:
    """Return ``(n, k)`` the distance of each point from each leak [m]."""
    gaps: F64 = np.hypot(*(xy_m[:, None, :] - at_m[None, :, :]).transpose(2, 0, 1))
    return gaps
