"""Load a city from a file of any known kind, or make the default one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.kernel.errors import InputError
from sim.kernel.rng import Streams
from sim.world.city.complete import complete
from sim.world.city.draft import Draft
from sim.world.city.geojson import read_geojson
from sim.world.city.model import City
from sim.world.city.osm import read_osm
from sim.world.city.sumo import read_sumo
from sim.world.city.synthetic import synthetic_city

READERS: dict[str, Callable[[Path], Draft]] = {
    ".osm.pbf": read_osm,
    ".pbf": read_osm,
    ".osm": read_osm,
    ".osm.gz": read_osm,
    ".osm.bz2": read_osm,
    ".net.xml": read_sumo,
    ".net.xml.gz": read_sumo,
    ".geojson": read_geojson,
    ".json": read_geojson,
}
"""Reader by the ending of the file's name."""


def load_city(source: str | None, streams: Streams) -> City:
    """Return the city of a file, with what the file lacks made up; the default for None.

    Parameters
    ----------
    source
        Path of a file whose name ends as one of `READERS`.
    streams
        Draws for what is made up.

    Raises
    ------
    InputError
        When there is no such file, its ending is not known, or it cannot be read.
    """
    if source is None:
        return synthetic_city(streams)
    path = Path(source)
    lower = path.name.lower()
    reader = next((read for ending, read in READERS.items() if lower.endswith(ending)), None)
    if not path.exists():
        raise InputError("city file", value=source, expected="a file that exists")
    if path.is_dir():
        raise InputError("city file", value=source, expected="a file, not a directory")
    if reader is None:
        raise InputError(
            "city file", value=path.name, expected=f"a name ending in {', '.join(READERS)}"
        )
    if path.stat().st_size == 0:
        raise InputError(path.name, value="0 bytes", expected="a file that is not empty")
    return complete(reader(path), streams)
