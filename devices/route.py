"""The way of one cohort's reports from the radio to the bus: through gateways, or not at all.

In this order: heard or not; room at the gateway or a queue; what the gateway itself does about
it; filtered; kept back while the line is down; late and doubled reports; delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from devices.delivery import Delivery
from devices.deployment import Deployment
from devices.faults import Faults
from devices.filtering import Filter
from devices.readings import Readings
from devices.ring import Memories, Ring
from devices.uplink import Counts, Uplink
from sim.kernel.clock import SECOND, Clock, Ns, next_multiple, seconds
from sim.messages.telemetry import I32, QUALITY_STORED


class Route:
    """What lies between the devices of one kind and the bus.

    Parameters
    ----------
    uplink
        Gateways, and what they do.
    deployment
        The devices.
    faults
        Tells whose reports come late, or twice.
    counts
        Added to.
    deliver
        Takes the readings of one delivery.

    Attributes
    ----------
    gateway
        ``(n,)`` gateway of each device, -1 for none.

    Raises
    ------
    InputError
        When a device names an unknown gateway.
    """

    def __init__(
        self,
        uplink: Uplink,
        deployment: Deployment,
        *,
        clock: Clock,
        faults: Faults,
        counts: Counts,
        deliver: Callable[[Readings], None],
    ) -> None:
        n, kind = len(deployment.devices), deployment.kind
        self._clock = clock
        self._faults = faults
        self._counts = counts
        self._delivery_ns = seconds(uplink.delivery_s)
        self._delivery = Delivery(clock, deliver)
        self._ring = Ring()
        remembers = kind.network.remembers
        self._memories = Memories(remembers) if remembers else None
        self._gateways = uplink.gateways
        self._filter = Filter(uplink.filtering, kind, n) if uplink.filtering is not None else None
        self._control = uplink.control
        self._kind = kind.kind
        self._places: Sequence[str | None] = [device.place_id for device in deployment.devices]
        self.gateway: I32 = np.full(n, -1, dtype=np.int32)
        if self._gateways is not None:
            named = [device.gateway_id for device in deployment.devices]
            self.gateway = self._gateways.join(named, self)

    @property
    def dropped(self) -> int:
        """Readings that gateways and devices had no room to keep."""
        return self._ring.dropped + (0 if self._memories is None else self._memories.dropped)

    @property
    def under_way(self) -> int:
        """Readings that will be delivered."""
        return self._delivery.under_way

    def carry(self, at: Ns, part: Readings) -> None:
        """Carry what the radio brings to the gateways, or straight to the bus, at `at`."""
        gateways = self._gateways
        if gateways is None:
            self._hand_in(at, part)
            return
        if gateways.is_deaf.any():
            part = self._heard(part, gateways.is_deaf)
        if gateways.load is None:
            self._forward(at, part)
        else:
            wait_s, is_dropped = gateways.load.admit(self._clock.now(), self.gateway[part.device])
            self._counts.lost += int(np.count_nonzero(is_dropped))
            later = (wait_s * SECOND).astype(np.int64) // self._delivery_ns * self._delivery_ns
            later[is_dropped] = -1
            for wait_ns in np.unique(later[~is_dropped]).tolist():
                self._forward(Ns(at + wait_ns), part.take(np.flatnonzero(later == wait_ns)))

    def reaches(self, index: int) -> bool:
        """Return whether what is sent to a device comes through its gateway now."""
        if self._gateways is None:
            return True
        gateway = self.gateway[index]
        return not (self._gateways.is_down[gateway] or self._gateways.is_deaf[gateway])

    def held(self, gateway: int) -> int:
        """Return how many readings `gateway` keeps."""
        return self._ring.held(gateway)

    def line_back(self, gateway: int) -> None:
        """Send what `gateway` kept back, now that its line is up."""
        self._send_kept(self._ring.pop(gateway))

    def heard_again(self, gateway: int) -> None:
        """Send what the devices of `gateway` kept, or let it keep that for them."""
        assert self._gateways is not None
        kept = None if self._memories is None else self._memories.pop(gateway)
        if kept is not None and self._gateways.is_down[gateway]:
            self._ring.push(gateway, kept)
        else:
            self._send_kept(kept)

    def _send_kept(self, kept: Readings | None) -> None:
        if kept is not None:
            self._counts.stored += len(kept)
            at = next_multiple(self._clock.now(), self._delivery_ns)
            self._delivery.add(at, kept.marked(QUALITY_STORED))

    def _heard(self, part: Readings, is_deaf: NDArray[np.bool_]) -> Readings:
        """Return what is heard; the rest is remembered by its devices, or lost."""
        gateway = self.gateway[part.device]
        is_unheard = is_deaf[gateway]
        if self._memories is None:
            self._counts.lost += int(np.count_nonzero(is_unheard))
        else:
            for index in np.unique(gateway[is_unheard]).tolist():
                self._memories.push(index, part.take(np.flatnonzero(gateway == index)))
        return part.take(np.flatnonzero(~is_unheard))

    def _forward(self, at: Ns, part: Readings) -> None:
        """Let gateways look at what they hear, filter it, and forward it or keep it back."""
        assert self._gateways is not None
        is_down = self._gateways.is_down
        if self._control is not None and len(part):
            self._control.look(self._kind, self._places, self.gateway[part.device], part)
        if self._filter is not None and len(part):
            news = self._filter.apply(self._clock.now(), part)
            self._counts.filtered += len(part) - len(news)
            part = news
        if is_down.any():
            part = self._keep_back(part, is_down)
        self._hand_in(at, part)

    def _keep_back(self, part: Readings, is_down: NDArray[np.bool_]) -> Readings:
        """Keep what gateways that are down heard; return the rest."""
        gateway = self.gateway[part.device]
        is_cut = is_down[gateway]
        for index in np.unique(gateway[is_cut]).tolist():
            self._ring.push(index, part.take(np.flatnonzero(gateway == index)))
        return part.take(np.flatnonzero(~is_cut))

    def _hand_in(self, at: Ns, part: Readings) -> None:
        """Hand in what comes through at `at`; some devices' reports come late, or twice."""
        if not len(part):
            return
        self._counts.duplicated += self._faults.count_doubled(part)
        for when, some in self._faults.delayed(at, part, again_ns=self._delivery_ns):
            self._delivery.add(when, some)
