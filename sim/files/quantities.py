"""Quantities with units as fields of a file's parts."""

from __future__ import annotations

import dataclasses

from pydantic import BeforeValidator, ValidationInfo

from sim.kernel import units
from sim.kernel.errors import InputError


@dataclasses.dataclass(frozen=True)
class QuantityReader:
    """Reads a quantity with its unit.

    Attributes
    ----------
    unit
        SI unit that it turns quantities into, one of `sim.kernel.units`.
    """

    unit: str

    def __call__(self, value: object, info: ValidationInfo) -> float:
        """Return `value` in the unit; raises ValueError, which pydantic reports."""
        try:
            return units.parse(value, self.unit, thing=info.field_name or "value")  # type: ignore[arg-type]
        except InputError as error:
            raise ValueError(f"expected {error.expected}") from error


def quantity(unit: str) -> BeforeValidator:
    """Return the validator that reads a quantity with its unit."""
    return BeforeValidator(QuantityReader(unit))
