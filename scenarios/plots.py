"""Plots of the background beside real series: ``python -m scenarios.plots OUTDIR SIGNALS``.

`write_plot` draws any panels of lines into a picture that stands by itself, so that other pages
can have plots of the same kind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from scenarios.report.svg import Scale, el, figure, join, line, path, rect, round_step, text
from sim.kernel.clock import HOUR, MINUTE, SECOND, Ns
from sim.kernel.errors import ChengmaiError
from sim.kernel.rng import SeededStreams
from sim.world.background import Background
from sim.world.background.calendar import Hours, hours
from sim.world.background.fit.compare import FIRST, simulated_air, simulated_weather
from sim.world.background.fit.people import PLACES
from sim.world.background.fit.signals import AirSeries, read_air, read_footfall, read_noise
from sim.world.background.fit.statistics import autocorrelation
from sim.world.background.footfall import PLACE_KINDS
from sim.world.background.use import published_water_day
from sim.world.city.load import load_city
from sim.world.traffic import Traffic, TrafficConfig

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

YEARS = 8
SEED = 7
_HOURS: F64 = np.arange(24.0)
_MONTHS: F64 = np.arange(1.0, 13.0)

PUBLISHED_PEAK_INDEX = 6.08
"""Mean of the peak hours of Beijing's working days in 2024: domain facts, source S12."""
_TRAFFIC_EVERY = 60
"""Steps between two looks at traffic: five minutes."""

_WIDTH, _HEIGHT = 380.0, 270.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 64.0, 40.0
_STYLE = """
text{font:12px system-ui,sans-serif;fill:#334155}
.title{font-weight:600;font-size:13px;fill:#0f172a}
.grid{stroke:#e2e8f0;stroke-width:1}
.page{fill:#ffffff}
.real{fill:none;stroke:#94a3b8;stroke-width:5;stroke-linejoin:round}
.ours{fill:none;stroke:#0369a1;stroke-width:1.8;stroke-linejoin:round}
.real2{fill:none;stroke:#fdba74;stroke-width:5;stroke-linejoin:round}
.ours2{fill:none;stroke:#c2410c;stroke-width:1.8;stroke-linejoin:round}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line of a panel: its name, its points, and one of ``real ours real2 ours2``."""

    name: str
    x: F64
    y: F64
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One drawing with axes.

    Attributes
    ----------
    title, x_label
        What is drawn, with its unit; over what.
    curves
        The lines.
    x_step
        Distance of marks along the bottom.
    y_from_zero
        Whether nought is in the picture.
    """

    title: str
    x_label: str
    curves: tuple[Curve, ...]
    x_step: float
    y_from_zero: bool = True


def write_plot(file: Path, title: str, panels: Sequence[Panel]) -> None:
    """Draw panels side by side into an SVG file that needs no style sheet."""
    drawn = [
        el("g", _panel(panel), transform=f"translate({k * _WIDTH:.0f} 0)")
        for k, panel in enumerate(panels)
    ]
    width = _WIDTH * len(panels)
    page = rect(0, 0, width, _HEIGHT, "page")
    drawing = figure(width, _HEIGHT, title, el("style", Markup(_STYLE)), page, *drawn)
    # A file of its own needs the namespace that a page would give it.
    text_ = str(drawing).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    file.write_text(text_ + "\n", encoding="utf-8")


def _panel(panel: Panel) -> Markup:
    x_all = np.concatenate([curve.x for curve in panel.curves])
    y_all = np.concatenate([curve.y for curve in panel.curves])
    low = min(0.0, float(y_all.min())) if panel.y_from_zero else float(y_all.min())
    step = round_step(float(y_all.max()) - low, 5)
    low, high = np.floor(low / step) * step, np.ceil(float(y_all.max()) / step) * step
    x = Scale(float(x_all.min()), float(x_all.max()), _LEFT, _WIDTH - _RIGHT)
    y = Scale(float(low), float(high), _HEIGHT - _BOTTOM, _TOP)
    parts = [text(_LEFT, 16, panel.title, "title")]
    for value in np.arange(low, high + step / 2, step):
        parts.append(line(_LEFT, y(value), _WIDTH - _RIGHT, y(value), "grid"))
        parts.append(text(_LEFT - 6, y(value) + 4, f"{value:.10g}", anchor="end"))
    first = np.ceil(x_all.min() / panel.x_step) * panel.x_step
    below = _HEIGHT - _BOTTOM + 16
    parts.extend(
        text(x(value), below, f"{value:.10g}", anchor="middle")
        for value in np.arange(first, x_all.max() + panel.x_step / 1e6, panel.x_step)
    )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(text(middle, _HEIGHT - 8, panel.x_label, anchor="middle"))
    for curve in panel.curves:
        points = np.stack([x.many(curve.x), y.many(curve.y)], axis=1)
        parts.append(el("path", d=path(points), class_=curve.style))
    at, row = _LEFT, 32.0
    for curve in panel.curves:
        wide = 34 + 6.2 * len(curve.name)
        if at + wide > _WIDTH:
            at, row = _LEFT, row + 16
        parts.append(line(at, row, at + 16, row, curve.style))
        parts.append(text(at + 20, row + 4, curve.name))
        at += wide
    return join(parts)


def write_all(folder: Path, signals: Path) -> list[Path]:
    """Write every plot of the background; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    background = Background(SeededStreams(SEED), np.zeros(2))
    real = read_air(signals)
    plots = {
        "air": ("Fine dust: day, year and memory", _air(real)),
        "weather": ("Air temperature: day, year and memory", _weather(real)),
        "use": ("Use of water and power by hour", _use(background)),
        "footfall": ("People on foot by hour", _footfall(background, signals)),
        "noise": ("Noise: day and memory", _noise(signals)),
        "traffic": ("Traffic by hour", _traffic()),
    }
    files = []
    for name, (title, panels) in plots.items():
        files.append(folder / f"{name}.svg")
        write_plot(files[-1], title, panels)
    return files


def _air(real: AirSeries) -> list[Panel]:
    dust, ours = real.air[0], simulated_air(SEED, YEARS)[0]
    then, now = hours(real.first, dust.shape[1]), hours(FIRST, ours.shape[1])
    lags = np.arange(1, 97, 2)
    lasting, our_lasting = (
        np.array([np.median([autocorrelation(row, int(lag)) for row in rows]) for lag in lags])
        for rows in (dust, ours)
    )
    return [
        _pair("PM2.5 by hour, µg/m³", "hour", _HOURS, _by_hour(dust, then), _by_hour(ours, now), 4),
        _pair(
            "PM2.5 by month, µg/m³",
            "month",
            _MONTHS,
            _by_month(dust, then),
            _by_month(ours, now),
            1,
        ),
        _pair(
            "PM2.5, correlation with itself",
            "hours later",
            lags.astype(float),
            lasting,
            our_lasting,
            24,
        ),
    ]


def _weather(real: AirSeries) -> list[Panel]:
    then_c, now_c = real.weather[0, :1], simulated_weather(SEED, YEARS)[:1]
    then, now = hours(real.first, then_c.shape[1]), hours(FIRST, now_c.shape[1])
    curves: list[Curve] = []
    for month, suffix, name in ((0, "", "January"), (6, "2", "July")):
        for label, rows, when in (("real", then_c, then), ("ours", now_c, now)):
            here = _month(when) == month
            values = [np.nanmean(rows[:, here & (when.hour == h)]) for h in range(24)]
            shown = f"{name}, {'real' if label == 'real' else 'simulated'}"
            curves.append(Curve(name=shown, x=_HOURS, y=np.array(values), style=label + suffix))
    lags = np.arange(1, 121, 2)
    lasting, our_lasting = (
        np.array([autocorrelation(rows[0], int(lag)) for lag in lags]) for rows in (then_c, now_c)
    )
    return [
        Panel(title="Temperature by hour, °C", x_label="hour", curves=tuple(curves), x_step=4),
        _pair(
            "Temperature by month, °C",
            "month",
            _MONTHS,
            _by_month(then_c, then),
            _by_month(now_c, now),
            1,
        ),
        _pair(
            "Temperature, correlation with itself",
            "hours later",
            lags.astype(float),
            lasting,
            our_lasting,
            24,
        ),
    ]


def _use(background: Background) -> list[Panel]:
    tuesday, saturday, january = (_midnight(d) for d in ("2026-04-21", "2026-04-25", "2027-01-19"))
    july = _midnight("2026-07-21")

    def day(start: int, total: Callable[[Ns], float], weeks: int = 4) -> F64:
        times = start + np.arange(weeks)[:, None] * 168 * HOUR + np.arange(24) * HOUR + HOUR // 2
        found = np.array([[total(Ns(int(t))) for t in row] for row in times]).mean(axis=0)
        return np.asarray(found)

    water, power = background.water.total, background.power.total
    return [
        Panel(
            title="Water of the city over its mean",
            x_label="hour",
            x_step=4,
            curves=(
                Curve(name="published", x=_HOURS, y=published_water_day(), style="real"),
                Curve(name="workday", x=_HOURS, y=day(tuesday, water), style="ours"),
                Curve(name="Saturday", x=_HOURS, y=day(saturday, water), style="ours2"),
            ),
        ),
        Panel(
            title="Power of the city over its mean",
            x_label="hour",
            x_step=4,
            curves=(
                Curve(name="January", x=_HOURS, y=day(january, power), style="ours"),
                Curve(name="July", x=_HOURS, y=day(july, power), style="ours2"),
            ),
        ),
    ]


def _footfall(background: Background, signals: Path) -> list[Panel]:
    weekday, hour, counts = read_footfall(signals, (2023, 2024, 2025))
    panels = []
    for kind in ("office", "transit", "nightlife"):
        people = np.mean([counts[p] / np.nanmean(counts[p]) for p in PLACES[kind]], axis=0)
        curves: list[Curve] = []
        for name, date, days, suffix in (
            ("workday", "2026-04-20", range(5), ""),
            ("Saturday", "2026-04-25", (5,), "2"),
        ):
            here = np.isin(weekday, list(days))
            real = [np.nanmean(people[here & (hour == h)]) for h in range(24)]
            start = _midnight(date)
            weeks = [
                [
                    background.footfall.factor(
                        Ns(start + (168 * week + 24 * day + h) * HOUR + HOUR // 2)
                    )[PLACE_KINDS.index(kind)]
                    for h in range(24)
                ]
                for week in range(8, 48)
                for day in range(len(days))
            ]
            ours = np.mean(weeks, axis=0)
            curves.append(
                Curve(name=f"{name}, real", x=_HOURS, y=np.array(real), style="real" + suffix)
            )
            curves.append(
                Curve(name="simulated", x=_HOURS, y=np.asarray(ours), style="ours" + suffix)
            )
        title = f"People on foot, {kind}, over the mean"
        panels.append(Panel(title=title, x_label="hour", curves=tuple(curves), x_step=4))
    return panels


def _noise(signals: Path) -> list[Panel]:
    minute, level = read_noise(signals)
    read = Background(SeededStreams(SEED), np.zeros(2)).noise.bind(
        np.arange(20)[:, None] * np.array([[5_000.0, 0.0]]), np.full(20, 7, dtype=np.int32)
    )
    start = _midnight("2026-04-20")
    ours = np.array([read(Ns(start + k * MINUTE), None) for k in range(4 * 1440)]).T
    clock = np.arange(ours.shape[1]) % 1440
    # The place and its level differ; what is compared is how the level moves.
    then = np.array([level[minute // 60 == h].mean() for h in range(24)]) - level.mean()
    now = np.array([ours[:, clock // 60 == h].mean() for h in range(24)]) - ours.mean()
    lags = np.unique(np.geomspace(1, 480, 30).astype(int))
    rest = level - level.mean() - then[minute // 60]
    moved = ours - ours.mean() - now[clock // 60]
    real = np.array([autocorrelation(rest, int(lag)) for lag in lags])
    simulated = np.array(
        [(moved[:, :-lag] * moved[:, lag:]).mean() / moved.var() for lag in lags.tolist()]
    )
    return [
        _pair("Noise by hour, dB(A) over the mean", "hour", _HOURS, then, now, 4),
        _pair(
            "Noise, correlation with itself",
            "minutes later",
            lags.astype(float),
            real,
            simulated,
            60,
        ),
    ]


def _traffic() -> list[Panel]:
    """Drive a Tuesday of the default city."""
    city = load_city(None, SeededStreams(SEED))
    traffic = Traffic(city.basemap.roads, city.zones, SeededStreams(SEED), TrafficConfig())
    start, step = _midnight("2026-05-12"), round(traffic.step_s * SECOND)
    rows = []
    for number in range(1, 24 * HOUR // step + 1):
        traffic.step(Ns(start + number * step))
        if number % _TRAFFIC_EVERY == 0:
            rows.append((traffic.index, traffic.mean_speed_mps * 3.6))
    index, speed_kmh = np.array(rows).reshape(24, -1, 2).mean(axis=1).T
    peak = np.full(24, PUBLISHED_PEAK_INDEX)
    return [
        Panel(
            title="Traffic index of a Tuesday",
            x_label="hour",
            x_step=4,
            curves=(
                Curve(name="published mean of the peaks", x=_HOURS, y=peak, style="real"),
                Curve(name="simulated", x=_HOURS, y=index, style="ours"),
            ),
        ),
        Panel(
            title="Mean speed of a Tuesday, km/h",
            x_label="hour",
            x_step=4,
            curves=(Curve(name="simulated", x=_HOURS, y=speed_kmh, style="ours"),),
        ),
    ]


def _pair(title: str, x_label: str, x: F64, real: F64, ours: F64, x_step: float) -> Panel:
    curves = (
        Curve(name="real", x=x, y=real, style="real"),
        Curve(name="simulated", x=x, y=ours, style="ours"),
    )
    return Panel(title=title, x_label=x_label, curves=curves, x_step=x_step)


def _month(when: Hours) -> I64:
    return when.date_key // 100 - 1


def _by_hour(rows: F64, when: Hours) -> F64:
    return np.array([np.nanmean(rows[:, when.hour == h]) for h in range(24)])


def _by_month(rows: F64, when: Hours) -> F64:
    return np.array([np.nanmean(rows[:, _month(when) == m]) for m in range(12)])


def _midnight(date: str) -> int:
    return (int(np.datetime64(f"{date}T00", "h").astype(np.int64)) - 8) * HOUR


def main(arguments: list[str] | None = None) -> int:
    """Write the plots and name them."""
    parser = argparse.ArgumentParser(prog="python -m scenarios.plots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("signals", type=Path, help="the folder of real series")
    options = parser.parse_args(arguments)
    try:
        files = write_all(options.folder, options.signals)
    except ChengmaiError as error:
        print(error, file=sys.stderr)
        return 2
    for file in files:
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
