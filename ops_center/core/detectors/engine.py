"""From readings in order to findings: transform, fault tests, detectors, for every series.

Knows which detector watches what, and nothing of incidents or places.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ops_center.core.columns import F64, I32, I64, Bool, Index, Slots, as_slots, grown, pick
from ops_center.core.detectors.base import Finding
from ops_center.core.detectors.specs import DEFAULT_SPECS, SeriesSpec, Watch
from ops_center.core.ingest import Released
from ops_center.core.inventory import Inventory
from sim.kernel.clock import Ns
from sim.messages.telemetry import QUALITY_SELF_TEST


@dataclass(slots=True)
class _Readings:
    """One reading each of some series: rows of their kind, and inventory slots beside."""

    rows: Slots
    slot: I32
    time_ns: I64
    value: F64

    def take(self, which: Index | Bool) -> _Readings:
        if which.dtype == np.bool_:
            which = np.flatnonzero(which)
        rows = pick(self.rows, which)
        return _Readings(rows, self.slot[which], self.time_ns[which], self.value[which])


class _Chain:
    """The detectors of one channel of one kind; series slots are the kind's rows."""

    def __init__(self, spec: SeriesSpec, inventory: Inventory) -> None:
        self.spec = spec
        self._inventory = inventory
        self._rate = spec.rate() if spec.rate is not None else None
        self._faults = [(watch, watch.make()) for watch in spec.faults]
        self._watches = [(watch, watch.make()) for watch in spec.watches]
        self._n_faults: I32 = np.zeros(0, dtype=np.int32)
        self._any_fault = False

    def update(self, readings: _Readings, now: Ns) -> list[Finding]:
        """Take one reading a series, finite, and return what changed."""
        self._make_room()
        if self._rate is not None:
            rows, rate = self._rate.update(readings.rows, readings.time_ns, readings.value)
            if rows is not None:
                readings = readings.take(rows)
            readings.value = rate
        findings: list[Finding] = []
        for watch, detector in self._faults:
            for row, active, llr in detector.update(
                readings.rows, readings.time_ns, readings.value
            ):
                findings.append(self._finding(watch, readings, row, active, llr))
                findings += self._mute(readings, row, now, active=active, reason=watch.signal)
        if self._any_fault:
            sound = self._n_faults[readings.rows] == 0
            readings = readings.take(sound)
        if len(readings.value):
            for watch, detector in self._watches:
                opinions = detector.update(readings.rows, readings.time_ns, readings.value)
                findings += [self._finding(watch, readings, *opinion) for opinion in opinions]
        return findings

    def _make_room(self) -> None:
        n = len(self._inventory.kinds[self.spec.kind])
        if n <= len(self._n_faults):
            return
        n = max(n, 2 * len(self._n_faults))
        self._n_faults = grown(self._n_faults, n, 0)
        if self._rate is not None:
            self._rate.resize(n)
        for _, detector in (*self._faults, *self._watches):
            detector.resize(n)

    def _mute(
        self, readings: _Readings, row: int, now: Ns, *, active: bool, reason: str
    ) -> list[Finding]:
        """Begin or end a fault; where one begins, whatever was believed is taken back."""
        series = _series(readings.rows, row)
        self._n_faults[series] += 1 if active else -1
        self._any_fault = bool(self._n_faults.any())
        self._inventory.presence.mark_faulty(
            int(readings.slot[row]), now, faulty=active, reason=reason if active else "sound again"
        )
        if not active:
            return []
        which = np.array([series], dtype=np.intp)
        return [
            self._finding(watch, readings, row, False, 0.0)
            for watch, detector in self._watches
            if len(detector.retract(which))
        ]

    def _finding(
        self, watch: Watch, readings: _Readings, row: int, active: bool, llr: float
    ) -> Finding:
        info = self._inventory.infos[int(readings.slot[row])]
        return Finding(
            detector=watch.detector,
            signal=watch.signal,
            device_id=info.device_id,
            kind=info.kind,
            at=Ns(int(readings.time_ns[row])),
            value=float(readings.value[row]),
            unit=self.spec.unit,
            active=active,
            llr=llr,
        )


class DetectionEngine:
    """All detectors on all series.

    Parameters
    ----------
    inventory
        Who the readings are of; told which devices are at fault.
    specs
        What is made of which channel.
    """

    def __init__(self, inventory: Inventory, specs: Sequence[SeriesSpec] = DEFAULT_SPECS) -> None:
        self._inventory = inventory
        self._chains: defaultdict[str, list[_Chain]] = defaultdict(list)
        for spec in specs:
            self._chains[spec.kind].append(_Chain(spec, inventory))

    def update(self, released: Sequence[Released], now: Ns) -> list[Finding]:
        """Return what changed, by time of the reading, then device, then order of the specs."""
        findings: list[Finding] = []
        for each in released:
            chains = self._chains.get(each.kind, [])
            if chains:
                for part in each.singles():
                    for chain in chains:
                        readings = self._readings(part, chain.spec.channel)
                        if readings is not None:
                            findings += chain.update(readings, now)
        findings.sort(key=lambda finding: (finding.at, finding.device_id))
        return findings

    def _readings(self, part: Released, channel: str) -> _Readings | None:
        """Return a channel's readings; without those missing, and those their device doubts."""
        names = [c.name for c in part.channels]
        if channel not in names:
            return None
        value = part.values[names.index(channel)]
        rows = as_slots(self._inventory.row[part.slots])
        readings = _Readings(rows, part.slot, part.time_ns, value)
        wanted = ~np.isnan(value)
        if part.quality.any():
            wanted &= part.quality != QUALITY_SELF_TEST
        return readings if wanted.all() else readings.take(wanted)


def _series(rows: Slots, row: int) -> int:
    return rows.start + row if isinstance(rows, slice) else int(rows[row])
