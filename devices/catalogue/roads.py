"""Roads: vehicles counted and weighed, and the roadside's own health."""

from __future__ import annotations

from fractions import Fraction

from devices.catalogue.cells import D_WH, lorawan
from devices.catalogue.model import Alarm, ChannelSpec, SensorKind, counted, measured
from devices.link import FIBRE, LORAWAN

VEHICLE_DETECTOR = SensorKind(
    kind="vehicle_detector",
    domain="traffic",
    title="Vehicle detector, geomagnetic · 地磁车辆检测器",
    channels=(
        ChannelSpec(
            name="vehicles",
            unit="count",
            span=1800.0,
            resolution=Fraction(1),
            is_counter=True,
            # At least 97 % are counted, none twice.
            gain_mean=0.985,
            gain_sigma=0.0075,
        ),
        ChannelSpec(
            name="speed",
            unit="m/s",
            high=50.0,
            span=50.0,
            resolution=Fraction("0.1"),
            # ±5 % from the spacing of the two coils, ±1 m/s from the time stamps (assumed).
            gain_sigma=0.025,
            noise_sigma=0.5,
        ),
        ChannelSpec(
            name="occupancy",
            unit="/",
            high=1.0,
            span=1.0,
            resolution=Fraction("0.001"),
            # The length over which a vehicle is felt differs by device: ±5 % (assumed).
            gain_sigma=0.025,
            noise_sigma=0.005,
        ),
    ),
    t90_s=0.1,
    sense_s=10.0,
    # Vehicles are events; their counts and means are sent each minute (assumed).
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=LORAWAN,
    # A D cell (3.6 V, 19 Ah); 0.2 mA for the magnetometer; 1.8 µAh a 12-byte message at SF7.
    # Mean power 1.2 mW, so about five years, as the datasheets say.
    energy=lorawan(D_WH, 0.72e-3),
    battery_life_y=(4.5, 5.5),
    price_cny=600.0,
    upkeep_cny_per_y=60.0,
    mtbf_y=5.0,
    failures=("lane drift",),
    source="geomagnetic detector: count >= 97 %, T90 0.1 s, 5 years; typical datasheets",
)
"""Vehicles counted since the start, their mean speed, and the share of time one stood there."""

WEIGH_IN_MOTION = SensorKind(
    kind="weigh_in_motion",
    domain="traffic",
    title="Weigh-in-motion · 动态称重",
    channels=(
        measured(
            "axle",
            "kg",
            high=40_000.0,
            accuracy=500.0,
            resolution="10",
            relative_from=5_000.0,
            drift_share_per_y=0.005,
        ),
        measured(
            "gross",
            "kg",
            high=200_000.0,
            accuracy=1_000.0,
            resolution="10",
            relative_from=10_000.0,
            drift_share_per_y=0.005,
        ),
    ),
    sense_s=10.0,
    interval_s=60.0,
    alarm_interval_s=10.0,
    # An axle above the 18 t of a twin axle: GB 1589-2016, table 3.
    alarm=Alarm(level=18_000.0, of="value"),
    network=FIBRE,
    price_cny=80_000.0,
    upkeep_cny_per_y=8_000.0,
    mtbf_y=5.0,
    calibration_y=1.0,
    failures=("worn pavement",),
    source="0.5-40 t an axle, ±10 %; domain facts, section 3; gross weight assumed alike",
)
"""Heaviest axle and heaviest vehicle of the last ten seconds; 0 where none passed."""

RADAR_CAMERA = SensorKind(
    kind="radar_camera",
    domain="traffic",
    title="Radar-camera with edge computing · 雷视一体机",
    channels=(
        ChannelSpec(
            name="vehicles",
            unit="count",
            span=1800.0,
            resolution=Fraction(1),
            is_counter=True,
            # 95 % are detected (domain facts), cut at two sigma: 90 to 100 %.
            gain_mean=0.95,
            gain_sigma=0.025,
        ),
        counted("online", "/", high=1.0),
    ),
    t90_s=0.1,
    sense_s=10.0,
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=FIBRE,
    price_cny=80_000.0,
    upkeep_cny_per_y=5_000.0,
    mtbf_y=6.0,
    drowns_m=1.0,
    failures=("rain", "glare"),
    source="95 % detected, ±0.5 m, 10 Hz; domain facts, section 3; here counts and health",
)
"""Vehicles counted since the start, and whether it works; its objects are the roadside's."""

RSU = SensorKind(
    kind="rsu",
    domain="traffic",
    title="Roadside unit, LTE-V2X · 路侧单元",
    channels=(counted("online", "/", high=1.0),),
    sense_s=10.0,
    interval_s=60.0,
    alarm_interval_s=10.0,
    alarm=Alarm(level=0.0, of="below"),
    network=FIBRE,
    price_cny=30_000.0,
    upkeep_cny_per_y=2_000.0,
    mtbf_y=6.0,
    # Cabinets stand on plinths (assumed, of all three).
    drowns_m=1.0,
    failures=("GNSS lost", "expired certificate"),
    source="300-500 m, below 100 ms, 10 Hz; domain facts, section 3; here its health",
)
"""Whether it works; its messages are the roadside's."""

SIGNAL_CONTROLLER = SensorKind(
    kind="signal_controller",
    domain="traffic",
    title="Signal controller · 信号机",
    channels=(counted("online", "/", high=1.0),),
    sense_s=10.0,
    interval_s=60.0,
    alarm_interval_s=10.0,
    alarm=Alarm(level=0.0, of="below"),
    network=FIBRE,
    price_cny=40_000.0,
    upkeep_cny_per_y=2_000.0,
    mtbf_y=8.0,
    drowns_m=1.0,
    failures=("lamp circuit", "clock off"),
    source="assumed: a networked controller of GB 25280; here its health",
)
"""Whether it works; its phases are the roadside's."""

ROWS = (VEHICLE_DETECTOR, WEIGH_IN_MOTION, RADAR_CAMERA, RSU, SIGNAL_CONTROLLER)
