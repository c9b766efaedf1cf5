"""Units that devices report in, by what they measure.

SenML's own (RFC 8428 section 12.1), its secondary units (RFC 8798 section 3), and what vendors
write instead. A library of units (pint) knows neither set of names, and costs a start-up.
"""

from __future__ import annotations

from collections.abc import Mapping

_SCALES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "length": {
        "m": (1, 0), "cm": (1e-2, 0), "mm": (1e-3, 0), "km": (1e3, 0), "dm": (1e-1, 0),
        "ft": (0.3048, 0), "in": (0.0254, 0),
    },
    "speed": {
        "m/s": (1, 0), "km/h": (1 / 3.6, 0), "mm/h": (1 / 3.6e6, 0), "m/h": (1 / 3600, 0),
        "mm/min": (1 / 6e4, 0), "mm/s": (1e-3, 0), "cm/s": (1e-2, 0), "kn": (1852 / 3600, 0),
        "mph": (0.44704, 0),
    },
    "ratio": {
        "/": (1, 0), "%": (1e-2, 0), "/100": (1e-2, 0), "/1000": (1e-3, 0), "ppm": (1e-6, 0),
        "ppb": (1e-9, 0), "%vol": (1e-2, 0), "um/m": (1e-6, 0), "µm/m": (1e-6, 0),
        "µε": (1e-6, 0),
    },
    "count": {"count": (1, 0)},
    "number on an area": {"1/m2": (1, 0), "1/ha": (1e-4, 0), "1/km2": (1e-6, 0)},
    "obscuration": {"dB/m": (1, 0)},
    "temperature": {
        "Cel": (1, 0), "°C": (1, 0), "degC": (1, 0), "K": (1, -273.15),
        "°F": (5 / 9, -160 / 9), "degF": (5 / 9, -160 / 9),
    },
    "relative humidity": {"%RH": (1, 0)},
    "lower explosive limit": {"%LEL": (1, 0)},
    "remaining energy": {"%EL": (1, 0)},
    "pressure": {
        "Pa": (1, 0), "hPa": (100, 0), "kPa": (1e3, 0), "MPa": (1e6, 0), "bar": (1e5, 0),
        "mbar": (100, 0), "psi": (6894.757, 0), "mmHg": (133.322, 0),
    },
    "flow": {
        "m3/s": (1, 0), "m3/h": (1 / 3600, 0), "m3/d": (1 / 86_400, 0), "l/s": (1e-3, 0),
        "L/s": (1e-3, 0), "L/min": (1 / 6e4, 0),
    },
    "volume": {"m3": (1, 0), "l": (1e-3, 0), "L": (1e-3, 0)},
    "density": {
        "kg/m3": (1, 0), "g/m3": (1e-3, 0), "mg/m3": (1e-6, 0), "ug/m3": (1e-9, 0),
        "µg/m3": (1e-9, 0), "μg/m3": (1e-9, 0), "mg/L": (1e-3, 0), "mg/l": (1e-3, 0),
    },
    "mass": {"kg": (1, 0), "g": (1e-3, 0), "t": (1e3, 0)},
    "time": {"s": (1, 0), "ms": (1e-3, 0), "min": (60, 0), "h": (3600, 0), "d": (86_400, 0)},
    "frequency": {"Hz": (1, 0), "kHz": (1e3, 0), "MHz": (1e6, 0), "beat/min": (1 / 60, 0)},
    "power": {"W": (1, 0), "kW": (1e3, 0), "MW": (1e6, 0)},
    "apparent power": {"VA": (1, 0), "kVA": (1e3, 0)},
    "reactive power": {"var": (1, 0), "kvar": (1e3, 0)},
    "energy": {"J": (1, 0), "Wh": (3600, 0), "kWh": (3.6e6, 0)},
    "voltage": {"V": (1, 0), "mV": (1e-3, 0), "kV": (1e3, 0)},
    "current": {"A": (1, 0), "mA": (1e-3, 0)},
    "charge": {"C": (1, 0), "Ah": (3600, 0)},
    "angle": {"rad": (1, 0), "deg": (0.017453292519943295, 0), "°": (0.017453292519943295, 0)},
    "acceleration": {"m/s2": (1, 0), "g0": (9.80665, 0), "gal": (1e-2, 0)},
    "sound level": {"dB": (1, 0), "dBA": (1, 0), "dB(A)": (1, 0)},
    "illuminance": {"lx": (1, 0), "lux": (1, 0)},
    "irradiance": {"W/m2": (1, 0)},
    "acidity": {"pH": (1, 0)},
    "turbidity": {"NTU": (1, 0)},
    "conductivity": {"S/m": (1, 0), "mS/cm": (1e-1, 0), "uS/cm": (1e-4, 0), "µS/cm": (1e-4, 0)},
}  # fmt: skip
"""By quantity: a value in the quantity's first unit is ``value · factor + offset``."""

_QUANTITY = {unit: quantity for quantity, scale in _SCALES.items() for unit in scale}

UNITS = tuple(_QUANTITY)
"""Every unit that is known, in the order of the table."""


def base_of(unit: str) -> str:
    """Return the unit of SenML's that measures the same; a unit that is not known, as it is."""
    quantity = _QUANTITY.get(unit)
    return unit if quantity is None else next(iter(_SCALES[quantity]))


def alike(unit: str) -> tuple[str, ...]:
    """Return the units that measure the same as `unit`, itself included."""
    quantity = _QUANTITY.get(unit)
    return (unit,) if quantity is None else tuple(_SCALES[quantity])


def scale(unit: str, to: str) -> tuple[float, float] | None:
    """Return factor and offset that turn `unit` into `to`; None where they measure different."""
    if unit == to:
        return 1.0, 0.0
    quantity = _QUANTITY.get(unit)
    if quantity is None or quantity != _QUANTITY.get(to):
        return None
    factor, offset = _SCALES[quantity][unit]
    to_factor, to_offset = _SCALES[quantity][to]
    return factor / to_factor, (offset - to_offset) / to_factor
