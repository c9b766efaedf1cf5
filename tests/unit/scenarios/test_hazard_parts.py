"""Scenario parts made from the world's orders: they survive the way to another process."""

from __future__ import annotations

import pickle

import pytest

from scenarios.load import load_scenario


@pytest.mark.parametrize("name", ["compound-disaster", "outbreak", "grid-cases"])
def test_scenario_with_ordered_hazards_is_the_same_after_pickling(name):
    scenario = load_scenario(name)
    again = pickle.loads(pickle.dumps(scenario))
    assert again == scenario
    assert [type(part) for part in again.hazards.values()] == [
        type(part) for part in scenario.hazards.values()
    ]
