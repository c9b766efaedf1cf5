"""``python -m sim.world.background.fit SIGNALS``: writes ``fitted.json`` beside the package."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from sim.kernel.errors import ChengmaiError
from sim.world.background.calendar import hours
from sim.world.background.fit.people import fit_clinics, fit_fires, fit_footfall, fit_noise
from sim.world.background.fit.signals import read_air
from sim.world.background.fit.skies import REFERENCE, fit_skies
from sim.world.background.fit.statistics import air_statistics, weather_statistics

SOURCES = {
    "skies": "UCI 501, Beijing Multi-Site Air-Quality, six stations, 2013-03 to 2017-02, CC BY 4.0",
    "noise": "valerianF/noisemonitor, LAeq of a minute, 11.4 days, Apache 2.0",
    "footfall": "Heart of the City Auckland, hourly counts, 2023 to 2025, CC BY 4.0",
    "clinics": "TomMonks/forecast-tools, emergency arrivals 2017; RKI SurvStat, salmonella; MIT",
    "fires": "London Fire Brigade, 3,380 dwelling fires, January to June 2009, OGL v3",
}


def fit_all(signals: Path) -> dict[str, Any]:
    """Return every fitted figure, from the folder of real series."""
    air = read_air(signals)
    return {
        "sources": SOURCES,
        "measured": {
            "air": air_statistics(air.air, hours(air.first, air.air.shape[2])),
            "weather": weather_statistics(air.weather[:, REFERENCE]),
        },
        "skies": fit_skies(air),
        "noise": fit_noise(signals),
        "footfall": fit_footfall(signals),
        "clinics": fit_clinics(signals),
        "fires_by_hour": fit_fires(signals),
    }


def as_text(document: Any, depth: int = 0) -> str:
    """Return JSON with one row of numbers a line, so that a change can be read as a diff."""
    if isinstance(document, dict):
        rows = [
            f"{json.dumps(key)}: {as_text(value, depth + 1)}" for key, value in document.items()
        ]
        return _block("{", rows, "}", depth)
    if isinstance(document, list) and any(isinstance(item, (list, dict)) for item in document):
        return _block("[", [as_text(item, depth + 1) for item in document], "]", depth)
    return json.dumps(document)


def _block(opening: str, rows: list[str], closing: str, depth: int) -> str:
    indent = " " * (depth + 1)
    return f"{opening}\n{indent}" + f",\n{indent}".join(rows) + f"\n{' ' * depth}{closing}"


def main(arguments: list[str] | None = None) -> int:
    """Fit, write, and say where."""
    parser = argparse.ArgumentParser(prog="python -m sim.world.background.fit", description=__doc__)
    parser.add_argument("signals", type=Path, help="the folder of real series, shared/data/signals")
    options = parser.parse_args(arguments)
    try:
        document = fit_all(options.signals)
    except ChengmaiError as error:
        print(error, file=sys.stderr)
        return 2
    target = Path(str(files("sim.world.background").joinpath("fitted.json")))
    target.write_text(as_text(document) + "\n", encoding="utf-8")
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
