"""What is published about Beijing, as far as the synthetic city is built on it.

Population: census of 2020. Area and centroid: computed from the boundary polygons of Apache
ECharts 4.9.0, ``map/json/province/beijing.json``; they sum to 16,377 km2, official are 16,411.
No boundary is kept. Codes: GB/T 2260. Positions are those of Chinese web maps, off by 0.5 km.
"""

from __future__ import annotations

from dataclasses import dataclass

NAME = "Beijing 北京"
CENTRE = (116.397, 39.908)
"""Middle of the rings [degrees], and of the city's map."""

STREETS = 343
"""Streets and towns that answer citizens' calls (接诉即办, Beijing Daily)."""
COMMUNITIES = 7_000
"""Communities and villages. Assumed: about 3,000 people each, as reported of the 7,000-odd
residents' and villagers' committees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictFacts:
    """One district as published.

    Attributes
    ----------
    district_id
        Topic level.
    population
        Residents, census of 2020.
    centroid
        Longitude and latitude [degrees].
    seat
        Where its people gather; None in the six districts that the city fills.
    streets, subdistricts
        Streets and towns together, and the streets (街道) among them. General knowledge, not
        re-read; they sum to the published 343.
    """

    district_id: str
    name: str
    code: str
    population: int
    area_km2: float
    centroid: tuple[float, float]
    seat: tuple[float, float] | None
    streets: int
    subdistricts: int


def _row(
    name: str,
    code: str,
    population: int,
    area_km2: float,
    centroid: tuple[float, float],
    seat: tuple[float, float] | None,
    streets: int,
    subdistricts: int,
) -> DistrictFacts:
    return DistrictFacts(
        district_id=name.split()[0].lower(),
        name=name,
        code=code,
        population=population,
        area_km2=area_km2,
        centroid=centroid,
        seat=seat,
        streets=streets,
        subdistricts=subdistricts,
    )


# The seats of Tongzhou, Shunyi, Daxing and Pinggu are general knowledge, to about 1 km.
DISTRICTS = (
    _row("Dongcheng 东城", "110101", 708_829, 42, (116.417, 39.913), None, 17, 17),
    _row("Xicheng 西城", "110102", 1_106_214, 50, (116.366, 39.913), None, 15, 15),
    _row("Chaoyang 朝阳", "110105", 3_452_460, 463, (116.516, 39.954), None, 43, 24),
    _row("Fengtai 丰台", "110106", 2_019_764, 304, (116.251, 39.836), None, 26, 24),
    _row("Shijingshan 石景山", "110107", 567_851, 84, (116.177, 39.934), None, 9, 9),
    _row("Haidian 海淀", "110108", 3_133_469, 430, (116.234, 40.027), None, 29, 22),
    _row("Mentougou 门头沟", "110109", 392_606, 1_445, (115.792, 39.994), (116.105, 39.937), 13, 4),
    _row("Fangshan 房山", "110111", 1_312_778, 1_994, (115.855, 39.720), (116.139, 39.736), 28, 8),
    _row("Tongzhou 通州", "110112", 1_840_295, 904, (116.734, 39.804), (116.656, 39.909), 22, 11),
    _row("Shunyi 顺义", "110113", 1_324_044, 1_007, (116.724, 40.151), (116.655, 40.130), 25, 6),
    _row("Changping 昌平", "110114", 2_269_487, 1_340, (116.211, 40.216), (116.236, 40.218), 22, 8),
    _row("Daxing 大兴", "110115", 1_993_591, 1_032, (116.419, 39.648), (116.341, 39.727), 22, 8),
    _row("Huairou 怀柔", "110116", 441_040, 2_119, (116.587, 40.630), (116.637, 40.324), 16, 2),
    _row("Pinggu 平谷", "110117", 457_313, 947, (117.146, 40.209), (117.121, 40.141), 18, 2),
    _row("Miyun 密云", "110118", 527_683, 2_224, (116.995, 40.527), (116.843, 40.377), 20, 2),
    _row("Yanqing 延庆", "110119", 345_671, 1_992, (116.164, 40.540), (115.985, 40.465), 18, 3),
)

# fmt: off
OUTLINE = (
    (116.40, 39.45), (116.60, 39.60), (116.80, 39.62), (116.93, 39.70), (116.90, 39.85),
    (116.97, 40.05), (117.20, 40.08), (117.38, 40.18), (117.34, 40.30), (117.28, 40.50),
    (117.50, 40.64), (117.20, 40.70), (116.95, 40.70), (116.85, 40.85), (116.68, 41.04),
    (116.45, 40.98), (116.30, 40.77), (116.10, 40.64), (115.90, 40.61), (115.77, 40.56),
    (115.77, 40.42), (115.92, 40.30), (115.75, 40.16), (115.50, 40.07), (115.43, 39.95),
    (115.55, 39.80), (115.50, 39.65), (115.70, 39.52), (115.95, 39.56), (116.20, 39.56),
    (116.28, 39.48),
)
# fmt: on
"""The city's shape, drawn by hand to 5 km and then fitted to the districts' areas and
centroids. Assumed: the published figures tell no shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A ring road: name, length of its course, road class, lanes of one direction."""

    name: str
    length_km: float
    road_class: str
    lanes: int


RINGS = (
    Ring(name="2nd Ring Road 二环路", length_km=32.7, road_class="trunk", lanes=3),
    Ring(name="3rd Ring Road 三环路", length_km=48.3, road_class="trunk", lanes=3),
    Ring(name="4th Ring Road 四环路", length_km=65.3, road_class="trunk", lanes=4),
    Ring(name="5th Ring Road 五环路", length_km=98.6, road_class="motorway", lanes=3),
    Ring(name="6th Ring Road 六环路", length_km=187.6, road_class="motorway", lanes=2),
)
"""Lengths as published; classes by the design speeds of 80 and 100 km/h. Lanes: general
knowledge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Radial:
    """A road out of the city.

    Attributes
    ----------
    ring
        Ring where it begins (2 to 6); 0 where its first point is its beginning.
    course
        Points along it [degrees], outward; the first lies within the ring it begins at.
    """

    name: str
    ring: int
    course: tuple[tuple[float, float], ...]
    road_class: str = "motorway"
    lanes: int = 3


# fmt: off
RADIALS = (
    Radial(name="Jingzang Expressway 京藏高速", ring=2, course=(
        (116.385, 39.93), (116.37, 39.99), (116.29, 40.10), (116.25, 40.20), (116.12, 40.30),
        (116.01, 40.42), (115.93, 40.47), (115.70, 40.50))),
    Radial(name="Jingxin Expressway 京新高速", ring=4, lanes=2, course=(
        (116.34, 39.96), (116.29, 40.03), (116.22, 40.12), (116.17, 40.22))),
    Radial(name="Jingcheng Expressway 京承高速", ring=3, course=(
        (116.41, 39.93), (116.44, 39.98), (116.50, 40.08), (116.60, 40.22), (116.68, 40.31),
        (116.82, 40.355), (117.00, 40.50), (117.20, 40.62), (117.40, 40.68))),
    Radial(name="Airport Expressway 机场高速", ring=3, course=(
        (116.42, 39.925), (116.47, 39.97), (116.53, 40.02), (116.585, 40.07))),
    Radial(name="Jingping Expressway 京平高速", ring=5, lanes=2, course=(
        (116.45, 39.97), (116.58, 40.035), (116.75, 40.07), (116.92, 40.11), (117.09, 40.13),
        (117.40, 40.14))),
    Radial(name="Jingtong Expressway 京通快速路", ring=2, road_class="trunk", course=(
        (116.41, 39.908), (116.52, 39.910), (116.64, 39.902))),
    Radial(name="Jingha Expressway 京哈高速", ring=4, course=(
        (116.43, 39.89), (116.55, 39.875), (116.70, 39.865), (117.00, 39.80))),
    Radial(name="Jinghu Expressway 京沪高速", ring=4, course=(
        (116.42, 39.88), (116.53, 39.82), (116.63, 39.74), (116.75, 39.66), (116.90, 39.55))),
    Radial(name="Daxing Airport Expressway 大兴机场高速", ring=4, course=(
        (116.40, 39.88), (116.41, 39.78), (116.42, 39.65), (116.41, 39.53))),
    Radial(name="Jingkai Expressway 京开高速", ring=2, course=(
        (116.38, 39.89), (116.365, 39.84), (116.35, 39.75), (116.32, 39.62), (116.30, 39.40))),
    Radial(name="Jinggang'ao Expressway 京港澳高速", ring=3, course=(
        (116.37, 39.89), (116.30, 39.86), (116.21, 39.81), (116.13, 39.70), (116.02, 39.62),
        (115.95, 39.45))),
    Radial(name="Jingkun Expressway 京昆高速", ring=6, lanes=2, course=(
        (116.26, 39.80), (116.10, 39.75), (115.90, 39.70), (115.70, 39.60), (115.60, 39.45))),
    Radial(name="Fushi Road 阜石路", ring=3, road_class="trunk", course=(
        (116.36, 39.922), (116.25, 39.93), (116.12, 39.932))),
    Radial(name="National Road 109 国道109", ring=0, road_class="primary", lanes=1, course=(
        (116.12, 39.932), (116.00, 39.98), (115.85, 39.98), (115.65, 39.99), (115.30, 39.95))),
    Radial(name="National Road 111 国道111", ring=0, road_class="primary", lanes=1, course=(
        (116.68, 40.31), (116.62, 40.40), (116.61, 40.60), (116.58, 40.80), (116.66, 41.10))),
)

RAILWAYS = (
    ("Jingguang Railway 京广铁路", (
        (116.375, 39.862), (116.29, 39.845), (116.17, 39.755), (115.99, 39.63), (115.90, 39.45))),
    ("Jinghu Railway 京沪铁路", (
        (116.375, 39.858), (116.43, 39.80), (116.60, 39.655), (116.80, 39.50))),
    ("Jingha Railway 京哈铁路", (
        (116.427, 39.896), (116.56, 39.886), (116.68, 39.893), (117.00, 39.86))),
    ("Jingbao Railway 京包铁路", (
        (116.347, 39.945), (116.325, 40.03), (116.26, 40.17), (116.05, 40.34), (115.70, 40.44))),
    ("Jingcheng Railway 京承铁路", (
        (116.437, 39.900), (116.51, 39.955), (116.64, 40.17), (116.87, 40.33), (117.20, 40.66))),
)
# fmt: on
"""Names are the real roads' and railways'; courses follow them to about 3 km, by way of the
seats they serve. Assumed: no survey's lines are kept."""
