"""Rain, drains and drinking water.

Prices and figures are those of typical datasheets of 2023-25 unless said otherwise. Upkeep is
assumed: a tenth of the price a year, or the visits, reagents and airtime named.
"""

from __future__ import annotations

from fractions import Fraction

from devices.catalogue.cells import C_WH, D_WH, nb_iot
from devices.catalogue.model import Alarm, ChannelSpec, SensorKind, measured
from devices.link import FOUR_G, NB_IOT

RAIN_GAUGE = SensorKind(
    kind="rain_gauge",
    domain="municipal",
    title="Rain gauge, tipping bucket · 翻斗雨量计",
    channels=(
        ChannelSpec(
            name="rain",
            unit="mm",
            span=240.0,
            resolution=Fraction("0.2"),
            is_counter=True,
            # Wind blows 2-10 % of the rain past the funnel (WMO-No. 8, ch. 6): 5 % assumed.
            gain_mean=0.95,
            gain_sigma=0.02,
        ),
    ),
    sense_s=10.0,
    interval_s=300.0,
    alarm_interval_s=60.0,
    # One tip: it reports every minute in which it tips, the first tip at once (assumed).
    alarm=Alarm(level=0.2, of="rise"),
    network=FOUR_G,
    price_cny=1_200.0,
    upkeep_cny_per_y=300.0,
    mtbf_y=5.0,
    calibration_y=1.0,
    failures=("clogged funnel", "undercatch in wind"),
    source="tipping bucket: 0-4 mm/min, ±4 %, 0.2 mm a tip; typical datasheets",
)
"""Rain since the start, counted in tips."""

ROAD_WATER_GAUGE = SensorKind(
    kind="road_water_gauge",
    domain="municipal",
    title="Road water gauge · 道路积水监测仪",
    channels=(
        ChannelSpec(
            name="depth",
            unit="m",
            high=2.0,
            span=2.0,
            resolution=Fraction("0.005"),
            # ±1 cm at two sigma, three fifths of it noise: waves and debris (assumed).
            bias_sigma=0.004,
            noise_sigma=0.003,
            # 2 % of full scale over the square root of a year, as all of domain D.
            drift_sigma_per_y=0.04,
        ),
    ),
    t90_s=2.0,
    sense_s=10.0,
    interval_s=600.0,
    alarm_interval_s=60.0,
    # Half the depth of the first warning level (10 cm), ten sigma above dry (assumed).
    alarm=Alarm(level=0.05, of="value"),
    network=FOUR_G,
    price_cny=1_500.0,
    upkeep_cny_per_y=250.0,
    mtbf_y=4.0,
    calibration_y=1.0,
    failures=("debris", "ice"),
    source="road water gauge: 0-200 cm, ±1 cm, 0.5 cm, T90 2 s, solar; typical datasheets",
)
"""Depth of water over the road."""

SEWER_LEVEL = SensorKind(
    kind="sewer_level",
    domain="municipal",
    title="Sewer level, radar · 管网雷达液位计",
    channels=(
        # A radar has no part that the water wears: drift as its accuracy (assumed).
        measured(
            "level",
            "m",
            high=7.0,
            accuracy=0.003,
            resolution="0.001",
            drift_share_per_y=0.003 / 7.0,
        ),
        measured(
            "filling", "/", high=2.0, accuracy=0.002, resolution="0.001", drift_share_per_y=0.001
        ),
    ),
    t90_s=1.0,
    sense_s=60.0,
    interval_s=1_800.0,
    alarm_interval_s=120.0,
    # The blue entry of the filling of drains, 70 %: domain facts, section 2.
    alarm=Alarm(level=0.7, of="value", channel=1),
    network=NB_IOT,
    is_under_cover=True,
    # A radar shot a minute at 60 mJ, and 0.2 mW of sleep (assumed).
    energy=nb_iot(D_WH, 1.2e-3),
    battery_life_y=(3.5, 4.5),
    price_cny=2_500.0,
    upkeep_cny_per_y=250.0,
    mtbf_y=6.0,
    calibration_y=2.0,
    failures=("foam", "blind zone"),
    source="sewer radar: 0-7 m, ±3 mm, 30/2 min, 4 y; domain facts, section 3, source S30",
)
"""Level above the bed, and over the depth of the manhole."""

MANHOLE_LEVEL = SensorKind(
    kind="manhole_level",
    domain="municipal",
    title="Manhole level, smart cover · 智能井盖液位",
    channels=(measured("level", "m", high=5.0, accuracy=0.025, resolution="0.01"),),
    t90_s=2.0,
    sense_s=60.0,
    interval_s=1_800.0,
    alarm_interval_s=300.0,
    # Assumed: a metre of water stands in a manhole only when the drain below is full.
    alarm=Alarm(level=1.0, of="value"),
    network=NB_IOT,
    is_under_cover=True,
    energy=nb_iot(C_WH, 0.44e-3),
    battery_life_y=(3.5, 4.5),
    price_cny=900.0,
    upkeep_cny_per_y=120.0,
    mtbf_y=4.0,
    calibration_y=2.0,
    # Its radio lies in the cover (assumed: heard through shallow water).
    drowns_m=0.3,
    failures=("silt", "debris"),
    source="smart cover: 0-5 m, ±0.5 % of full scale, 4 y; domain facts, section 3, source S30",
)
"""Level above the bed."""

WATER_PRESSURE = SensorKind(
    kind="water_pressure",
    domain="municipal",
    title="Water pressure in mains · 供水管网压力",
    channels=(
        measured(
            "pressure",
            "Pa",
            high=1.6e6,
            accuracy=8_000.0,
            resolution="1000",
            # A silicon cell keeps its zero to 0.25 % of full scale a year; typical datasheets.
            drift_share_per_y=0.0025,
        ),
    ),
    t90_s=0.1,
    sense_s=10.0,
    interval_s=900.0,
    alarm_interval_s=60.0,
    # The blue entry of the pressure in mains, 0.20 MPa; a burst of 100 Hz is then kept by the
    # device, of which it reports the lowest (assumed).
    alarm=Alarm(level=0.2e6, of="below"),
    network=NB_IOT,
    is_under_cover=True,
    energy=nb_iot(D_WH, 0.72e-3),
    battery_life_y=(4.5, 5.5),
    price_cny=1_200.0,
    upkeep_cny_per_y=120.0,
    mtbf_y=5.0,
    calibration_y=2.0,
    failures=("frozen tube", "drift"),
    source="pressure logger: 0-1.6 MPa, ±0.5 %, 1 kPa, T90 0.1 s, 5 y; typical datasheets",
)

WATER_FLOW = SensorKind(
    kind="water_flow",
    domain="municipal",
    title="Flow of a pumping station, electromagnetic · 电磁流量计",
    channels=(
        # 0.1-10 m/s in a pipe of 1 m: ±1 % of the reading, not below that of 0.1 m/s.
        measured(
            "flow",
            "m3/s",
            high=8.0,
            accuracy=0.8e-3,
            resolution="0.001",
            relative_from=0.08,
            drift_share_per_y=0.0001,
        ),
    ),
    t90_s=2.0,
    sense_s=10.0,
    interval_s=900.0,
    alarm_interval_s=60.0,
    network=FOUR_G,
    is_under_cover=True,
    price_cny=8_000.0,
    upkeep_cny_per_y=800.0,
    mtbf_y=8.0,
    calibration_y=2.0,
    failures=("air in the pipe", "fouled electrodes"),
    source="electromagnetic meter: 0.1-10 m/s, ±1 %, T90 2 s; typical datasheets",
)

WATER_QUALITY = SensorKind(
    kind="water_quality",
    domain="municipal",
    title="Drinking water quality · 饮用水水质监测",
    channels=(
        measured(
            "turbidity",
            "NTU",
            high=20.0,
            accuracy=0.02,
            resolution="0.01",
            relative_from=1.0,
            drift_share_per_y=0.005,
        ),
        measured("chlorine", "mg/L", high=5.0, accuracy=0.05, resolution="0.01"),
        measured("ph", "pH", high=14.0, accuracy=0.1, resolution="0.01"),
    ),
    t90_s=60.0,
    sense_s=60.0,
    interval_s=300.0,
    alarm_interval_s=300.0,
    network=FOUR_G,
    price_cny=25_000.0,
    # Reagents and a visit a month (assumed).
    upkeep_cny_per_y=6_000.0,
    mtbf_y=4.0,
    calibration_y=1.0 / 12.0,
    failures=("biofilm", "reagent used up"),
    source="0-20 NTU ±2 %, chlorine 0-5 mg/L ±0.05, pH ±0.1, T90 60 s; typical datasheets",
)

LEAK_NOISE_LOGGER = SensorKind(
    kind="leak_noise_logger",
    domain="municipal",
    title="Leak noise logger · 噪声记录仪（漏损）",
    channels=(
        measured("level", "dB", high=100.0, accuracy=3.0, resolution="0.1", drift_share_per_y=0.01),
        measured(
            "frequency", "Hz", high=5_000.0, accuracy=20.0, resolution="1", drift_share_per_y=0.0
        ),
    ),
    sense_s=600.0,
    interval_s=86_400.0,
    alarm_interval_s=3_600.0,
    # Assumed: a still pipe is below 25 dB at its quietest, a leak within reach above 45 dB.
    alarm=Alarm(level=45.0, of="value"),
    network=NB_IOT,
    is_under_cover=True,
    energy=nb_iot(C_WH, 0.52e-3),
    battery_life_y=(4.5, 5.5),
    price_cny=900.0,
    upkeep_cny_per_y=100.0,
    mtbf_y=6.0,
    failures=("traffic noise",),
    source="listens up to 5 kHz, daily, 5 y; typical datasheets; level in dB assumed",
)
"""Least noise of the last hours on the pipe, and the frequency that prevails in it."""

ROWS = (
    RAIN_GAUGE,
    ROAD_WATER_GAUGE,
    SEWER_LEVEL,
    MANHOLE_LEVEL,
    WATER_PRESSURE,
    WATER_FLOW,
    WATER_QUALITY,
    LEAK_NOISE_LOGGER,
)
