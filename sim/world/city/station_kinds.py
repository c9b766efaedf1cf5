"""The catalogue of stations: which units answer from where, and how many a city keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StationKind:
    """A row of the catalogue of stations.

    Attributes
    ----------
    people_per_station
        Residents one station serves; `at_least` holds in small cities.
    people_per_unit
        Residents one unit serves; each station has `units_at_least`.
    km2_per_station
        Built-up area one station serves, where that asks for more of them.
    houses
        Kind whose stations these units share, where they have no houses of their own.
    """

    kind: str
    label: str
    people_per_station: float
    at_least: int = 1
    people_per_unit: float
    units_at_least: int = 2
    km2_per_station: float | None = None
    houses: str | None = None


KINDS = (
    # Assumed: a district's drainage company keeps two or three depots.
    StationKind(
        kind="pump_unit",
        label="Pump depot",
        people_per_station=100_000,
        at_least=2,
        people_per_unit=50_000,
    ),
    # Assumed: a traffic police team for each two or three subdistricts.
    StationKind(
        kind="traffic_police",
        label="Traffic police post",
        people_per_station=55_000,
        at_least=3,
        people_per_unit=25_000,
    ),
    # One ambulance for 30,000 people and 465 sites for 21.8 million: Beijing's siting plan for
    # emergency care, 2020-2022.
    StationKind(
        kind="ambulance",
        label="Ambulance station",
        people_per_station=60_000,
        at_least=2,
        people_per_unit=30_000,
    ),
    # A brigade of the first class for each 7 km2: 建标 152-2017, so that the first engine is
    # there 5 min after the order. Engines assumed: four to a house of 50,000 people.
    StationKind(
        kind="fire_engine",
        label="Fire station",
        people_per_station=100_000,
        at_least=2,
        people_per_unit=15_000,
        km2_per_station=7.0,
    ),
    # 建标 152-2017 asks for a ladder in brigades of the first class; every second one assumed.
    StationKind(
        kind="ladder_truck",
        label="Fire station",
        people_per_station=100_000,
        people_per_unit=100_000,
        units_at_least=1,
        houses="fire_engine",
    ),
    # Special-duty brigades, one or more a city of the prefectural rank: 建标 152-2017. Assumed.
    StationKind(
        kind="hazmat_unit",
        label="Special-duty fire station",
        people_per_station=500_000,
        people_per_unit=500_000,
        units_at_least=1,
        houses="fire_engine",
    ),
    # Assumed: an inflatable boat in every so manieth brigade, as after the flood of 2012.
    StationKind(
        kind="rescue_boat",
        label="Fire station",
        people_per_station=200_000,
        people_per_unit=150_000,
        units_at_least=1,
        houses="fire_engine",
    ),
    # A police station for each of 343 streets and towns of 21.8 million people; cars assumed.
    StationKind(
        kind="police_patrol",
        label="Police station",
        people_per_station=63_000,
        at_least=2,
        people_per_unit=15_000,
    ),
    # Assumed: the gas company is there within 30 min, from one depot in two districts.
    StationKind(
        kind="gas_repair",
        label="Gas repair depot",
        people_per_station=150_000,
        people_per_unit=60_000,
    ),
    # 45 min in the city is the State Grid's pledge; depots assumed.
    StationKind(
        kind="power_repair",
        label="Power repair depot",
        people_per_station=120_000,
        people_per_unit=40_000,
    ),
    # Assumed: one truck of some 400 kW for two depots' area.
    StationKind(
        kind="generator_truck",
        label="Power repair depot",
        people_per_station=250_000,
        people_per_unit=120_000,
        units_at_least=1,
        houses="power_repair",
    ),
    # Assumed: water is shut off within 2 h, which a depot for 150,000 people allows.
    StationKind(
        kind="water_repair",
        label="Water repair depot",
        people_per_station=150_000,
        people_per_unit=60_000,
    ),
    # Assumed: tankers stand with the repairers, and water streets when nothing bursts.
    StationKind(
        kind="water_tanker",
        label="Water repair depot",
        people_per_station=300_000,
        people_per_unit=100_000,
        units_at_least=1,
        houses="water_repair",
    ),
    # Assumed: a contractor for each two subdistricts.
    StationKind(
        kind="tow_truck",
        label="Towing depot",
        people_per_station=120_000,
        people_per_unit=40_000,
    ),
    # Assumed: a depot for each two subdistricts; sweepers and crews on duty.
    StationKind(
        kind="sanitation_crew",
        label="Sanitation depot",
        people_per_station=100_000,
        people_per_unit=20_000,
    ),
    # A team for each street or town: Beijing's 343 for 21.8 million people; patrols assumed.
    StationKind(
        kind="city_inspector",
        label="Urban management team",
        people_per_station=63_000,
        people_per_unit=25_000,
    ),
    # A centre for disease control for each district: Beijing's 16 and the city's own; small
    # cities have one. Teams assumed.
    StationKind(
        kind="cdc_team",
        label="Centre for disease control",
        people_per_station=1_300_000,
        people_per_unit=200_000,
    ),
    # A maintainer reaches a stopped lift within 30 min: TSG T5002-2017; firms' bases assumed.
    StationKind(
        kind="lift_technician",
        label="Lift maintainer",
        people_per_station=80_000,
        people_per_unit=30_000,
    ),
    # Assumed: the network operator's field teams.
    StationKind(
        kind="network_team",
        label="Network operations base",
        people_per_station=500_000,
        people_per_unit=200_000,
    ),
    # Assumed: an agricultural service station for each district or town with farms.
    StationKind(
        kind="agri_technician",
        label="Agricultural service station",
        people_per_station=300_000,
        people_per_unit=150_000,
    ),
    # Assumed: shared maintenance crews of an industrial estate.
    StationKind(
        kind="plant_crew",
        label="Industrial estate base",
        people_per_station=150_000,
        people_per_unit=75_000,
    ),
    # A monitoring station of the ecology bureau for each district: Beijing's 16 and the city's.
    StationKind(
        kind="ecology_team",
        label="Ecology monitoring station",
        people_per_station=1_300_000,
        people_per_unit=400_000,
    ),
)
"""Kinds of stations, in the order in which the map lists them."""
