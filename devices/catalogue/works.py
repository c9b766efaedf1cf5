"""Industry, farming, and the ground that shakes."""

from __future__ import annotations

from dataclasses import replace

from devices.catalogue.cells import AA_WH, lorawan
from devices.catalogue.model import Alarm, ChannelSpec, SensorKind, measured
from devices.link import FOUR_G, LORAWAN


def _toxic(name: str, ppm_mgm3: float) -> ChannelSpec:
    """Return a channel of 0-100 ppm, ±5 % of full scale, in mg/m3."""
    high = round(100.0 * ppm_mgm3)
    return measured(name, "mg/m3", high=high, accuracy=0.05 * high, resolution="0.1")


VIBRATION = SensorKind(
    kind="vibration",
    domain="industry",
    title="Machine vibration · 设备振动",
    channels=(
        measured(
            "velocity",
            "mm/s",
            high=50.0,
            accuracy=0.1,
            resolution="0.1",
            relative_from=2.0,
            drift_share_per_y=0.002,
        ),
    ),
    t90_s=1.0,
    sense_s=10.0,
    interval_s=600.0,
    alarm_interval_s=60.0,
    # The yellow entry, 2.8 mm/s of ISO 20816-3: domain facts, section 2.
    alarm=Alarm(level=2.8, of="value"),
    network=LORAWAN,
    energy=lorawan(2 * AA_WH, 0.5e-3),
    battery_life_y=(2.5, 3.5),
    price_cny=1_200.0,
    upkeep_cny_per_y=120.0,
    mtbf_y=5.0,
    calibration_y=2.0,
    failures=("looseness",),
    source="0-50 mm/s, ±5 %, 0.1, T90 1 s, 10/1 min, 3 y; domain facts, section 3",
)
"""Root mean square velocity of the bearing."""

TOXIC_GAS = SensorKind(
    kind="toxic_gas",
    domain="industry",
    title="Toxic gas detector · 有毒气体探测器",
    channels=(
        # mg/m3 of one ppm at 25 °C and 101.3 kPa: molar mass over 24.45.
        _toxic("hydrogen_sulphide", 1.394),
        _toxic("carbon_monoxide", 1.146),
        _toxic("ammonia", 0.697),
        _toxic("chlorine", 2.900),
    ),
    t90_s=45.0,
    sense_s=10.0,
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=LORAWAN,
    price_cny=2_000.0,
    upkeep_cny_per_y=500.0,
    mtbf_y=3.0,
    calibration_y=0.5,
    failures=("drift", "poisoning"),
    source="0-100 ppm, ±5 % of full scale, T90 30-60 s, 1 min, wired power; chlorine alike",
)

GREENHOUSE = SensorKind(
    kind="greenhouse",
    domain="agriculture",
    title="Greenhouse climate · 温室环境",
    channels=(
        measured(
            "temperature",
            "Cel",
            low=-40.0,
            high=80.0,
            accuracy=0.2,
            resolution="0.1",
            drift_share_per_y=0.0003,
        ),
        # Hysteresis 0.8 %RH, drift below 0.25 %RH a year: Sensirion SHT3x.
        replace(
            measured(
                "humidity",
                "/",
                high=1.0,
                accuracy=0.03,
                resolution="0.01",
                drift_share_per_y=0.0025,
            ),
            hysteresis=0.008,
        ),
        measured("co2", "ppm", high=5_000.0, accuracy=50.0, resolution="1"),
        measured(
            "light", "lx", high=200_000.0, accuracy=50.0, resolution="10", relative_from=1_000.0
        ),
    ),
    t90_s=60.0,
    sense_s=60.0,
    interval_s=600.0,
    alarm_interval_s=120.0,
    # The blue entry of a greenhouse, 10 °C: domain facts, section 4.
    alarm=Alarm(level=10.0, of="below"),
    network=LORAWAN,
    energy=lorawan(2 * AA_WH, 0.5e-3),
    battery_life_y=(2.5, 3.5),
    price_cny=800.0,
    upkeep_cny_per_y=80.0,
    mtbf_y=4.0,
    calibration_y=1.0,
    failures=("condensation",),
    source="±0.2 °C, ±3 %RH, light ±5 %, 3 y; domain facts, S32; CO2 ±50 ppm assumed",
)

SOIL = SensorKind(
    kind="soil",
    domain="agriculture",
    title="Soil moisture, conductivity and pH · 土壤墒情",
    channels=(
        measured("moisture", "/", high=1.0, accuracy=0.02, resolution="0.001"),
        measured(
            "conductivity", "S/m", high=2.0, accuracy=0.005, resolution="0.001", relative_from=0.1
        ),
        measured("ph", "pH", low=3.0, high=10.0, accuracy=0.1, resolution="0.1"),
    ),
    t90_s=60.0,
    sense_s=60.0,
    interval_s=1_800.0,
    alarm_interval_s=1_800.0,
    network=LORAWAN,
    energy=lorawan(2 * AA_WH, 0.37e-3),
    battery_life_y=(3.0, 5.0),
    price_cny=600.0,
    upkeep_cny_per_y=60.0,
    mtbf_y=4.0,
    calibration_y=2.0,
    failures=("salt", "air gap"),
    source="moisture ±2 %, EC ±5 %, pH ±0.1, 30 min, 3-5 y; domain facts, section 3, S32",
)

SEISMIC = SensorKind(
    kind="seismic",
    domain="emergency",
    title="MEMS seismometer · 烈度仪",
    channels=(
        # ±2 g in steps of 0.1 mg; 100 Hz inside, the peak of the last seconds outside.
        measured(
            "peak",
            "m/s2",
            high=19.6,
            accuracy=0.004,
            resolution="0.001",
            drift_share_per_y=1e-4,
        ),
    ),
    t90_s=0.01,
    sense_s=1.0,
    interval_s=600.0,
    alarm_interval_s=10.0,
    # Intensity 3 begins at 0.07 m/s2: GB/T 17742-2020.
    alarm=Alarm(level=0.05, of="value"),
    network=FOUR_G,
    price_cny=5_000.0,
    upkeep_cny_per_y=400.0,
    mtbf_y=7.0,
    failures=("site noise",),
    source="±2 g, 0.1 mg, 100 Hz, events; domain facts, section 3",
)
"""Peak ground acceleration."""

ROWS = (VIBRATION, TOXIC_GAS, GREENHOUSE, SOIL, SEISMIC)
