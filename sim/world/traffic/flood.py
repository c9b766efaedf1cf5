"""What deep water does to those who are on the road when it comes."""

from __future__ import annotations

import numpy as np

from sim.world.traffic.links import Links
from sim.world.traffic.queues import BOWL_M, Queues


def flood(queues: Queues, links: Links, link: int) -> None:
    """Stall whom the bowl of a link holds, and turn those before it round."""
    fleet = queues.fleet
    slots = np.flatnonzero(fleet.link == link)
    slots = slots[np.isfinite(fleet.ready_s[slots])]
    slots = slots[np.argsort(fleet.order[slots])]
    length_m, lanes = links.length_m[link], links.lanes[link]
    ahead_s = fleet.ready_s[slots] - queues.now_s
    # Those who queue stand one behind the other from the end back.
    row = np.cumsum(ahead_s <= 0) - 1
    free_s = length_m / links.free_mps[link]
    to_end_m = np.where(
        ahead_s > 0,
        np.minimum(ahead_s / free_s, 1.0) * length_m,
        np.minimum(row / (links.jam_per_m * lanes), length_m),
    )
    from_middle_m = to_end_m - length_m / 2
    caught = np.abs(from_middle_m) <= BOWL_M / 2
    queues.stall(slots[caught], link)
    before = ~caught & (from_middle_m > 0)
    if links.reverse[link] < links.n:
        driven_m = length_m - to_end_m[before]
        queues.turn_round(slots[before], link, driven_m / links.free_mps[link])
