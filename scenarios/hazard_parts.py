"""Scenario parts of hazards, made from the world's own orders.

An order's fields carry their units; here they become the keys of a scenario file, so that a
hazard's parameters are written down once.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from sim.files.quantities import QuantityReader, quantity
from sim.files.strict import Part
from sim.kernel.units import Quantity
from sim.world.hazards.order import Order


class HazardPart(Part):
    """A hazard in a scenario file; its subclasses are made by `part_of`."""

    order_type: typing.ClassVar[type[Order]]
    type: str

    def to_order(self) -> Order:
        """Return the order as the world takes it."""
        values = {
            field.name: getattr(self, key_of(field.name, hints[field.name]))
            for hints in (_hints(self.order_type),)
            for field in dataclasses.fields(self.order_type)
        }
        return self.order_type(**values)

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how to make it again in another process, where its class is made again too."""
        return _again, (self.order_type, dict(self))


def _again(order: type[Order], values: dict[str, Any]) -> HazardPart:
    return part_of(order).model_construct(**values)


_MADE: dict[type[Order], type[HazardPart]] = {}
"""The part of each order, made once."""


def unit_of(metadata: typing.Iterable[object]) -> str:
    """Return the unit that a part's field is read in, empty for a plain number or none."""
    for entry in metadata:
        reader = getattr(entry, "func", None)
        if isinstance(reader, QuantityReader):
            return reader.unit.removeprefix("1")
    return ""


def part_of(order: type[Order]) -> type[HazardPart]:
    """Return the scenario part of an order type: keys are its fields without their units."""
    if order not in _MADE:
        _MADE[order] = _make(order)
    return _MADE[order]


def _make(order: type[Order]) -> type[HazardPart]:
    hints = _hints(order)
    fields: dict[str, Any] = {"type": (Literal[order.word], ...)}
    for field in dataclasses.fields(order):
        hint = hints[field.name]
        fields[key_of(field.name, hint)] = (_annotation(hint), _default(field))
    made = create_model(order.__name__, __base__=HazardPart, **fields)
    made.__doc__ = order.__doc__
    made.order_type = order
    return made


def key_of(name: str, hint: Any) -> str:
    """Return a field's key in the file: ``hole_m`` is ``hole``, for its value has a unit."""
    found = quantity_of(hint)
    return name if found is None or found.unit == "1" else name.rpartition("_")[0]


def _hints(order: type[Order]) -> dict[str, Any]:
    return typing.get_type_hints(order, include_extras=True)


def quantity_of(hint: Any) -> Quantity | None:
    """Return the unit of a field, None where it is no quantity."""
    for part in (hint, *typing.get_args(hint)):
        if typing.get_origin(part) is Annotated:
            return next((m for m in part.__metadata__ if isinstance(m, Quantity)), None)
    return None


def _annotation(hint: Any) -> Any:
    found = quantity_of(hint)
    if found is None:
        return hint
    read = Annotated[float, quantity(found.unit), Field(ge=found.low, le=found.high)]
    optional = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return read | None if optional else read


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return Field(default_factory=field.default_factory)
    return ... if field.default is dataclasses.MISSING else field.default
