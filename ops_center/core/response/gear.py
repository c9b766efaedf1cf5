"""Where actuators are: those at a place, and the nearest of a kind of place."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from sim.kernel.basemap import BaseMap
from sim.messages.field import ActuatorStatus


class Gear:
    """Every actuator by kind and place; a city has tens of thousands.

    Parameters
    ----------
    basemap
        Where places are. Actuators of places it does not know are near nothing.
    """

    def __init__(self, basemap: BaseMap) -> None:
        self._basemap = basemap
        self._at: dict[tuple[str, str], list[str]] = {}
        self._near: dict[tuple[str, str], dict[str, str]] = {}
        self._trees: dict[tuple[str, str], tuple[cKDTree, list[str]]] = {}

    def put(self, actuator: ActuatorStatus) -> None:
        """Take note of where an actuator is; one that is known already stays there."""
        kind, place_id, name = actuator.kind, actuator.place_id, actuator.actuator_id
        known = self._at.setdefault((kind, place_id), [])
        if name in known:
            return
        known.append(name)
        known.sort()
        if place_id in self._basemap.place_index:
            key = (kind, self._basemap.get_place(place_id).kind)
            self._near.setdefault(key, {})[name] = place_id
            self._trees.pop(key, None)

    def at(self, kind: str, place_id: str) -> list[str]:
        """Return the actuators of a kind at a place, by name."""
        return list(self._at.get((kind, place_id), ()))

    def near(self, kind: str, place_id: str, *, of: str, count: int, within_m: float) -> list[str]:
        """Return the `count` nearest actuators of a kind at places `of` a kind, nearest first.

        The place itself is the nearest if it is of that kind.
        """
        tree, names = self._tree((kind, of))
        if not names:
            return []
        here = self._basemap.get_place(place_id)
        k = min(count, len(names))
        away_m, rows = tree.query((here.x_m, here.y_m), k=k)
        found = zip(np.atleast_1d(away_m).tolist(), np.atleast_1d(rows).tolist(), strict=True)
        # At the same distance by name: the tree promises no order.
        return [names[row] for away, row in sorted(found) if away <= within_m * (1 + 1e-9)]

    def _tree(self, key: tuple[str, str]) -> tuple[cKDTree, list[str]]:
        if key not in self._trees:
            names = sorted(self._near.get(key, {}))
            places = [self._basemap.get_place(self._near[key][name]) for name in names]
            xy_m = np.array([(place.x_m, place.y_m) for place in places]).reshape(-1, 2)
            self._trees[key] = (cKDTree(xy_m), names)
        return self._trees[key]
