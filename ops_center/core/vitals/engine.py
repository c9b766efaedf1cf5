"""The city's vital signs, a district and as a whole: what the picture of the hour adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from ops_center.core.columns import F64
from ops_center.core.inventory import Inventory
from ops_center.core.snapshot import VitalSign
from ops_center.core.vitals import measures
from ops_center.core.vitals.indicators import Indicator, indicators_at
from ops_center.core.vitals.measures import Measure, RainHour
from ops_center.core.vitals.score import Scored, city_score, domain_score, scored
from sim.kernel.clock import BEIJING, SECOND, Ns
from sim.messages.field import UnitStatus
from sim.messages.topics import WHOLE_CITY

SCORE = "score"
"""Indicator name of the score of a domain, and of the city (domain ``"city"``)."""
CITY = "city"

LOAD: Mapping[str, float] = {"IV": 1.0, "III": 3.0, "II": 10.0, "I": 30.0}
"""Weight of an open incident by its response level (assumed)."""

FREE_STATES = ("idle", "returning")
"""States in which a unit could take an order now."""


class GradedIncident(Protocol):
    """What is asked of an open incident."""

    @property
    def district(self) -> str:
        """Where it is."""

    @property
    def level(self) -> str:
        """Its response level, ``"IV"`` to ``"I"``."""


class VitalsEngine:
    """Computes all signs from what it is handed; remembers only the rain of the last hour.

    Parameters
    ----------
    inventory
        Devices and their newest values.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._rain = RainHour()

    def compute(
        self,
        now: Ns,
        *,
        incidents: Iterable[GradedIncident] = (),
        units: Sequence[UnitStatus] = (),
        free_speed_mps: F64 | None = None,
    ) -> tuple[VitalSign, ...]:
        """Return every indicator and score, the whole city first, then its districts.

        Parameters
        ----------
        incidents
            The open ones.
        free_speed_mps
            ``(n_links,)`` speed on the empty road; without it the traffic index is unknown.

        Returns
        -------
        tuple
            In each district the indicators in the table's order, then the domains' scores
            and the city's (indicator ``"score"``).
        """
        inventory = self._inventory
        districts = [*inventory.districts, WHOLE_CITY]
        taken = {
            "rain_1h": self._rain_hour(now),
            "water_depth": measures.greatest(
                inventory, *inventory.latest_of("road_water_gauge", "depth")
            ),
            "traffic_index": measures.traffic_index(
                inventory,
                *inventory.latest_of("vehicle_detector", "speed"),
                np.zeros(0) if free_speed_mps is None else free_speed_mps,
            ),
            "devices_online": measures.devices_online(inventory),
            "units_free": _units_free(units, districts),
            "incident_load": _incident_load(incidents, districts),
        }
        day = datetime.fromtimestamp(now // SECOND, UTC).astimezone(BEIJING).date()
        rows = [row for name, row in indicators_at(day).items() if name in taken]
        signs: list[VitalSign] = []
        for position in (len(districts) - 1, *range(len(districts) - 1)):
            signs += _signs_of(districts[position], position, rows, taken)
        return tuple(signs)

    def _rain_hour(self, now: Ns) -> Measure:
        slots, count_mm = self._inventory.latest_of("rain_gauge", "rain")
        rain_mm = self._rain.update(now, count_mm)
        return measures.greatest(
            self._inventory, slots, np.where(np.isnan(count_mm), np.nan, rain_mm)
        )


def _units_free(units: Sequence[UnitStatus], districts: Sequence[str]) -> Measure:
    """Return the share of units that could take an order [%], by home district."""
    total = np.zeros(len(districts))
    free = np.zeros(len(districts))
    index = {district: i for i, district in enumerate(districts)}
    for unit in units:
        is_free = unit.state in FREE_STATES
        total[-1] += 1
        free[-1] += is_free
        position = index.get(unit.district)
        if position is not None:
            total[position] += 1
            free[position] += is_free
    share = np.full(len(districts), np.nan)
    np.divide(100.0 * free, total, out=share, where=total > 0)
    return share, (total > 0).astype(np.float64)


def _incident_load(incidents: Iterable[GradedIncident], districts: Sequence[str]) -> Measure:
    """Return the sum of the weights of open incidents."""
    load = np.zeros(len(districts))
    index = {district: i for i, district in enumerate(districts)}
    for incident in incidents:
        weight = LOAD[incident.level]
        load[-1] += weight
        position = index.get(incident.district)
        if position is not None:
            load[position] += weight
    return load, np.ones(len(districts))


def _signs_of(
    district: str, position: int, rows: Sequence[Indicator], taken: Mapping[str, Measure]
) -> list[VitalSign]:
    signs: list[VitalSign] = []
    by_domain: dict[str, list[Scored]] = {}
    for row in rows:
        values, shares = taken[row.name]
        value = float(values[position])
        told = round(value, 3) if np.isfinite(value) else None
        result = scored(row, told, float(shares[position]))
        by_domain.setdefault(row.domain, []).append(result)
        signs.append(_sign(row.name, row.domain, district, told, row.unit, result, row.official))
    domains = {domain: domain_score(parts) for domain, parts in by_domain.items()}
    domains |= {CITY: city_score(list(domains.values()))}
    return signs + [
        _sign(SCORE, domain, district, result.score, "1", result, False)
        for domain, result in domains.items()
    ]


def _sign(
    indicator: str,
    domain: str,
    district: str,
    value: float | None,
    unit: str,
    result: Scored,
    official: bool,
) -> VitalSign:
    score = None if result.score is None else round(result.score, 1)
    return VitalSign(
        indicator=indicator,
        domain=domain,
        district=district,
        value=score if indicator == SCORE else value,
        unit=unit,
        level=result.level,
        score=score,
        confidence=round(result.confidence, 4),
        official=official,
    )
