"""What ``chengmai city build|import|show|check`` do."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from scenarios.city.findings import Finding, examine
from scenarios.city.page import page
from scenarios.city.survey import lines, survey
from scenarios.options import Interrupt
from sim.kernel.basemap import Place, Station, to_document
from sim.kernel.clock import monotonic_s
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.city.cache import CityCache
from sim.world.city.complete import complete
from sim.world.city.load import BEIJING, NAMES, load_city, read_file
from sim.world.city.model import City

Answer = dict[str, Any]
Options = argparse.Namespace

NAMES_SHOWN = 8
"""Names told of one finding; ``--json`` gives them all."""


def build(options: Options, _interrupt: Interrupt) -> Answer:
    """Build a city of our own and tell what it holds, by district."""
    if options.city not in NAMES:
        raise InputError("city", value=options.city, expected=" or ".join(NAMES))
    began_s = monotonic_s()
    city = _load(options, options.city)
    took_s = monotonic_s() - began_s
    answer = {**survey(city), "wall_s": round(took_s, 2), "peak_mb": _peak_mb()}
    _tell(options, lines(answer))
    peak = f", at most {answer['peak_mb']:,} MB of memory" if answer["peak_mb"] else ""
    _tell(options, ["", f"built in {took_s:.1f} s{peak}"])
    return _with_map(options, city, answer)


def import_(options: Options, _interrupt: Interrupt) -> Answer:
    """Build a city from a file; tell what was read and what was assumed."""
    if options.file in NAMES:
        raise InputError("file", value=options.file, expected="a file; `city build` makes that one")
    city = _load(options, options.file)
    sites: list[Place | Station] = [*city.basemap.places, *city.basemap.stations]
    read = Counter(one.kind for one in sites if not one.assumed)
    answer = {
        **survey(city),
        "read": dict(sorted(read.items())),
        "assumed": list(city.assumed),
    }
    _tell(options, lines(answer))
    told = ", ".join(f"{count} {kind}" for kind, count in answer["read"].items())
    _tell(options, ["", f"places and stations in the file: {told or 'none'}"])
    _tell(options, [f"  assumed: {sentence}" for sentence in city.assumed])
    return _with_map(options, city, answer)


def show(options: Options, _interrupt: Interrupt) -> Answer:
    """Write the city's map as one HTML file that loads nothing."""
    city = _load(options, options.city)
    path = Path(options.out)
    _write(path, page(city).encode())
    _tell(options, [f"map  {path}  ({path.stat().st_size / 1e6:.1f} MB)"])
    return {"name": city.basemap.name, "source": city.basemap.source, "map": str(path)}


def check(options: Options, _interrupt: Interrupt) -> Answer:
    """Tell what is missing, out of place or out of reach in a city, by name."""
    dropped: tuple[str, ...] = ()
    if options.city in NAMES:
        city = _load(options, options.city)
    else:
        _refuse_scale(options, options.city)
        draft = read_file(options.city)
        city, dropped = complete(draft, _streams(options)), draft.dropped
    findings = examine(city, dropped)
    for finding in findings:
        _tell(options, [_line(finding)])
    wrong = sum(not finding.is_well for finding in findings)
    _tell(options, [f"{city.basemap.name}: {len(findings)} checks, {wrong} warnings"])
    return {
        "name": city.basemap.name,
        "source": city.basemap.source,
        "warnings": wrong,
        "checks": [
            {"check": f.check, "ok": f.is_well, "text": f.text, "names": list(f.names)}
            for f in findings
        ],
        "assumed": list(city.assumed),
    }


def _line(finding: Finding) -> str:
    if finding.is_well:
        return f"ok       {finding.text}"
    shown = ", ".join(finding.names[:NAMES_SHOWN])
    more = len(finding.names) - NAMES_SHOWN
    return f"warning  {finding.text}: {shown}" + (f" and {more:,} more" if more > 0 else "")


def _load(options: Options, source: str) -> City:
    _refuse_scale(options, source)
    cache = None if options.no_cache else CityCache.of_user(os.environ)
    return load_city(source, _streams(options), scale=options.scale, cache=cache)


def _refuse_scale(options: Options, source: str) -> None:
    if options.scale is not None and source != BEIJING:
        raise InputError("--scale", value=options.scale, expected=f"none: only {BEIJING} has one")


def _streams(options: Options) -> SeededStreams:
    if not 0 <= options.seed < 2**63:
        raise InputError("--seed", value=options.seed, expected="a whole number from 0")
    return SeededStreams(options.seed)


def _with_map(options: Options, city: City, answer: Answer) -> Answer:
    """Write the map's document where one is asked for."""
    if options.out is not None:
        _write(Path(options.out), msgspec.json.encode(to_document(city.basemap)))
        _tell(options, [f"map  {options.out}"])
        answer["map"] = options.out
    return answer


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        expected = f"a file that can be written ({error.strerror})"
        raise InputError("--out", value=str(path), expected=expected) from error


def _peak_mb() -> int | None:
    """Return the most memory this process has held, where the system tells."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3))


def _tell(options: Options, told: list[str]) -> None:
    """Tell a person; on standard error when standard output is for JSON."""
    if not options.json:
        sys.stdout.write("".join(line + "\n" for line in told))
        sys.stdout.flush()
