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


_TEXT: Mapping[str, str | None] = {"show": None, "clear": "blank"}
_SWITCH: Mapping[str, str | None] = {"start": "on", "stop": "off"}


def _kind(
    kind: str,
    domain: str,
    at: tuple[str, ...],
    positions: Mapping[str, str | None],
    travel_s: float,
    prefix: str | None = None,
) -> ActuatorKind:
    """Return a row; the last of `positions` is where it stands without a command."""
    at_rest = list(positions.values())[-1]
    assert at_rest is not None, f"{kind} needs a position at rest"
    return ActuatorKind(
        kind=kind,
        domain=domain,
        at=at,
        prefix=prefix or kind.replace("_", "-"),
        at_rest=at_rest,
        positions=positions,
        travel_s=travel_s,
    )


ACTUATOR_KINDS = (
    # assumed: soft start and opening of the pressure valve
    _kind("standby_pump", "municipal", ("underpass",), _SWITCH, 30.0, "pump"),
    # assumed: boom of 6 m with its warning light beforehand
    _kind(
        "barrier",
        "traffic",
        ("underpass", "bridge"),
        {"close": "closed", "open": "open"},
        8.0,
        "barrier",
    ),
    # assumed: the controller's refresh
    _kind("message_sign", "traffic", ("underpass", "bridge", "junction"), _TEXT, 1.0, "sign"),
    # Assumed: the controller grants priority from its next stage on, whose least green and
    # change last 10 s.
    _kind(
        "signal_priority",
        "traffic",
        ("junction",),
        {"grant": "priority", "restore": "plan"},
        10.0,
        "signal",
    ),
    # Electric line-break valves close at 0.3 to 0.5 m of bore a minute: a DN200 in half a
    # minute (assumed).
    _kind("gas_valve", "municipal", ("gas_chamber",), {"close": "closed", "open": "open"}, 30.0),
    # assumed: run-up of an explosion-proof or hall fan
    _kind("vent_fan", "municipal", ("gas_chamber", "factory"), _SWITCH, 10.0),
    # Voice over the community's loudspeakers; assumed: amplifier, gong, first words.
    _kind("broadcast", "emergency", ("community", "venue"), {"say": None, "stop": "silent"}, 10.0),
    # Gates in mains are closed slowly against water hammer: two minutes (assumed).
    _kind("sector_valve", "municipal", ("community",), {"close": "closed", "open": "open"}, 120.0),
    # assumed: spring-loaded cut-off of a block's regulator
    _kind("gas_cutoff", "municipal", ("community",), {"close": "closed", "open": "open"}, 5.0),
    # assumed: motor drive of a ring main unit
    _kind("power_cut", "municipal", ("community",), {"cut": "cut", "restore": "live"}, 5.0),
    # GB/T 7588.1-2020: lifts go to the designated floor and stay; assumed: 40 m at 1 m/s.
    _kind("lift_recall", "municipal", ("community",), {"recall": "held", "release": "runs"}, 40.0),
    # assumed: people at the gate turn it to one way, or let nobody in, on a word by radio
    _kind(
        "gate",
        "emergency",
        ("venue", "metro_station"),
        {"restrict": "restricted", "open": "open"},
        60.0,
    ),
    # assumed: the line's controller reaches the next train at the station before
    _kind(
        "skip_stop", "traffic", ("metro_station",), {"skip": "skipped", "restore": "served"}, 120.0
    ),
    # assumed: an emergency stop leaves a process a minute to run down
    _kind("site_stop", "emergency", ("factory",), {"stop": "stopped", "resume": "runs"}, 60.0),
    _kind("siren", "emergency", ("factory",), _SWITCH, 2.0),  # assumed: run-up
    # assumed: a gas burner lights after a minute of purging
    _kind("heater", "agriculture", ("greenhouse",), _SWITCH, 60.0),
    # assumed: a thermal screen draws 5 m at 1.7 cm/s
    _kind("curtain", "agriculture", ("greenhouse",), {"draw": "drawn", "furl": "furled"}, 300.0),
    # assumed: ramp of a pump with a frequency converter
    _kind(
        "pressure_boost",
        "municipal",
        ("waterworks",),
        {"boost": "boosted", "restore": "plan"},
        60.0,
    ),
    # Closes again after its dead time; assumed: 3 s with the checks of a remote order.
    _kind("recloser", "municipal", ("substation",), {"reclose": "reclosing", "rest": "rest"}, 3.0),
    _kind("load_shed", "municipal", ("substation",), {"shed": "shed", "restore": "whole"}, 5.0),
    # Immediate bed availability is planned within 4 hours (US HPP); assumed: the first beds in
    # the half hour that this is about.
    _kind("surge_beds", "health", ("hospital",), {"open": "opened", "close": "usual"}, 1_800.0),
    # assumed: it is read within ten minutes
    _kind("school_notice", "health", ("school",), {"send": None, "withdraw": "none"}, 600.0),
    # assumed: boilers ramp by a few percent a minute
    _kind(
        "heat_boost", "municipal", ("heat_plant",), {"boost": "boosted", "restore": "plan"}, 900.0
    ),
)
"""Kinds of actuators; every place of the kinds in `at` has one of each."""
