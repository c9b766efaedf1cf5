"""Load a city: one of our own by name, or from a file of any known kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams, Streams
from sim.world.city.beijing.city import beijing_draft
from sim.world.city.beijing.plan import DEFAULT_SCALE
from sim.world.city.cache import CityCache, digest_of_file
from sim.world.city.complete import complete
from sim.world.city.draft import Draft
from sim.world.city.geojson import read_geojson
from sim.world.city.model import City
from sim.world.city.osm import read_osm
from sim.world.city.sumo import read_sumo

BEIJING = "beijing"
NAMES = (BEIJING,)
"""Cities of our own: a synthetic Beijing."""
DEFAULT = BEIJING

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


def load_city(
    source: str | None,
    streams: Streams,
    *,
    scale: float | None = None,
    cache: CityCache | None = None,
) -> City:
    """Return a city of ours or of a file, with what the file lacks made up.

    Parameters
    ----------
    source
        One of `NAMES`, or the path of a file whose name ends as one of `READERS`; None for
        `DEFAULT`.
    streams
        Draws for what is made up.
    scale
        Of the synthetic Beijing, from `beijing.plan.MIN_SCALE` to 1; None for its default.
    cache
        Where cities that took long are kept; nothing is kept without one, nor for streams
        that tell no seed.

    Raises
    ------
    InputError
        When the name or file is unknown or cannot be read, or the scale does not fit.
    """
    name = DEFAULT if source is None else source
    if name != BEIJING and scale is not None:
        raise InputError("scale", value=scale, expected=f"none: only {BEIJING} has a scale")
    build: Callable[[], City]
    about: dict[str, object] = {"source": name}
    if name == BEIJING:
        about["scale"] = wanted = DEFAULT_SCALE if scale is None else scale
        build = partial(_complete, partial(beijing_draft, streams, wanted), streams)
    else:
        path = _find(name)
        # The same city wherever the file lies.
        about = {"source": path.name, "content": digest_of_file(path) if cache else ""}
        build = partial(_complete, partial(read_file, name), streams)
    if cache is None or not isinstance(streams, SeededStreams):
        return build()
    return cache.get({**about, "seed": streams.seed}, build)


def _complete(read: Callable[[], Draft], streams: Streams) -> City:
    return complete(read(), streams)


def read_file(source: str) -> Draft:
    """Return what a file tells of a city, nothing made up yet.

    Raises
    ------
    InputError
        When there is no such file, its ending is not known, or it cannot be read.
    """
    path = _find(source)
    reader = _reader(path)
    assert reader is not None
    return reader(path)


def _reader(path: Path) -> Callable[[Path], Draft] | None:
    lower = path.name.lower()
    return next((read for ending, read in READERS.items() if lower.endswith(ending)), None)


def _find(source: str) -> Path:
    """Return the file that a source names, if it is one that we read."""
    path = Path(source)
    endings = ", ".join(READERS)
    if not path.exists():
        if _reader(path) is not None:
            raise InputError("city file", value=source, expected="a file that exists")
        expected = f"{', '.join(NAMES)}, or a file ending in {endings}"
        raise InputError("city", value=source, expected=expected)
    if path.is_dir():
        raise InputError("city file", value=source, expected="a file, not a directory")
    if _reader(path) is None:
        raise InputError("city file", value=path.name, expected=f"a name ending in {endings}")
    if path.stat().st_size == 0:
        raise InputError(path.name, value="0 bytes", expected="a file that is not empty")
    return path
