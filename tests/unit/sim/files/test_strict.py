from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field

from sim.files.quantities import quantity
from sim.files.strict import Document, Part, nearest
from sim.kernel.errors import InputError


class Cat(Part):
    type: Literal["cat"]
    lives: int = 9


class Dog(Part):
    type: Literal["dog"]
    speed: Annotated[float, quantity("m/s")] = 0.0


class House(Part):
    name: str
    animals: dict[str, Annotated[Cat | Dog, Field(discriminator="type")]] = Field(
        default_factory=dict
    )
    rooms: tuple[str, ...] = ()


def read(text: str) -> House:
    return Document(text, "house.yaml", example="name").read(House)


def test_sound_file_is_read():
    house = read("name: h\nanimals:\n  rex:\n    type: dog\n    speed: 36 km/h\n")
    assert house.animals["rex"].speed == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("name: h\nrooms: [a]\nanimal: {}\n", 3, "animal: was 'animal', expected 'animals'"),
        ("name: h\nanimals:\n  rex:\n    type: dog\n    sped: 1 m/s\n", 5, "expected 'speed'"),
        ("name: h\nanimals:\n  rex:\n    type: dogg\n", 3, "animals.rex: was 'dogg', expected"),
        ("name: h\nanimals:\n  tom:\n    type: cat\n    lives: many\n", 5, "animals.tom.lives"),
        ("name: h\nanimals:\n  rex:\n    type: dog\n    speed: 3\n", 5, "a number with a unit"),
        ("rooms: []\n", 1, "name: expected a value: this key must be there"),
        ("name: h\nname: k\n", 2, "name: expected one only"),
        ("name: h\nrooms:\n  - a\n  - [b]\n", 4, "rooms.1"),
        ("name: [h\n", 2, "YAML"),
    ],
)
def test_mistake_is_told_with_file_line_and_what_was_expected(text, line, says):
    with pytest.raises(InputError) as told:
        read(text)
    assert str(told.value).startswith(f"house.yaml: line {line}")
    assert says in str(told.value)


def test_text_that_is_no_mapping_is_refused():
    with pytest.raises(
        InputError, match=r"house\.yaml: was 'list', expected a mapping with 'name'"
    ):
        read("- name\n")


def test_place_of_a_part_the_file_has_not_is_that_of_the_part_around_it():
    document = Document("name: h\nanimals:\n  rex:\n    type: dog\n", "house.yaml", example="name")
    assert document.place("animals", "rex", "speed") == "line 3, animals.rex.speed"


def test_nearest_spelling_comes_first():
    assert nearest("dpeth", ["rain", "depth"]) == "'depth' (one of rain, depth)"
    assert nearest("zzz", ["rain", "depth"]) == "one of rain, depth"
