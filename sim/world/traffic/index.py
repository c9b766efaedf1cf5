"""Beijing's traffic performance index from travel times."""

from __future__ import annotations

import numpy as np

_EXTRA = (0.0, 0.2, 0.5, 0.8, 1.1, 1.4)
_INDEX = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)


def travel_index(ratio: float) -> float:
    """Return the index, 0 to 10, of a travel time as a multiple of that on empty roads.

    Classes 2 to 4, 4 to 6, 6 to 8 and 8 to 10 are 0.2 to 0.5, 0.5 to 0.8, 0.8 to 1.1 and more
    than 1.1 of extra travel time; within a class it is linear. Assumed: 10 is reached one more
    class on, at 1.4.

    References
    ----------
    DB11/T 785-2011, the index of urban road traffic in Beijing.
    """
    return float(np.interp(ratio - 1.0, _EXTRA, _INDEX))
