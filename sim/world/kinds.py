"""Every kind of event that truth may tell of, for lists and pages.

Of a kind whose levels depend on the city or the substance, the one shown stands for all.
"""

from __future__ import annotations

from sim.world.domains.heat import HEAT_FAILURE
from sim.world.domains.hospitals import HOSPITAL_OVERLOAD
from sim.world.domains.injuries import MEDICAL
from sim.world.domains.telecom import TELECOM_OUTAGE
from sim.world.events import HazardKind
from sim.world.hazards.air_episode import AIR_EPISODE
from sim.world.hazards.bridge import BRIDGE_OVERLOAD
from sim.world.hazards.crash import CRASH
from sim.world.hazards.crowd import CROWD, GATHERING
from sim.world.hazards.cyber import CYBER_ATTACK
from sim.world.hazards.fire_orders import FIRE, STEAM
from sim.world.hazards.flood import FLOOD
from sim.world.hazards.fog import FOG, GALE
from sim.world.hazards.frost import FROST
from sim.world.hazards.gas_leak import GAS_EXPLOSION, GAS_LEAK, SEWER_GAS
from sim.world.hazards.grid_case import GRID_CASE
from sim.world.hazards.heat_wave import COLD_WAVE, HEAT_WAVE
from sim.world.hazards.lift import LIFT_ENTRAPMENT
from sim.world.hazards.machine import MACHINE
from sim.world.hazards.main_burst import LOW_PRESSURE, MAIN_BURST
from sim.world.hazards.manhole_overflow import COVER_OFF, STREET_FLOOD
from sim.world.hazards.outage import OUTAGE
from sim.world.hazards.outbreak import OUTBREAK
from sim.world.hazards.planned_works import PLANNED_WORKS
from sim.world.hazards.plume import HAZMAT
from sim.world.hazards.plume import STEAM as STEAM_CLOUD
from sim.world.hazards.quake import COLLAPSE, QUAKE
from sim.world.hazards.road_collapse import ROAD_COLLAPSE
from sim.world.hazards.sabotage import SABOTAGE
from sim.world.hazards.toxic_release import TOXIC_RELEASE

KINDS: dict[str, HazardKind] = {
    kind.kind: kind
    for kind in (
        FLOOD,
        STREET_FLOOD,
        COVER_OFF,
        GAS_LEAK,
        GAS_EXPLOSION,
        SEWER_GAS,
        MAIN_BURST,
        LOW_PRESSURE,
        OUTAGE,
        TELECOM_OUTAGE,
        HEAT_FAILURE,
        FIRE,
        STEAM,
        CRASH,
        PLANNED_WORKS,
        CROWD,
        GATHERING,
        LIFT_ENTRAPMENT,
        GRID_CASE,
        MEDICAL,
        HOSPITAL_OVERLOAD,
        OUTBREAK,
        QUAKE,
        COLLAPSE,
        BRIDGE_OVERLOAD,
        next(iter(HAZMAT.values())),
        STEAM_CLOUD,
        next(iter(TOXIC_RELEASE.values())),
        MACHINE,
        FROST,
        AIR_EPISODE,
        HEAT_WAVE,
        COLD_WAVE,
        FOG,
        GALE,
        ROAD_COLLAPSE,
        SABOTAGE,
        CYBER_ATTACK,
    )
}
"""By their words."""
