"""The rules by which key figures are computed, one a row, with its unit and its meaning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenarios.events import time_s
from scenarios.kpi_given import Given, Group, Row, Value
from scenarios.kpi_losses import LOSSES
from scenarios.score import Match
from scenarios.statistics import censored_quantile


def _share(hits: int, of: int) -> Value:
    return hits / of if of else None


def _detected(given: Given) -> Value:
    return _share(sum(m.incident is not None for m in given.matches), len(given.matches))


def _to_detect(share: float) -> Callable[[Given], Value]:
    def rule(given: Given) -> Value:
        seen = [m.suspected_s - m.event.onset_s for m in given.matches if m.suspected_s is not None]
        missed = [
            given.score.horizon_s - m.event.onset_s for m in given.matches if m.incident is None
        ]
        return censored_quantile(seen, missed, share)

    return rule


_Moment = Callable[[Match], float | None]


def _between(since: _Moment, until: _Moment, share: float = 0.5) -> Callable[[Given], Value]:
    """Return the rule of a span's quantile over the events that have both its ends."""

    def rule(given: Given) -> Value:
        ends = [(since(match), until(match)) for match in given.matches]
        spans = [to_s - from_s for from_s, to_s in ends if from_s is not None and to_s is not None]
        return float(np.quantile(spans, share)) if spans else None

    return rule


def _onset(match: Match) -> float | None:
    return match.event.onset_s


def _aware(match: Match) -> float | None:
    return match.suspected_s


def _on_scene(match: Match) -> float | None:
    return match.on_scene_s


def _containment(given: Given) -> Value:
    seen = [
        m.event.contained_s - m.event.onset_s
        for m in given.matches
        if m.event.contained_s is not None
    ]
    unseen = [
        given.score.horizon_s - m.event.onset_s
        for m in given.matches
        if m.event.contained_s is None
    ]
    return censored_quantile(seen, unseen, 0.5)


def _closed_in_time(given: Given) -> Value:
    verdicts = [m.event.closed_in_time for m in given.matches]
    return _share(verdicts.count(True), len(verdicts) - verdicts.count(None))


def _verified(given: Given) -> Value:
    verdicts = [r["type"] for r in given.decisions if r["type"] in ("verified", "unverified")]
    return _share(verdicts.count("verified"), len(verdicts))


def _false_alarms_per_day(given: Given) -> Value:
    horizon_s = given.score.horizon_s
    return given.score.count("false_alarm") / (horizon_s / 86_400) if horizon_s > 0 else None


def _delivered(given: Given) -> Value:
    sensing = given.sensing
    return _share(sensing.readings_accepted, sensing.readings_made) if sensing else None


def _battery_life(given: Given) -> Value:
    lives_d = given.sensing.lives_d if given.sensing else ()
    return float(np.median(lives_d)) if len(lives_d) else None


def _availability(given: Given) -> Value:
    sensing, horizon_s = given.sensing, given.score.horizon_s
    if sensing is None or not sensing.devices or horizon_s <= 0:
        return None
    down_s, since = 0.0, dict[str, float]()
    for record in given.decisions:
        if record["type"] != "device":
            continue
        at_s, device = time_s(record, given.score.start_ns), record["device"]
        if record["status"] == "online":
            down_s += at_s - since.pop(device, at_s)
        else:
            since.setdefault(device, at_s)
    down_s += sum(horizon_s - at_s for at_s in since.values())
    return 1 - down_s / (sensing.devices * horizon_s)


KPIS: dict[Group, tuple[Row, ...]] = {
    "detection": (
        (
            "events",
            "Events",
            "count",
            "True events of all hazards, decoys aside.",
            lambda g: len(g.matches),
        ),
        (
            "floods",
            "Floods",
            "count",
            "True floods: water of at least 0.15 m at a place; water back in 10 min is the same.",
            lambda g: len(g.floods),
        ),
        (
            "detected_share",
            "Detected",
            "1",
            "Share of the events that an incident answers to, by type, place and time.",
            _detected,
        ),
        (
            "time_to_detect_median_s",
            "Time to detect, median",
            "s",
            "T1 − T0: onset to first awareness, misses censored at the horizon (Kaplan–Meier); "
            "below 0 means before the onset.",
            _to_detect(0.5),
        ),
        (
            "time_to_detect_p90_s",
            "Time to detect, 90 %",
            "s",
            "T1 − T0 by when 9 of 10 events were known, misses censored at the horizon.",
            _to_detect(0.9),
        ),
        (
            "time_to_confirm_median_s",
            "Time to confirm, median",
            "s",
            "T1c − T1: first awareness to confirmation, over confirmed incidents of events.",
            _between(_aware, lambda m: m.reached_s("confirmed")),
        ),
        (
            "false_alarms_per_day",
            "False alarms",
            "1/d",
            "Confirmed incidents with no true event at their place, nor water of 0.10 m, per day.",
            _false_alarms_per_day,
        ),
        (
            "minor_incidents",
            "Minor incidents",
            "count",
            "Confirmed incidents where water came to 0.10 m but never to the flood limit.",
            lambda g: g.score.count("minor"),
        ),
        (
            "duplicates",
            "Duplicates",
            "count",
            "Confirmed incidents beyond the first for an event.",
            lambda g: g.score.count("duplicate"),
        ),
    ),
    "response": (
        (
            "time_to_acknowledge_median_s",
            "Time to acknowledge, median",
            "s",
            "T2 − T1: first awareness to acknowledgement by the duty officer.",
            _between(_aware, lambda m: m.reached_s("acknowledged")),
        ),
        (
            "time_to_dispatch_median_s",
            "Time to dispatch, median",
            "s",
            "T3 − T1: first awareness to the first unit's order, over events that were sent one.",
            _between(_aware, lambda m: m.reached_s("dispatched")),
        ),
        (
            "first_on_scene_city_median_s",
            "First on scene after onset, median",
            "s",
            "T4 − T0, the city's view: onset to the first unit on scene, over events that saw one.",
            _between(_onset, _on_scene),
        ),
        (
            "first_on_scene_service_median_s",
            "First on scene after alarm, median",
            "s",
            "T4 − T1, the service's view: first awareness to the first unit on scene.",
            _between(_aware, _on_scene),
        ),
        (
            "first_on_scene_service_p90_s",
            "First on scene after alarm, 90 %",
            "s",
            "T4 − T1, the service's view, met by 9 of 10 events that saw a unit.",
            _between(_aware, _on_scene, 0.9),
        ),
        (
            "closed_before_27cm_share",
            "Closed before 0.27 m",
            "1",
            "Of floods that passed 0.27 m, the share whose road was closed by then, by barrier or "
            "police.",
            _closed_in_time,
        ),
        (
            "commands_verified_share",
            "Commands verified",
            "1",
            "Of plan steps with a fact to check, the share whose effect was then seen.",
            _verified,
        ),
        (
            "containment_median_s",
            "Time to contain, median",
            "s",
            "Onset until severity stays below the first level, depth below 0.15 m, for 10 minutes, "
            "open events censored at the horizon (Kaplan–Meier).",
            _containment,
        ),
    ),
    "consequences": LOSSES,
    "sensing": (
        (
            "readings",
            "Readings",
            "count",
            "Readings the sensors made.",
            lambda g: g.sensing.readings_made if g.sensing else None,
        ),
        (
            "readings_delivered_share",
            "Readings delivered",
            "1",
            "Share of them that the centre took in time and found valid.",
            _delivered,
        ),
        (
            "readings_stored",
            "Readings kept back",
            "count",
            "Readings that came late, kept by gateways or devices while nobody listened.",
            lambda g: g.sensing.stored if g.sensing else None,
        ),
        (
            "sensors_uncovered",
            "Sensors out of reach",
            "count",
            "Sensors that no gateway hears.",
            lambda g: g.sensing.uncovered if g.sensing else None,
        ),
        (
            "battery_life_median_d",
            "Battery life, median",
            "d",
            "How long a new battery lasts when idle, in its own cover, over all sensors with one.",
            _battery_life,
        ),
        (
            "local_commands",
            "Commands given on the spot",
            "count",
            "Commands that gateways gave by themselves while their line was down.",
            lambda g: sum(record["type"] == "edge_command" for record in g.truth),
        ),
        (
            "device_availability",
            "Device availability",
            "1",
            "Share of device time that the centre counted as online.",
            _availability,
        ),
    ),
}
"""Name, title, unit, description, rule. A new figure is a new row."""
