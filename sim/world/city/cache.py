"""Built cities kept in the user's cache folder, so that a metropolis is built once.

A file is trusted when it was written by this program for just this city: its name and head
hold a key of the source, the scale, the seed and everything that built it, and its content
must have the digest that the head gives. Any other file is ignored and built again. Content is
unpickled with nothing allowed but our own records and NumPy's arrays, and only from a file
that nobody else could write.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import pickle
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from sim.kernel.clock import monotonic_s
from sim.world.city.model import City

FORMAT = 1
"""Raise it when files are written in another form."""
MIN_BUILD_S = 2.0
"""A city that is built faster than this is not worth a file. Assumed."""
MAX_FILES = 8
"""Files kept; beyond that the one unused longest goes. Assumed: 300 MB at most."""

_MAGIC = b"chengmai-city"
_BUILDERS = ("sim/world/city", "sim/kernel")
_LIBRARIES = ("numpy", "scipy", "shapely", "osmium")
_NUMPY = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}


class CityCache:
    """Keeps built cities in one folder.

    Parameters
    ----------
    folder
        Made when the first city is kept.
    min_build_s
        Cities built in less time than this [s] are not kept.
    """

    def __init__(self, folder: Path, *, min_build_s: float = MIN_BUILD_S) -> None:
        self.folder = folder
        self.min_build_s = min_build_s

    @staticmethod
    def of_user(environment: Mapping[str, str]) -> CityCache:
        """Return the user's cache: ``CHENGMAI_CACHE``, or where the platform keeps caches."""
        return CityCache(user_folder(environment), min_build_s=MIN_BUILD_S)

    def get(self, about: Mapping[str, object], build: Callable[[], City]) -> City:
        """Return the city of these particulars, kept or built; keep it when it took long.

        Parameters
        ----------
        about
            Plain values that tell the city from every other: source, scale, seed.
        """
        key = make_key(about)
        path = self.folder / f"{key}.city"
        found = _read(path, key)
        if found is not None:
            with contextlib.suppress(OSError):
                path.touch()
            return found
        began_s = monotonic_s()
        city = build()
        if monotonic_s() - began_s >= self.min_build_s:
            # Not to be able to keep it is no reason to go without it.
            with contextlib.suppress(OSError):
                _write(path, key, city)
                _prune(self.folder)
        return city


def user_folder(environment: Mapping[str, str]) -> Path:
    """Return where this user's built cities are kept."""
    if environment.get("CHENGMAI_CACHE"):
        return Path(environment["CHENGMAI_CACHE"])
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData/Local") / "chengmai" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/chengmai"
    xdg = environment.get("XDG_CACHE_HOME", "")
    # The specification has relative paths ignored.
    return (Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache") / "chengmai"


def make_key(about: Mapping[str, object]) -> str:
    """Return the name of a city's file: a digest of what it is and of all that builds it."""
    whole = {"about": dict(about), "format": FORMAT, "builders": _builders()}
    text = json.dumps(whole, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return a digest of a source file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


@lru_cache(maxsize=1)
def _builders() -> list[str]:
    """Return versions of the program and its libraries, and a digest of what builds a city."""
    root = Path(__file__).parents[3]
    digest = hashlib.blake2b(digest_size=16)
    for folder in _BUILDERS:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    versions = [f"{name} {_version(name)}" for name in ("chengmai", *_LIBRARIES)]
    return [digest.hexdigest(), platform.python_version(), platform.machine(), *versions]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        # Run from its sources without being installed; their digest tells enough.
        return "unknown"


def _read(path: Path, key: str) -> City | None:
    """Return the city of a file, or None for one that is missing, wrong or not ours."""
    try:
        if not (_is_ours(path.parent) and _is_ours(path)):
            return None
        head, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if head != _head(key, content):
        return None
    try:
        found = _Records(io.BytesIO(content)).load()
    # A pickle of another make may raise anything at all.
    except Exception:
        return None
    return found if isinstance(found, City) else None


def _is_ours(path: Path) -> bool:
    """Return whether this user owns it and nobody else may write it."""
    if sys.platform == "win32":
        return path.exists()
    state = path.stat()
    return state.st_uid == os.getuid() and not state.st_mode & 0o022


def _write(path: Path, key: str, city: City) -> None:
    """Write a city; whoever reads at the same time sees the old file or the whole new one."""
    content = pickle.dumps(city, protocol=5)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_head(key, content) + b"\n" + content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _head(key: str, content: bytes) -> bytes:
    digest = hashlib.blake2b(content, digest_size=32).hexdigest()
    return b" ".join([_MAGIC, str(FORMAT).encode(), key.encode(), digest.encode()])


def _prune(folder: Path) -> None:
    kept = sorted(folder.glob("*.city"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[MAX_FILES:]:
        path.unlink(missing_ok=True)


class _Records(pickle.Unpickler):
    """Reads our own frozen records and NumPy's arrays, and nothing that could act."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, if it may."""
        if (module, name) in _NUMPY:
            return getattr(import_module(module), name)
        if module.startswith("sim."):
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
