"""How fast people walk and pass gates by the density they stand at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

FREE_MPS, SHAPE_PER_M2, JAM_PER_M2 = 1.34, 1.913, 5.4
"""Free speed, shape and jam density of Weidmann's curve."""
PEAK_PER_M2 = 1.75
"""Density at which a gate passes most."""
PUSH_PER_MS, PACKED_PER_M2 = 0.3, 8.0
"""People whom those behind still press in when nobody could walk any more [1/(m s)], and the
density at which nothing goes in; assumed: crushes were of 7 to 9 people a square metre."""


def walking_mps(density_per_m2: F64) -> F64:
    """Return the walking speed at a density, any shape [m/s].

    References
    ----------
    Weidmann 1993, Transporttechnik der Fussgänger, IVT 90, ETH Zürich:
    v = 1.34 (1 - exp(-1.913 (1/rho - 1/5.4))).
    """
    rho = np.maximum(density_per_m2, 1e-6)
    speed: F64 = np.maximum(
        FREE_MPS * (1 - np.exp(-SHAPE_PER_M2 * (1 / rho - 1 / JAM_PER_M2))), 0.0
    )
    return speed


def flow_per_ms(density_per_m2: F64) -> F64:
    """Return how many pass a metre of width in a second at a density, any shape."""
    flow: F64 = density_per_m2 * walking_mps(density_per_m2)
    return flow


MOST_PER_MS = float(flow_per_ms(np.array(PEAK_PER_M2)))
"""Greatest flow through a metre of gate, about 1.2 [1/(m s)]."""


def room_per_ms(density_per_m2: F64) -> F64:
    """Return how many a ground of a density takes in through a metre of gate, any shape.

    As a link takes vehicles: all that a gate passes until its density is past the peak, then
    what still walks on, and at the least what is pressed in, until it is packed.
    """
    beyond = np.maximum(flow_per_ms(density_per_m2), PUSH_PER_MS)
    room = np.where(density_per_m2 < PEAK_PER_M2, MOST_PER_MS, beyond)
    taken: F64 = np.where(density_per_m2 >= PACKED_PER_M2, 0.0, room)
    return taken


def egress_per_ms(density_per_m2: F64) -> F64:
    """Return how many leave a ground of a density through a metre of gate, any shape."""
    near = np.minimum(density_per_m2, PEAK_PER_M2)
    leaving: F64 = flow_per_ms(near)
    return leaving
