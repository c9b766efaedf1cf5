"""Faults that come with age: each device's life is drawn once, and what it dies of."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from devices.catalogue import SensorKind
from devices.energy import YEAR_S
from devices.faults import FaultKind, FaultOrder
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import Streams

SHAPE = 1.3
"""Shape of the Weibull distribution of lives; assumed: a little wear on top of chance, which has 1.
Field data of electronics outdoors lie between 1 and 2."""

MIX: tuple[tuple[FaultKind, float], ...] = (
    ("dead", 0.45),
    ("stuck", 0.15),
    ("drifting", 0.15),
    ("spiking", 0.10),
    ("late", 0.10),
    ("duplicate", 0.05),
)
"""What devices fail of; assumed: half fall silent, the rest by the fault classes of Ni et al. and
of the link."""

REPAIR_S = 3 * 86_400.0
"""Mean time until somebody has come and mended it, exponential; assumed: three days."""


def wear_orders(
    kind: SensorKind,
    device_ids: Sequence[str],
    *,
    start: Ns,
    end: Ns,
    faster: float,
    streams: Streams,
) -> list[FaultOrder]:
    """Return the faults by age that begin within a span, at most one a device.

    Devices have been in service for up to their mean life, evenly spread. Draws come from
    ``devices.<kind>.wear`` at 0, for all devices in order.

    Parameters
    ----------
    start, end
        The span.
    faster
        How many times as fast as the catalogue says they wear out; 0 for never.
    """
    if faster <= 0 or not device_ids:
        return []
    draws = streams.at(f"devices.{kind.kind}.wear", 0).random((len(device_ids), 4))
    mean_s = kind.mtbf_y * YEAR_S / faster
    scale_s = mean_s / math.gamma(1.0 + 1.0 / SHAPE)
    age_s = draws[:, 0] * mean_s
    # The life of one that has lived so long: its hazard is used up by an exponential draw.
    used = (age_s / scale_s) ** SHAPE - np.log1p(-draws[:, 1])
    left_s = scale_s * used ** (1.0 / SHAPE) - age_s
    which = np.searchsorted(np.cumsum([share for _, share in MIX]), draws[:, 2], side="right")
    repair_s = -REPAIR_S * np.log1p(-draws[:, 3])
    orders = []
    for row in np.flatnonzero(left_s < (end - start) / 1e9).tolist():
        begins = Ns(start + seconds(float(left_s[row])))
        orders.append(
            FaultOrder(
                device_id=device_ids[row],
                fault=MIX[min(int(which[row]), len(MIX) - 1)][0],
                start=begins,
                end=Ns(begins + seconds(float(repair_s[row]))),
            )
        )
    return orders
