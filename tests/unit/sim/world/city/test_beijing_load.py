"""The city of our own is asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.city.load import NAMES, READERS, load_city


def test_beijing_is_loaded_by_name_at_a_scale() -> None:
    basemap = load_city("beijing", SeededStreams(3), scale=0.003).basemap
    assert (basemap.name, basemap.source) == ("Beijing 北京", "synthetic, scale 0.003, seed 3")
    assert len(basemap.districts) == 16


def test_beijing_has_a_scale_of_its_own() -> None:
    assert load_city("beijing", SeededStreams(3)).basemap.source == "synthetic, scale 0.01, seed 3"


def test_an_unknown_name_tells_the_names_and_the_endings() -> None:
    with pytest.raises(InputError) as error:
        load_city("bejing", SeededStreams(1))
    message = str(error.value)
    assert "'bejing', expected beijing, or a file ending in" in message
    assert all(word in message for word in (*NAMES, *READERS))


def test_a_scale_is_beijings_alone(osm_file: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match=r"scale: was 0.5, expected none: only beijing"):
        load_city(str(osm_file()), SeededStreams(1), scale=0.5)
    with pytest.raises(InputError, match=r"a number from 0\.002 to 1"):
        load_city("beijing", SeededStreams(1), scale=2.0)
