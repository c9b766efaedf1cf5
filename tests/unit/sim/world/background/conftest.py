from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.rng import SeededStreams
from sim.world.background import Background


@pytest.fixture
def background():
    return Background(SeededStreams(11), np.array([4_000.0, 4_000.0]))
