"""The links between domains by name: what each joins, and which hold in a run."""

from __future__ import annotations

from collections.abc import Iterable

from sim.kernel.errors import InputError

LINKS: dict[str, str] = {
    "power_pumps": "Pumps of underpasses stand still without power.",
    "power_signals": "Signals go dark without power; junctions work as all-way stops.",
    "power_telecom": "Base stations live on their batteries without power, then fall silent, and "
    "the sensors behind them with them.",
    "power_water": "Pumping stations of the water supply stop without power.",
    "power_heat": "Pumps of heating plants stop without power.",
    "power_lifts": "Lifts stop between floors when power fails.",
    "power_hospitals": "Hospitals fall back on their generators and treat fewer.",
    "power_metro": "No train comes to stations without power; platforms fill.",
    "power_farms": "Heaters and curtains of greenhouses stand still without power.",
    "power_factories": "Machines stand still without power.",
    "burst_streets": "Water from a burst main runs over the street and into the sewers.",
    "burst_roads": "Water under a road washes out its bed until it falls in.",
    "pressure_fires": "Hydrants give little water where the mains have no pressure.",
    "rain_streets": "Sewers that are full give rain back to the streets, where traffic wades.",
    "rain_traffic": "Rain and fog slow traffic down.",
    "rain_crashes": "Wet roads bring more crashes.",
    "wind_power": "Rain and gusts trip feeders more often.",
    "crash_roads": "A crash over all lanes holds up responders too.",
    "heat_power": "Heat and cold load the feeders.",
    "heat_health": "Heat sends more people to emergency rooms.",
    "cold_mains": "Hard frost breaks more water mains.",
    "quake_power": "Shaking trips feeders.",
    "quake_water": "Shaking breaks water mains.",
    "quake_gas": "Shaking opens gas mains.",
    "quake_fires": "Shaking starts fires.",
    "quake_lifts": "Shaking stops lifts between floors.",
    "quake_telecom": "Shaking breaks base stations.",
    "quake_tanks": "Shaking opens factories' tanks, and toxic gas comes out.",
    "quake_alert": "Early warning shuts gas off before it shakes, where it comes in time.",
    "gas_fires": "A gas explosion sets the nearest homes on fire.",
    "machine_fires": "A machine that breaks may set its factory on fire.",
    "machine_gas": "A machine that breaks may let toxic gas out.",
    "crowd_traffic": "A crowd that goes home takes to the roads.",
    "outbreak_hospitals": "The gravely ill fill hospitals.",
    "bridge_roads": "A bridge that falls carries no road any more.",
}
"""Name of each link, and what it joins."""


class Links:
    """Which links hold.

    Parameters
    ----------
    off
        Names of links that are cut.

    Raises
    ------
    InputError
        When there is no such link.
    """

    def __init__(self, off: Iterable[str] = ()) -> None:
        self._off = frozenset(off)
        for name in sorted(self._off):
            if name not in LINKS:
                raise InputError("cascades.off", value=name, expected=f"one of {', '.join(LINKS)}")

    def hold(self, name: str) -> bool:
        """Return whether a link holds."""
        assert name in LINKS, f"no link is called {name}"
        return name not in self._off
