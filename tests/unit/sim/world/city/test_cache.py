"""Built cities are kept, and a file that is not just the city asked for is never trusted."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.kernel.basemap import to_document
from sim.kernel.rng import SeededStreams
from sim.world.city import cache as caching
from sim.world.city.beijing.city import beijing_draft
from sim.world.city.cache import CityCache, make_key, user_folder
from sim.world.city.complete import complete
from sim.world.city.load import load_city
from sim.world.city.model import City

ABOUT = {"source": "beijing", "scale": 0.002, "seed": 1}


@pytest.fixture(scope="module")
def city() -> City:
    return complete(beijing_draft(SeededStreams(1), 0.002), SeededStreams(1))


class Builder:
    """Counts how often it was asked."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.calls = 0

    def __call__(self) -> City:
        self.calls += 1
        return self.city


@pytest.fixture
def keep(tmp_path: Path) -> CityCache:
    return CityCache(tmp_path / "cities", min_build_s=0.0)


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same all the way down."""
    if type(one) is not type(other):
        return False
    if is_dataclass(one):
        return all(alike(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return bool(one == other)


def test_a_city_kept_is_the_city_built(keep: CityCache, city: City) -> None:
    build = Builder(city)
    assert keep.get(ABOUT, build) is city
    again = keep.get(ABOUT, build)
    assert build.calls == 1
    assert again is not city
    assert alike(again, city)
    assert not alike(again, replace(city, assumed=()))


def test_a_city_built_in_no_time_is_not_kept(tmp_path: Path, city: City) -> None:
    keep = CityCache(tmp_path, min_build_s=1_000.0)
    build = Builder(city)
    keep.get(ABOUT, build)
    keep.get(ABOUT, build)
    assert build.calls == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change", [{"seed": 2}, {"scale": 0.003}, {"source": "other"}, {"content": "x"}]
)
def test_another_city_has_another_file(
    keep: CityCache, city: City, change: dict[str, object]
) -> None:
    build = Builder(city)
    keep.get(ABOUT, build)
    keep.get({**ABOUT, **change}, build)
    assert build.calls == 2


def test_a_city_of_an_older_program_is_built_again(
    keep: CityCache, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Builder(city)
    keep.get(ABOUT, build)
    monkeypatch.setattr(caching, "FORMAT", caching.FORMAT + 1)
    keep.get(ABOUT, build)
    assert build.calls == 2


def _path(keep: CityCache) -> Path:
    return keep.folder / f"{make_key(ABOUT)}.city"


def _signed(content: bytes) -> bytes:
    """Write content as somebody would who knows our form."""
    digest = hashlib.blake2b(content, digest_size=32).hexdigest()
    return f"chengmai-city {caching.FORMAT} {make_key(ABOUT)} {digest}\n".encode() + content


class Trap:
    """Runs something when it is unpickled by a reader that allows it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("false",)


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]),
        lambda whole: whole.replace(make_key(ABOUT).encode(), b"0" * 32),
        lambda whole: b"\x00" + whole,
        lambda whole: _signed(b"no pickle"),
        lambda whole: _signed(pickle.dumps({"not": "a city"})),
        lambda whole: _signed(pickle.dumps(Trap())),
        lambda whole: _signed(pickle.dumps(SeededStreams(1))),
    ],
)
def test_a_wrong_file_is_ignored_and_written_anew(
    keep: CityCache, city: City, damage: object
) -> None:
    build = Builder(city)
    keep.get(ABOUT, build)
    path = _path(keep)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))  # type: ignore[operator]
    assert keep.get(ABOUT, build) is city
    assert build.calls == 2
    assert path.read_bytes() == whole


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
@pytest.mark.parametrize("whose", ["file", "folder"])
def test_a_file_that_others_may_write_is_not_read(keep: CityCache, city: City, whose: str) -> None:
    build = Builder(city)
    keep.get(ABOUT, build)
    (_path(keep) if whose == "file" else keep.folder).chmod(0o777)
    keep.get(ABOUT, build)
    assert build.calls == 2


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path: Path, city: City) -> None:
    (tmp_path / "file").write_text("")
    build = Builder(city)
    assert CityCache(tmp_path / "file" / "below", min_build_s=0.0).get(ABOUT, build) is city


def test_only_so_many_cities_are_kept(
    keep: CityCache, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "MAX_FILES", 2)
    build = Builder(city)
    for seed in range(4):
        keep.get({**ABOUT, "seed": seed}, build)
        for age, path in enumerate(sorted(keep.folder.iterdir(), key=os.path.getmtime)):
            os.utime(path, (age, age))
    assert len(list(keep.folder.iterdir())) == 2
    keep.get({**ABOUT, "seed": 3}, build)
    assert build.calls == 4


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"CHENGMAI_CACHE": "/a/b"}, Path("/a/b")),
        ("linux", {"XDG_CACHE_HOME": "/x"}, Path("/x/chengmai")),
        ("linux", {"XDG_CACHE_HOME": "x"}, Path.home() / ".cache/chengmai"),
        ("linux", {}, Path.home() / ".cache/chengmai"),
        ("darwin", {}, Path.home() / "Library/Caches/chengmai"),
        ("win32", {"LOCALAPPDATA": "/l"}, Path("/l/chengmai/Cache")),
    ],
)
def test_the_folder_is_the_platforms(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: Path
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert user_folder(environment) == expected


def test_a_loaded_city_is_kept_by_what_it_is(keep: CityCache) -> None:
    first = load_city("beijing", SeededStreams(1), scale=0.002, cache=keep)
    again = load_city("beijing", SeededStreams(1), scale=0.002, cache=keep)
    assert len(list(keep.folder.iterdir())) == 1
    assert to_document(first.basemap) == to_document(again.basemap)
    load_city("beijing", SeededStreams(2), scale=0.002, cache=keep)
    assert len(list(keep.folder.iterdir())) == 2


def test_a_file_is_known_by_its_content(keep: CityCache, osm_file: object) -> None:
    path: Path = osm_file()  # type: ignore[operator]
    load_city(str(path), SeededStreams(1), cache=keep)
    moved = path.rename(path.parent / "sub.osm")
    moved = moved.rename(path)
    load_city(str(moved), SeededStreams(1), cache=keep)
    assert len(list(keep.folder.iterdir())) == 1
    path.write_text(path.read_text().replace("C0", "C9"))
    changed = load_city(str(path), SeededStreams(1), cache=keep)
    assert "C9" in changed.basemap.roads.names
