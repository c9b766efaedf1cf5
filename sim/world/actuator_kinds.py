"""Kinds of actuators, as rows of a table: a new kind is a row here, not a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorKind:
    """One kind of actuator.

    Attributes
    ----------
    kind, domain
        Topic levels.
    at
        Kinds of places that have one each.
    prefix
        Begins the identifier, followed by the place's.
    at_rest
        Position without a command.
    positions
        Position that each action leads to; None where the command brings the text.
    travel_s
        How long the mechanism takes.
    """

    kind: str
    domain: str
    at: tuple[str, ...]
    prefix: str
    at_rest: str
    positions: Mapping[str, str | None]
    travel_s: float


ACTUATOR_KINDS = (
    ActuatorKind(
        kind="standby_pump",
        domain="municipal",
        at=("underpass",),
        prefix="pump",
        at_rest="off",
        positions={"start": "on", "stop": "off"},
        travel_s=30.0,  # assumed: soft start and opening of the pressure valve
    ),
    ActuatorKind(
        kind="barrier",
        domain="traffic",
        at=("underpass",),
        prefix="barrier",
        at_rest="open",
        positions={"close": "closed", "open": "open"},
        travel_s=8.0,  # assumed: boom of 6 m with its warning light beforehand
    ),
    ActuatorKind(
        kind="message_sign",
        domain="traffic",
        at=("underpass",),
        prefix="sign",
        at_rest="blank",
        positions={"show": None, "clear": "blank"},
        travel_s=1.0,  # assumed: the controller's refresh
    ),
)
"""Kinds of actuators; every place of the kinds in `at` has one of each."""
