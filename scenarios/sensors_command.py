"""What ``chengmai sensors`` tells: the catalogue as a table, one kind in full, or a docs page."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from devices.catalogue import (
    GATEWAY,
    KINDS,
    ChannelSpec,
    Cross,
    CrossOffset,
    HumidGrowth,
    SensorKind,
    get_kind,
)
from devices.energy import life_y
from scenarios.options import Interrupt
from scenarios.site_rules import RULES, Rule

_SPANS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))

_HEADINGS = ("kind", "measures", "reports every", "in alarm", "T90", "network", "battery", "CNY")


def sensors(options: argparse.Namespace, _interrupt: Interrupt) -> dict[str, Any] | None:
    """List the catalogue of sensors, or tell all about one kind."""
    if options.markdown:
        sys.stdout.write(markdown())
        return None
    if options.kind is not None:
        kind = get_kind(options.kind)
        if not options.json:
            sys.stdout.write("\n".join(described(kind)) + "\n")
        return document(kind)
    if not options.json:
        sys.stdout.write("\n".join(table()) + "\n")
    return {"sensors": [document(kind) for kind in KINDS.values()]}


def document(kind: SensorKind) -> dict[str, Any]:
    """Return one kind as JSON values, in the units that its keys name."""
    rule = RULES.get(kind.kind)
    return {
        "kind": kind.kind,
        "domain": kind.domain,
        "title": kind.title,
        "channels": [_channel_document(channel) for channel in kind.channels],
        "t90_s": kind.t90_s or None,
        "sense_s": kind.sense_s,
        "interval_s": kind.interval_s,
        "alarm_interval_s": kind.alarm_interval_s,
        "alarm": _alarm(kind) or None,
        "network": kind.network.name,
        "battery_wh": None if kind.energy is None else kind.energy.battery_wh,
        "battery_life_y": None if kind.battery_life_y is None else list(kind.battery_life_y),
        "modelled_life_y": None if kind.energy is None else _life_y(kind),
        "price_cny": kind.price_cny,
        "upkeep_cny_per_y": kind.upkeep_cny_per_y,
        "mtbf_y": kind.mtbf_y,
        "calibration_y": kind.calibration_y,
        "drowns_m": kind.drowns_m,
        "failures": list(kind.failures),
        "sited": None if rule is None else sited(rule),
        "source": kind.source,
    }


def table() -> list[str]:
    """Return the catalogue as lines for a terminal, a kind a line."""
    rows = [_HEADINGS, *(_row(kind) for kind in KINDS.values())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    return [
        "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def described(kind: SensorKind) -> list[str]:
    """Return one kind in full, as lines for a terminal."""
    battery = "mains or solar"
    if kind.energy is not None:
        battery = f"{kind.energy.battery_wh:g} Wh, {_life(kind)}, modelled {_life_y(kind):g} y"
    rule = RULES.get(kind.kind)
    pairs = [
        ("domain", kind.domain),
        ("reports every", _span(kind.interval_s)),
        ("in alarm every", f"{_span(kind.alarm_interval_s)}{_of(_alarm(kind))}"),
        ("looks every", _span(kind.sense_s)),
        ("T90", _span(kind.t90_s)),
        ("network", kind.network.name),
        ("power", battery),
        ("price", f"{kind.price_cny:,.0f} CNY, {kind.upkeep_cny_per_y:,.0f} CNY a year"),
        ("fails", f"once in {kind.mtbf_y:g} y: {', '.join(kind.failures)}"),
        ("calibrated", "never" if kind.calibration_y is None else _years(kind.calibration_y)),
        ("stands", "with the network" if rule is None else sited(rule)),
        ("source", kind.source),
    ]
    lines = [f"{kind.kind}: {kind.title}", ""]
    for channel in kind.channels:
        lines.append(f"  {channel.name}: {_range(channel)}, {_accuracy(channel)}, {_step(channel)}")
        lines += [f"    {effect}" for effect in _effects(channel)]
    return [*lines, "", *(f"  {name:<15} {text}" for name, text in pairs)]


def markdown() -> str:
    """Return the page of the docs that lists the catalogue."""
    lines = [
        "# Sensors",
        "",
        "Made by `chengmai sensors --markdown`. Every kind is a row of `devices/catalogue`;",
        "`chengmai sensors KIND` tells all about one. Accuracy is that of a new device, within",
        "which 95 % of readings lie; it, prices and intervals are typical of datasheets of",
        "2023-25, upkeep and what is marked assumed in a row is ours. A scenario sites a kind",
        "under `sensing.kinds`; [sensing](sensing.md) tells how, and how readings go wrong.",
    ]
    for domain in dict.fromkeys(kind.domain for kind in KINDS.values()):
        lines += ["", f"## {domain.capitalize()}", ""]
        lines += ["| kind | measures | T90 | reports | network | battery | CNY, a year | MTBF |"]
        lines += ["|---|---|---|---|---|---|---|---|"]
        lines += [_markdown_row(kind) for kind in KINDS.values() if kind.domain == domain]
    lines += ["", "## Where they stand", "", "| kind | by default |", "|---|---|"]
    lines += [f"| `{kind}` | {sited(RULES[kind])} |" for kind in KINDS if kind != GATEWAY.kind]
    lines += ["", "## What goes wrong with them", ""]
    lines += ["| kind | usual failures | source |", "|---|---|---|"]
    lines += [
        f"| `{kind.kind}` | {', '.join(kind.failures)} | {kind.source} |" for kind in KINDS.values()
    ]
    return "\n".join(lines) + "\n"


def sited(rule: Rule) -> str:
    """Return in words where a rule puts sensors."""
    if rule.every:
        where = "every " + " or ".join(name.replace("_", " ") for name in rule.every)
    elif rule.along is not None:
        along = rule.along.replace("_", " ")
        where = f"along each {along}, one for {_length(rule.spacing_m)}"
    else:
        where = f"a grid of {_length(rule.spacing_m)}"
    if rule.share < 1:
        of = "those with most at stake" if rule.by == "risk" else "them by chance"
        where += f", {100 * rule.share:.3g} % of {of}"
    return where + (f", {rule.each} at each" if rule.each > 1 else "")


def _channel_document(channel: ChannelSpec) -> dict[str, Any]:
    return {
        "name": channel.name,
        "unit": channel.unit,
        "low": channel.low,
        "high": channel.high,
        "accuracy": _rounded(channel.accuracy),
        "accuracy_share": _rounded(channel.accuracy_share),
        "relative_from": channel.relative_from,
        "resolution": float(channel.resolution),
        "drift_per_y": channel.drift_sigma_per_y,
        "hysteresis": channel.hysteresis,
        "is_counter": channel.is_counter,
        "cross": [_felt(cross) for cross in channel.cross],
    }


def _row(kind: SensorKind) -> tuple[str, ...]:
    measures = ", ".join(channel.name for channel in kind.channels)
    return (
        kind.kind,
        measures if len(measures) <= 44 else f"{measures[:43]}…",
        _span(kind.interval_s),
        _span(kind.alarm_interval_s),
        _span(kind.t90_s),
        kind.network.name,
        _life(kind),
        f"{kind.price_cny:,.0f}",
    )


def _markdown_row(kind: SensorKind) -> str:
    measures = "<br>".join(
        f"{channel.name}: {_range(channel)}, {_accuracy(channel)}, {_step(channel)}"
        for channel in kind.channels
    )
    reports = f"{_span(kind.interval_s)}, {_span(kind.alarm_interval_s)}{_of(_alarm(kind))}"
    cells = (
        f"`{kind.kind}`<br>{kind.title}",
        measures,
        _span(kind.t90_s),
        reports,
        kind.network.name,
        _life(kind),
        f"{kind.price_cny:,.0f}, {kind.upkeep_cny_per_y:,.0f}",
        f"{kind.mtbf_y:g} y",
    )
    return f"| {' | '.join(cells)} |"


def _range(channel: ChannelSpec) -> str:
    unit = "" if channel.unit in ("/", "count") else f" {channel.unit}"
    if channel.high is None:
        return f"counts up{unit and ' in'}{unit}"
    return f"{_number(channel.low)} to {_number(channel.high)}{unit}"


def _accuracy(channel: ChannelSpec) -> str:
    if channel.accuracy == 0:
        if channel.gain_sigma == 0:
            return "exact"
        return f"{100 * channel.gain_mean:.3g} % of it, ±{100 * channel.accuracy_share:.3g} %"
    told = f"±{_number(channel.accuracy)}"
    if channel.relative_from is not None:
        share = channel.accuracy / channel.relative_from
        return f"{told}, ±{100 * share:.3g} % of it from {_number(channel.relative_from)}"
    return told + (f" and ±{100 * channel.accuracy_share:.3g} %" if channel.gain_sigma else "")


def _step(channel: ChannelSpec) -> str:
    return f"step {_number(float(channel.resolution))}"


def _effects(channel: ChannelSpec) -> list[str]:
    effects = [_felt(cross) for cross in channel.cross]
    if channel.drift_sigma_per_y:
        effects.append(f"drifts by {channel.drift_sigma_per_y:.2g} a year (one sigma)")
    if channel.hysteresis:
        effects.append(f"hysteresis ±{channel.hysteresis:g}")
    return effects


def _felt(cross: Cross) -> str:
    if isinstance(cross, CrossOffset):
        by = f"{cross.per:+g}" if cross.per else "0"
        return f"{by} ±{cross.spread:g} for each unit of {cross.ambient} above {cross.at:g}"
    if isinstance(cross, HumidGrowth):
        return f"reads more in damp air, kappa {cross.kappa:g}"
    return f"reads {100 * cross.share:.3g} % of {cross.channel}"


def _alarm(kind: SensorKind) -> str:
    if kind.alarm is None:
        return ""
    channel = kind.channels[kind.alarm.channel]
    sign = {"value": "≥", "below": "≤", "rise": "rises by"}[kind.alarm.of]
    unit = "" if channel.unit in ("/", "count") else f" {channel.unit}"
    return f"{channel.name} {sign} {_number(kind.alarm.level)}{unit}"


def _of(alarm: str) -> str:
    return f" when {alarm}" if alarm else ""


def _life(kind: SensorKind) -> str:
    if kind.battery_life_y is None:
        return "-"
    least, most = kind.battery_life_y
    return f"{least:g}-{most:g} y"


def _life_y(kind: SensorKind) -> float:
    assert kind.energy is not None, f"{kind.kind} has no battery"
    return round(life_y(kind.energy, kind.interval_s), 1)


def _years(years: float) -> str:
    return f"each {years:g} y" if years >= 1 else f"each {years * 12:.0f} months"


def _span(span_s: float) -> str:
    if span_s == 0:
        return "-"
    whole, unit = next(
        ((size, unit) for size, unit in _SPANS if span_s >= size), (_SPANS[-1][0], _SPANS[-1][1])
    )
    return f"{span_s / whole:g} {unit}"


def _length(length_m: float | None) -> str:
    assert length_m is not None, "a rule without places has a spacing"
    return f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"


def _number(value: float) -> str:
    """Return a number without an exponent, thousands set apart."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
