"""Quantities of a scenario file: written with their units, SI once read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.files.quantities import quantity

Seconds = Annotated[float, quantity("s"), Field(ge=0)]
Metres = Annotated[float, quantity("m"), Field(ge=0)]
Share = Annotated[float, quantity("1"), Field(ge=0, le=1)]
PerSecond = Annotated[float, quantity("1/s"), Field(ge=0)]
