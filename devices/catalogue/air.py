"""Air, noise and weather."""

from __future__ import annotations

from dataclasses import replace

from devices.catalogue.model import (
    ChannelSpec,
    CrossOffset,
    HumidGrowth,
    Interference,
    SensorKind,
    measured,
)
from devices.link import FIBRE, FOUR_G


def _particles(name: str) -> ChannelSpec:
    dry = measured(name, "ug/m3", high=500.0, accuracy=10.0, resolution="1", relative_from=100.0)
    # Crilley et al. 2018 fitted 0.38 to 0.41 to a counter beside a road; a third of it is left,
    # for makers correct for humidity on the whole (assumed).
    return replace(dry, cross=(HumidGrowth(kappa=0.13),))


def _gas(name: str, other: str) -> ChannelSpec:
    alone = measured(
        name,
        "ppb",
        high=500.0,
        accuracy=20.0,
        resolution="1",
        # Zero drifts by ±20 ppb a year; Alphasense datasheets of the same family.
        drift_share_per_y=0.02,
    )
    return replace(
        alone,
        # Assumed: small beside what JRC calls huge in the raw cell.
        hysteresis=2.0,
        cross=(
            # The two cells see each other by 100 % and more (JRC evaluation of NO2-B4); what is
            # left when the maker's sum is taken off is assumed.
            Interference(channel=other, share=0.08),
            # Assumed: 10 ppb from dry to damp air, 5 ppb for 25 K, differing by cell.
            CrossOffset(ambient="humidity", at=0.5, per=20.0, spread=10.0),
            CrossOffset(ambient="temperature", at=20.0, per=0.2, spread=0.1),
        ),
    )


def _regulatory(name: str, high: float, accuracy: float, resolution: str) -> ChannelSpec:
    return measured(
        name,
        "ug/m3",
        high=high,
        accuracy=accuracy,
        resolution=resolution,
        # ±5 % above a tenth of the range: within what HJ 653 and HJ 654 allow (assumed).
        relative_from=accuracy / 0.05,
        drift_share_per_y=0.002,
    )


PM_STATION = SensorKind(
    kind="pm_station",
    domain="environment",
    title="Particle micro-station · 颗粒物微站",
    channels=(_particles("pm25"), _particles("pm10")),
    t90_s=10.0,
    sense_s=30.0,
    interval_s=180.0,
    alarm_interval_s=180.0,
    network=FOUR_G,
    price_cny=3_000.0,
    upkeep_cny_per_y=600.0,
    mtbf_y=3.0,
    calibration_y=0.5,
    failures=("humidity bias", "laser worn after some 8,000 h"),
    source="0-500 µg/m3, ±10 to 100, then ±10 %, 1, T90 10 s, 3 min; domain facts, S30, S31",
)

NO2_O3_STATION = SensorKind(
    kind="no2_o3_station",
    domain="environment",
    title="NO2 and O3, electrochemical · 电化学二氧化氮臭氧微站",
    channels=(_gas("no2", "o3"), _gas("o3", "no2")),
    t90_s=60.0,
    sense_s=30.0,
    interval_s=300.0,
    alarm_interval_s=300.0,
    network=FOUR_G,
    price_cny=6_000.0,
    upkeep_cny_per_y=1_500.0,
    mtbf_y=3.0,
    calibration_y=0.5,
    failures=("cross-sensitivity",),
    source="0-500 ppb, ±20, T90 60 s, 5 min; domain facts, section 3",
)

AIR_STATION = SensorKind(
    kind="air_station",
    domain="environment",
    title="Reference air station · 国标空气站",
    channels=(
        _regulatory("pm25", 1_000.0, 2.0, "1"),
        _regulatory("pm10", 1_000.0, 2.0, "1"),
        _regulatory("so2", 1_500.0, 2.0, "1"),
        _regulatory("no2", 1_000.0, 2.0, "1"),
        _regulatory("co", 60_000.0, 100.0, "10"),
        _regulatory("o3", 1_200.0, 2.0, "1"),
    ),
    sense_s=60.0,
    interval_s=3_600.0,
    alarm_interval_s=3_600.0,
    network=FIBRE,
    price_cny=800_000.0,
    upkeep_cny_per_y=150_000.0,
    mtbf_y=8.0,
    calibration_y=0.25,
    failures=("outage",),
    source="regulatory, hourly; domain facts, section 3; accuracies assumed within HJ 653, 654",
)
"""PM2.5, PM10, SO2, NO2, CO, O3."""

NOISE_METER = SensorKind(
    kind="noise_meter",
    domain="environment",
    title="Noise monitor · 噪声自动监测仪",
    channels=(
        measured(
            "laeq",
            "dB",
            low=30.0,
            high=130.0,
            accuracy=1.4,
            resolution="0.1",
            drift_share_per_y=0.005,
        ),
    ),
    t90_s=1.0,
    sense_s=60.0,
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=FOUR_G,
    price_cny=4_000.0,
    upkeep_cny_per_y=600.0,
    mtbf_y=5.0,
    calibration_y=1.0,
    failures=("wind",),
    source="30-130 dB, ±1.4, 0.1, 1 min; domain facts, section 3; IEC 61672-1 class 2",
)

WEATHER_STATION = SensorKind(
    kind="weather_station",
    domain="environment",
    title="Weather station · 自动气象站",
    channels=(
        measured(
            "temperature",
            "Cel",
            low=-40.0,
            high=60.0,
            accuracy=0.3,
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
        measured("wind", "m/s", high=60.0, accuracy=0.3, resolution="0.1", drift_share_per_y=0.001),
    ),
    t90_s=20.0,
    sense_s=30.0,
    interval_s=300.0,
    alarm_interval_s=300.0,
    network=FOUR_G,
    price_cny=4_000.0,
    upkeep_cny_per_y=400.0,
    mtbf_y=5.0,
    calibration_y=2.0,
    failures=("icing",),
    source="±0.3 °C, ±3 %RH, ±0.3 m/s, T90 20 s, 5 min; domain facts, section 3",
)

ROWS = (PM_STATION, NO2_O3_STATION, AIR_STATION, NOISE_METER, WEATHER_STATION)
