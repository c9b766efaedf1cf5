"""Whether devices are there: heard, silent, gone, or hidden behind a gateway that is gone.

Knows nothing of what they measure. A gateway that is down explains the silence of all behind
it: they are off-line, but only the gateway is told, for it is the one to mend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ops_center.core.columns import I32, I64, U8, Bool, Index, Slots, grown, pick
from ops_center.core.snapshot import DEVICE_STATUS
from sim.kernel.clock import Ns, seconds, to_seconds
from sim.messages.telemetry import DeviceInfo

NEVER_HEARD, ONLINE, SILENT, OFFLINE, FAULTY = range(5)
"""Positions in `DEVICE_STATUS`."""

MISSED_REPORTS = 3
"""Idle intervals without a word before a device counts as silent (no-signal test of the
project's detection survey: silent for more than three periods)."""

DOUBTED_AFTER = 1.5
"""Idle intervals without a word before a gateway is in doubt and nobody behind it is judged
(assumed: one report missed and half an interval of play)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """One device's status changed.

    Attributes
    ----------
    status, before
        Of `DEVICE_STATUS`.
    reason
        Why, for the journal's reader.
    silent_s
        How long it has not been heard [s].
    """

    at: Ns
    slot: int
    device_id: str
    kind: str
    status: str
    before: str
    reason: str
    silent_s: float


@dataclass(frozen=True, slots=True)
class _Noted:
    at: Ns
    slot: int
    status: int
    before: int
    reason: str


class Presence:
    """Status of every slot, as columns.

    Parameters
    ----------
    lateness_s
        How late a word may come before it is missed [s].
    find
        Returns the slot of a device identifier, or None.

    Attributes
    ----------
    status
        ``(n,)`` uint8 positions in `DEVICE_STATUS`.
    last_seen_ns
        ``(n,)`` when it was last heard; 0 for never.
    gateway
        ``(n,)`` int32 gateway it speaks through, -1 for none.
    """

    def __init__(self, lateness_s: float, find: Callable[[str], int | None]) -> None:
        self._find = find
        self.status: U8 = np.zeros(0, dtype=np.uint8)
        self.last_seen_ns: I64 = np.zeros(0, dtype=np.int64)
        self.gateway: I32 = np.zeros(0, dtype=np.int32)
        self._lateness_ns = int(seconds(lateness_s))
        self._since_ns: I64 = np.zeros(0, dtype=np.int64)
        self._interval_ns: I64 = np.zeros(0, dtype=np.int64)
        self._gone_ns: I64 = np.zeros(0, dtype=np.int64)
        self._watched: Bool = np.zeros(0, dtype=np.bool_)
        self._explained: Bool = np.zeros(0, dtype=np.bool_)
        self._faults: I32 = np.zeros(0, dtype=np.int32)
        self._gateways: dict[str, int] = {}
        self._gateway_slot: list[int] = []
        self._slot_gateway: dict[int, int] = {}
        self._noted: list[_Noted] = []
        self._n = 0

    def reserve(self, size: int) -> None:
        """Make room for `size` slots."""
        self.status = grown(self.status, size, NEVER_HEARD)
        self.last_seen_ns = grown(self.last_seen_ns, size, 0)
        self.gateway = grown(self.gateway, size, -1)
        self._since_ns = grown(self._since_ns, size, 0)
        self._interval_ns = grown(self._interval_ns, size, 0)
        self._gone_ns = grown(self._gone_ns, size, 0)
        self._watched = grown(self._watched, size, False)
        self._explained = grown(self._explained, size, False)
        self._faults = grown(self._faults, size, 0)

    def add(self, slot: int, info: DeviceInfo, now: Ns) -> None:
        """Begin to watch a new device; it has until its first reports are overdue to speak."""
        self._n = max(self._n, slot + 1)
        self._describe(slot, info)
        position = self._gateways.get(info.device_id)
        if position is not None:
            self._gateway_slot[position] = slot
            self._slot_gateway[slot] = position
        self._since_ns[slot] = now
        self._watched[slot] = True

    def reborn(self, slot: int, info: DeviceInfo, now: Ns) -> None:
        """Take a birth of a known device: it is there again, if it was gone."""
        self._describe(slot, info)
        if self._is_hidden(slot):
            # A broker repeats retained births of devices whose gateway is still down.
            return
        self._since_ns[slot] = now
        self._watched[slot] = True
        if self.status[slot] in (SILENT, OFFLINE):
            self._back(slot, now, "born again")

    def dead(self, slot: int, now: Ns, reason: str) -> None:
        """Take a device's own word, or its will, that it is gone."""
        self._watched[slot] = False
        self._explained[slot] = False
        if self.status[slot] != OFFLINE:
            self._gone(slot, now, OFFLINE, reason or "said so")

    def heard(self, slots: Slots, now: Ns, time_ns: I64) -> None:
        """Note that devices were heard `now`, by readings taken at ``(n,)`` `time_ns`."""
        self.last_seen_ns[slots] = now
        unusual = self.status[slots] != ONLINE
        if not unusual.any():
            return
        woken = pick(slots, unusual)
        status = self.status[woken]
        # A reading from before its device was gone is a straggler, no sign of its return.
        straggler = (status == OFFLINE) & (time_ns[unusual] <= self._gone_ns[woken])
        woken = np.unique(woken[(status != FAULTY) & ~straggler])
        self._watched[woken] = True
        new = self.status[woken] == NEVER_HEARD
        self.status[woken[new]] = ONLINE
        for slot in woken[~new].tolist():
            self._back(slot, now, "heard again")

    def mark_faulty(self, slot: int, now: Ns, *, faulty: bool, reason: str) -> None:
        """Count one more, or one less, fault of a device's series."""
        self._faults[slot] += 1 if faulty else -1
        if self.status[slot] not in (ONLINE, FAULTY):
            return
        status = FAULTY if self._faults[slot] > 0 else ONLINE
        if status != self.status[slot]:
            self._set(slot, now, status, reason)

    def judge(self, now: Ns, infos: Sequence[DeviceInfo]) -> list[StatusChange]:
        """Find who has become silent; return every change since the last call, in order."""
        for slot in self._overdue(now).tolist():
            if self._watched[slot]:
                self._watched[slot] = False
                self._gone(slot, now, SILENT, f"no word for {self._quiet_s(slot, now):.0f} s")
        noted, self._noted = self._noted, []
        return [
            StatusChange(
                at=each.at,
                slot=each.slot,
                device_id=infos[each.slot].device_id,
                kind=infos[each.slot].kind,
                status=DEVICE_STATUS[each.status],
                before=DEVICE_STATUS[each.before],
                reason=each.reason,
                silent_s=self._quiet_s(each.slot, each.at),
            )
            for each in noted
        ]

    # --- within ---------------------------------------------------------------------------

    def _overdue(self, now: Ns) -> Index:
        """Gateways first, so that they explain whoever lies behind them."""
        n = self._n
        quiet_ns = now - np.maximum(self.last_seen_ns[:n], self._since_ns[:n]) - self._lateness_ns
        overdue = self._watched[:n] & (quiet_ns > MISSED_REPORTS * self._interval_ns[:n])
        if not overdue.any():
            return np.zeros(0, dtype=np.intp)
        slots = np.array(self._gateway_slot, dtype=np.intp)
        in_doubt = np.zeros(len(slots) + 1, dtype=np.bool_)
        born = slots >= 0
        slots = slots[born]
        in_doubt[:-1][born] = (
            (quiet_ns[slots] > DOUBTED_AFTER * self._interval_ns[slots])
            | (self.status[slots] == SILENT)
            | (self.status[slots] == OFFLINE)
        )
        # The last entry, never in doubt, is that of devices with gateway -1.
        overdue &= ~in_doubt[self.gateway[:n]]
        gateways = slots[overdue[slots]]
        overdue[gateways] = False
        return np.concatenate([gateways, np.flatnonzero(overdue)])

    def _gone(self, slot: int, now: Ns, status: int, reason: str) -> None:
        position = self._slot_gateway.get(slot)
        if position is not None:
            n = self._n
            behind = np.flatnonzero((self.gateway[:n] == position) & self._watched[:n])
            self._watched[behind] = False
            self._explained[behind] = True
            self.status[behind] = OFFLINE
            self._gone_ns[behind] = now
            reason = f"{reason}; {len(behind)} devices behind it"
        self._explained[slot] = False
        self._gone_ns[slot] = now
        self._set(slot, now, status, reason)

    def _back(self, slot: int, now: Ns, reason: str) -> None:
        status = FAULTY if self._faults[slot] > 0 else ONLINE
        if self._explained[slot]:
            # Its gateway's return was told; its own would say the same once more.
            self._explained[slot] = False
            self.status[slot] = status
        else:
            self._set(slot, now, status, reason)
        position = self._slot_gateway.get(slot)
        if position is not None:
            n = self._n
            behind = np.flatnonzero(self._explained[:n] & (self.gateway[:n] == position))
            self._watched[behind] = True
            self._since_ns[behind] = now

    def _set(self, slot: int, now: Ns, status: int, reason: str) -> None:
        before = int(self.status[slot])
        self.status[slot] = status
        self._noted.append(_Noted(now, slot, status, before, reason))

    def _describe(self, slot: int, info: DeviceInfo) -> None:
        self._interval_ns[slot] = seconds(info.interval_s)
        self.gateway[slot] = -1
        if info.gateway_id is not None:
            position = self._gateways.get(info.gateway_id)
            if position is None:
                position = self._gateways[info.gateway_id] = len(self._gateway_slot)
                found = self._find(info.gateway_id)
                self._gateway_slot.append(-1 if found is None else found)
                if found is not None:
                    self._slot_gateway[found] = position
            self.gateway[slot] = position

    def _is_hidden(self, slot: int) -> bool:
        gateway = int(self.gateway[slot])
        at = self._gateway_slot[gateway] if gateway >= 0 else -1
        return at >= 0 and int(self.status[at]) in (SILENT, OFFLINE)

    def _quiet_s(self, slot: int, now: Ns) -> float:
        heard = max(int(self.last_seen_ns[slot]), int(self._since_ns[slot]))
        return to_seconds(now - heard)
