"""The pytest plugin ``chengmai``: a broker and a seeded city for any test that asks for one.

``chengmai`` is a city of the test's own, as `pytest.ini` and the marker want it; ``chengmai_city``
makes more, or with other plans. Both end with the test.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scenarios.testbed import Testbed
    from scenarios.testbed_plan import Plan

MARKER = "chengmai"
_MARK = (
    "chengmai(scenario, seed, speed, until, scale, replace): the city that the test is given;"
    " until is a span such as '2 h'"
)
_INI = {
    "chengmai_scenario": "library name or file of the city's scenario (storm)",
    "chengmai_seed": "seed of the city (the scenario's)",
    "chengmai_speed": "city seconds a wall second, 0.1 to 1000 (60)",
    "chengmai_until": "city time after which it stands still, such as 2 h (never)",
    "chengmai_scale": "share of the synthetic Beijing, 0.002 to 1 (0.002)",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings of ``pytest.ini``."""
    for name, explanation in _INI.items():
        parser.addini(name, explanation, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker."""
    config.addinivalue_line("markers", _MARK)


@pytest.fixture
def chengmai(request: pytest.FixtureRequest, chengmai_city: Callable[..., Testbed]) -> Testbed:
    """Return a running city, as the test's marker and ``pytest.ini`` want it."""
    marks = list(request.node.iter_markers(MARKER))
    wanted: dict[str, Any] = {}
    for mark in reversed(marks):
        if mark.args:
            raise pytest.UsageError(f"the marker {MARKER} takes names only, was {mark.args!r}")
        wanted |= mark.kwargs
    return chengmai_city(**wanted)


@pytest.fixture
def chengmai_city(request: pytest.FixtureRequest) -> Iterator[Callable[..., Testbed]]:
    """Return a maker of running cities, which takes what the marker takes."""
    # Nobody pays for the simulator who does not use it.
    from scenarios.testbed import Testbed

    with ExitStack() as stack:

        def make(**wanted: Any) -> Testbed:
            return stack.enter_context(Testbed(_plan(request.config, wanted)))

        yield make


def _plan(config: pytest.Config, wanted: dict[str, Any]) -> Plan:
    """Return the plan that settings and a marker come to; the marker has the last word."""
    from scenarios.testbed_plan import Plan
    from sim.kernel.errors import InputError

    settings: dict[str, Any] = {}
    for name in _INI:
        text = config.getini(name)
        if text:
            settings[name.removeprefix("chengmai_")] = text
    settings |= wanted
    known = {"until", *(field.name for field in dataclasses.fields(Plan))} - {"until_s"}
    for name in settings:
        if name not in known:
            expected = ", ".join(sorted(known))
            raise pytest.UsageError(f"{MARKER}: was {name!r}, expected one of {expected}")
    try:
        return _read_plan(settings)
    except InputError as error:
        raise pytest.UsageError(f"{MARKER}: {error}") from error


def _read_plan(settings: dict[str, Any]) -> Plan:
    from scenarios.testbed_plan import Plan
    from sim.kernel import units
    from sim.kernel.errors import InputError

    until = settings.pop("until", None)
    for name, kind in (("seed", int), ("speed", float), ("scale", float)):
        if settings.get(name) is not None:
            try:
                settings[name] = kind(settings[name])
            except ValueError as error:
                raise InputError(name, value=settings[name], expected="a number") from error
    replace = settings.get("replace", ())
    settings["replace"] = (replace,) if isinstance(replace, str) else tuple(replace)
    until_s = None if until is None else units.parse(until, "s", thing="until")
    return Plan(until_s=until_s, **settings)
