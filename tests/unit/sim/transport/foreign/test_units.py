from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.transport.foreign.units import UNITS, alike, base_of, scale


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (12.5, "cm", "m", 0.125),
        (3.0, "mm/h", "m/s", 3.0 / 3.6e6),
        (72.0, "km/h", "m/s", 20.0),
        (212.0, "°F", "Cel", 100.0),
        (-40.0, "Cel", "°F", -40.0),
        (273.15, "K", "Cel", 0.0),
        (25.0, "%", "/", 0.25),
        (400.0, "ppm", "/", 4e-4),
        (1.0, "hPa", "kPa", 0.1),
        (36.0, "m3/h", "l/s", 10.0),
        (35.0, "ug/m3", "mg/m3", 0.035),
        (20.0, "%LEL", "%LEL", 20.0),
        (7.0, "a unit of nobody", "a unit of nobody", 7.0),
    ],
)
def test_unit_is_turned_into_another_of_its_quantity(value, unit, to, expected):
    factor, offset = scale(unit, to)
    assert value * factor + offset == pytest.approx(expected, abs=1e-12)


def test_units_of_different_quantities_do_not_turn_into_each_other():
    assert scale("cm", "Cel") is None
    assert scale("%LEL", "/") is None
    assert scale("furlong", "m") is None


def test_secondary_units_have_the_factors_of_their_registration():
    registered = {"ms": ("s", 1e-3), "min": ("s", 60), "h": ("s", 3600), "MHz": ("Hz", 1e6),
                  "kW": ("W", 1e3), "kVA": ("VA", 1e3), "kvar": ("var", 1e3), "Ah": ("C", 3600),
                  "Wh": ("J", 3600), "kWh": ("J", 3.6e6), "mV": ("V", 1e-3), "mA": ("A", 1e-3),
                  "ug/m3": ("kg/m3", 1e-9), "mm/h": ("m/s", 1 / 3.6e6), "m/h": ("m/s", 1 / 3600),
                  "ppm": ("/", 1e-6), "/100": ("/", 0.01), "/1000": ("/", 0.001),
                  "hPa": ("Pa", 100), "mm": ("m", 1e-3), "cm": ("m", 1e-2), "km": ("m", 1e3),
                  "km/h": ("m/s", 1 / 3.6)}  # fmt: skip
    for unit, (base, factor) in registered.items():
        assert base_of(unit) == base, unit
        assert scale(unit, base) == pytest.approx((factor, 0.0)), unit


@given(st.sampled_from(UNITS).flatmap(lambda u: st.tuples(st.just(u), st.sampled_from(alike(u)))))
def test_there_and_back_is_where_one_was(pair):
    there, back = scale(*pair), scale(*reversed(pair))
    value = 37.5 * there[0] + there[1]
    assert value * back[0] + back[1] == pytest.approx(37.5)
