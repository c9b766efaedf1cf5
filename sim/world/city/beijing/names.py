"""Names of the streets of the grid, by line."""

from __future__ import annotations

from sim.world.city.place_names import place_name

CHANGAN, AXIS = "Chang'an Avenue 长安街", "Central Axis Avenue 中轴大街"


def line_name(line: int, road_class: str, *, north_south: bool) -> str:
    """Return the name of a line of the grid: avenues, roads, streets and lanes by rank."""
    if line == 0:
        return AXIS if north_south else CHANGAN
    latin, chinese = place_name(2 * line + north_south)
    suffixes = {
        "primary": ("Avenue", "大街"),
        "secondary": ("Road", "路"),
        "tertiary": ("Street", "街"),
    }
    along = ("North Lane", "北巷") if north_south else ("East Lane", "东巷")
    suffix = suffixes.get(road_class, along)
    return f"{latin} {suffix[0]} {chinese}{suffix[1]}"
