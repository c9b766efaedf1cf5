"""Gas chambers, covers, heat, power, lifts and bridges: what the city stands on and lives by."""

from __future__ import annotations

from dataclasses import replace

from devices.catalogue.cells import AA_WH, D_WH, lorawan, nb_iot
from devices.catalogue.model import Alarm, CrossOffset, SensorKind, counted, measured
from devices.link import FIBRE, FOUR_G, LORAWAN, NB_IOT

GAS_DETECTOR = SensorKind(
    kind="gas_detector",
    domain="municipal",
    title="Methane in a manhole, laser · 井下激光甲烷探测器",
    channels=(
        measured("methane", "%LEL", high=100.0, accuracy=3.0, resolution="0.1"),
        # A second line of the laser: ethane over methane; ±0.01 (assumed).
        measured(
            "ethane", "/", high=0.2, accuracy=0.01, resolution="0.001", drift_share_per_y=0.01
        ),
    ),
    t90_s=15.0,
    sense_s=60.0,
    interval_s=1_800.0,
    alarm_interval_s=60.0,
    # The blue entry of methane beside mains, 5 %LEL: domain facts, section 2.
    alarm=Alarm(level=5.0, of="value"),
    network=NB_IOT,
    is_under_cover=True,
    # Two cells; a laser shot a minute at 150 mJ, and 0.2 mW of sleep (assumed).
    energy=nb_iot(2 * D_WH, 2.7e-3, 0.15, watch_w=2.5e-3),
    battery_life_y=(3.0, 5.0),
    price_cny=3_000.0,
    upkeep_cny_per_y=400.0,
    mtbf_y=5.0,
    calibration_y=1.0,
    # Water on the street runs into the chamber (assumed).
    drowns_m=0.05,
    failures=("flooding", "biogas false alarm"),
    source="laser methane: 0-100 %LEL, ±3, 0.1, T90 15 s, 30/1 min, 3-5 y; domain facts, S7",
)
"""Methane, and how much ethane comes with it, which sewage does not make."""

COVER_TILT = SensorKind(
    kind="cover_tilt",
    domain="municipal",
    title="Manhole cover tilt · 井盖状态监测",
    channels=(
        measured("tilt", "deg", high=90.0, accuracy=1.0, resolution="0.1", drift_share_per_y=0.005),
    ),
    t90_s=1.0,
    sense_s=10.0,
    interval_s=86_400.0,
    alarm_interval_s=600.0,
    alarm=Alarm(level=10.0, of="value"),
    network=NB_IOT,
    is_under_cover=True,
    energy=nb_iot(AA_WH, 0.175e-3),
    battery_life_y=(3.5, 4.5),
    price_cny=300.0,
    upkeep_cny_per_y=40.0,
    mtbf_y=5.0,
    # Its radio lies in the cover (assumed: heard through shallow water).
    drowns_m=0.3,
    failures=("traffic shocks",),
    source="cover tilt: 0-90°, ±1°, trips at 10°, daily, 4 y; domain facts, section 3, S30",
)

INDOOR_TEMPERATURE = SensorKind(
    kind="indoor_temperature",
    domain="municipal",
    title="Indoor temperature of heated homes · 供热室温",
    channels=(
        measured(
            "temperature",
            "Cel",
            low=-10.0,
            high=80.0,
            accuracy=0.25,
            resolution="0.1",
            # Thermistors keep to 0.05 K a year; typical datasheets.
            drift_share_per_y=0.05 / 90.0,
        ),
    ),
    t90_s=300.0,
    sense_s=60.0,
    interval_s=1_800.0,
    alarm_interval_s=1_800.0,
    # The orange entry, 14 °C: domain facts, section 2.
    alarm=Alarm(level=14.0, of="below"),
    network=LORAWAN,
    is_under_cover=True,
    energy=lorawan(AA_WH, 0.18e-3),
    battery_life_y=(3.0, 5.0),
    price_cny=150.0,
    upkeep_cny_per_y=15.0,
    mtbf_y=6.0,
    failures=("placed by a window or a radiator",),
    source="LoRa node: -10 to 80 °C, ±0.25, 3-5 y; domain facts, section 3, source S30",
)

FEEDER_TERMINAL = SensorKind(
    kind="feeder_terminal",
    domain="municipal",
    title="Feeder terminal · 配电终端",
    channels=(
        measured(
            "voltage",
            "V",
            high=12_000.0,
            accuracy=50.0,
            resolution="1",
            drift_share_per_y=0.0005,
        ),
        measured(
            "current",
            "A",
            high=5_000.0,
            accuracy=2.5,
            resolution="0.1",
            relative_from=500.0,
            drift_share_per_y=0.0005,
        ),
    ),
    t90_s=0.02,
    sense_s=10.0,
    interval_s=900.0,
    alarm_interval_s=60.0,
    # 93 % of 10 kV, below which supply is bad: GB/T 12325, section 4.
    alarm=Alarm(level=9_300.0, of="below"),
    network=FIBRE,
    price_cny=6_000.0,
    upkeep_cny_per_y=500.0,
    mtbf_y=8.0,
    calibration_y=6.0,
    failures=("last gasp lost",),
    source="feeder terminal: U and I ±0.5 %, 20 ms, 15 min and events; typical datasheets",
)

BRIDGE_VIBRATION = SensorKind(
    kind="bridge_vibration",
    domain="municipal",
    title="Bridge accelerometer · 桥梁加速度计",
    channels=(
        # ±2 g; the minute's root mean square of 100 Hz, taken at the bridge.
        replace(
            measured(
                "rms",
                "m/s2",
                high=19.6,
                accuracy=1e-3,
                resolution="0.0001",
                drift_share_per_y=5e-5,
            ),
            cross=(CrossOffset(ambient="temperature", at=20.0, per=0.0, spread=1e-5),),
        ),
    ),
    t90_s=0.01,
    sense_s=10.0,
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=FIBRE,
    price_cny=3_500.0,
    upkeep_cny_per_y=350.0,
    mtbf_y=6.0,
    calibration_y=2.0,
    failures=("cable", "temperature"),
    source="accelerometer: ±2 g, 10 µg, 100 Hz, features a minute; typical datasheets",
)
"""Root mean square acceleration of the deck."""

STRAIN = SensorKind(
    kind="strain",
    domain="municipal",
    title="Strain gauge · 应变计",
    channels=(
        replace(
            measured(
                "strain",
                "um/m",
                low=-1_500.0,
                high=1_500.0,
                accuracy=7.5,
                resolution="1",
                drift_share_per_y=0.005,
            ),
            # What compensation leaves of a gauge's own expansion: ±1 µm/m a degree; typical
            # datasheets of self-compensated gauges.
            cross=(CrossOffset(ambient="temperature", at=20.0, per=0.0, spread=0.5),),
        ),
    ),
    t90_s=0.1,
    sense_s=10.0,
    interval_s=600.0,
    alarm_interval_s=60.0,
    # 0.6 of a design strain of 200 µm/m (assumed: its blue entry at a girder).
    alarm=Alarm(level=120.0, of="value"),
    network=FIBRE,
    price_cny=1_500.0,
    upkeep_cny_per_y=150.0,
    mtbf_y=5.0,
    calibration_y=2.0,
    failures=("debonding",),
    source="strain gauge: ±1500 µm/m, 0.5 %, T90 0.1 s, 10/1 min; typical datasheets",
)

CRACK = SensorKind(
    kind="crack",
    domain="municipal",
    title="Crack gauge · 裂缝计",
    channels=(
        replace(
            measured(
                "width",
                "mm",
                high=5.0,
                accuracy=0.02,
                resolution="0.001",
                drift_share_per_y=0.002,
            ),
            cross=(CrossOffset(ambient="temperature", at=20.0, per=0.0, spread=2e-4),),
        ),
    ),
    t90_s=0.1,
    sense_s=10.0,
    interval_s=600.0,
    alarm_interval_s=60.0,
    # The orange entry: domain facts, section 2.
    alarm=Alarm(level=0.25, of="value"),
    network=LORAWAN,
    energy=lorawan(2 * AA_WH, 0.37e-3),
    battery_life_y=(3.0, 5.0),
    price_cny=1_500.0,
    upkeep_cny_per_y=150.0,
    mtbf_y=5.0,
    calibration_y=2.0,
    failures=("debonding",),
    source="crack gauge: ±0.02 mm, T90 0.1 s, 10/1 min, LoRa; range 0-5 mm assumed",
)

LIFT_MONITOR = SensorKind(
    kind="lift_monitor",
    domain="municipal",
    title="Lift monitor · 电梯物联网监测",
    channels=(counted("stopped", high=200.0), counted("shut_in", high=1_000.0)),
    t90_s=1.0,
    sense_s=10.0,
    interval_s=60.0,
    alarm_interval_s=10.0,
    alarm=Alarm(level=1.0, of="value"),
    network=FOUR_G,
    is_under_cover=True,
    price_cny=1_500.0,
    upkeep_cny_per_y=200.0,
    mtbf_y=5.0,
    failures=("miscount",),
    source="lift monitor: door, level, speed, 1 s, each minute and events; typical datasheets",
)
"""Lifts of a block that stand between floors, and people in them: by door, level and speed."""

ELECTRICAL_FIRE = SensorKind(
    kind="electrical_fire",
    domain="municipal",
    title="Electrical fire monitor, residual current · 电气火灾监控（剩余电流）",
    channels=(
        measured(
            "residual",
            "mA",
            low=20.0,
            high=1_000.0,
            accuracy=5.0,
            resolution="1",
            relative_from=100.0,
            drift_share_per_y=0.005,
        ),
    ),
    t90_s=1.0,
    sense_s=10.0,
    interval_s=600.0,
    alarm_interval_s=60.0,
    # Within the 300-500 mA of GB 14287.2 for a main board (assumed: its lower end).
    alarm=Alarm(level=300.0, of="value"),
    network=FOUR_G,
    is_under_cover=True,
    price_cny=600.0,
    upkeep_cny_per_y=80.0,
    mtbf_y=6.0,
    # Main boards hang above the floor (assumed).
    drowns_m=0.5,
    failures=("nuisance trips",),
    source="residual current: 20-1000 mA, ±5 %, 10 min and events; typical datasheets",
)

ROWS = (
    GAS_DETECTOR,
    COVER_TILT,
    INDOOR_TEMPERATURE,
    FEEDER_TERMINAL,
    BRIDGE_VIBRATION,
    STRAIN,
    CRACK,
    LIFT_MONITOR,
    ELECTRICAL_FIRE,
)
