"""People: crowds, homes in danger of fire and gas, clinics and hospitals."""

from __future__ import annotations

from devices.catalogue.cells import AA_WH, nb_iot
from devices.catalogue.model import Alarm, SensorKind, counted, measured
from devices.link import FIBRE, NB_IOT

SMOKE = SensorKind(
    kind="smoke",
    domain="emergency",
    title="Smoke detector · 独立式感烟探测器",
    channels=(
        measured(
            "smoke", "dB/m", high=0.5, accuracy=0.04, resolution="0.01", drift_share_per_y=0.02
        ),
    ),
    t90_s=30.0,
    sense_s=10.0,
    interval_s=86_400.0,
    alarm_interval_s=60.0,
    # Within the 0.1-0.5 dB/m at which it must respond (assumed: its lower half).
    alarm=Alarm(level=0.2, of="value"),
    network=NB_IOT,
    is_under_cover=True,
    energy=nb_iot(AA_WH, 0.175e-3),
    battery_life_y=(3.0, 5.0),
    price_cny=120.0,
    upkeep_cny_per_y=30.0,
    mtbf_y=6.0,
    failures=("dust", "steam"),
    source="responds at 0.1-0.5 dB/m, T90 30 s, daily and events, 3-5 y; typical datasheets",
)

HEAT = SensorKind(
    kind="heat",
    domain="emergency",
    title="Heat detector · 感温探测器",
    channels=(
        measured("rise", "K", high=120.0, accuracy=2.0, resolution="1", drift_share_per_y=0.002),
    ),
    t90_s=30.0,
    sense_s=10.0,
    interval_s=86_400.0,
    alarm_interval_s=60.0,
    # Class A1 responds at 54 °C at the least, some 30 K above a room: GB 4716.
    alarm=Alarm(level=30.0, of="value"),
    network=NB_IOT,
    is_under_cover=True,
    energy=nb_iot(AA_WH, 0.175e-3),
    battery_life_y=(3.0, 5.0),
    price_cny=100.0,
    upkeep_cny_per_y=25.0,
    mtbf_y=8.0,
    failures=("paint", "draught"),
    source="assumed: the kitchen's companion of a smoke detector; classes of GB 4716",
)
"""How much warmer it is under the ceiling than usual."""

HOME_GAS_ALARM = SensorKind(
    kind="home_gas_alarm",
    domain="safety",
    title="Home gas alarm · 家用燃气报警器",
    channels=(measured("methane", "%LEL", high=20.0, accuracy=3.0, resolution="0.1"),),
    t90_s=30.0,
    sense_s=10.0,
    interval_s=86_400.0,
    alarm_interval_s=60.0,
    # Within the 5-20 %LEL of GB 15322.2 (assumed: the usual 10).
    alarm=Alarm(level=10.0, of="value"),
    network=NB_IOT,
    is_under_cover=True,
    price_cny=250.0,
    upkeep_cny_per_y=40.0,
    mtbf_y=5.0,
    failures=("poisoned by silicones",),
    source="0-20 %LEL, ±3, T90 30 s, daily and events, mains; typical datasheets",
)

CROWD_CAMERA = SensorKind(
    kind="crowd_camera",
    domain="safety",
    title="Crowd camera · 客流密度相机",
    channels=(
        measured(
            "density",
            "1/m2",
            high=10.0,
            accuracy=0.05,
            resolution="0.01",
            relative_from=0.5,
            drift_share_per_y=0.0,
        ),
    ),
    t90_s=1.0,
    sense_s=5.0,
    interval_s=5.0,
    alarm_interval_s=5.0,
    network=FIBRE,
    price_cny=3_000.0,
    upkeep_cny_per_y=300.0,
    mtbf_y=5.0,
    failures=("occlusion", "dark"),
    source="±10 % of the count, 1 s, 5 s; domain facts, section 3",
)

PASSENGER_COUNTER = SensorKind(
    kind="passenger_counter",
    domain="safety",
    title="Passenger counter of a station or venue · 客流计数",
    channels=(
        measured(
            "inside",
            "count",
            high=200_000.0,
            accuracy=5.0,
            resolution="1",
            relative_from=100.0,
            drift_share_per_y=0.0,
        ),
    ),
    sense_s=10.0,
    interval_s=60.0,
    alarm_interval_s=60.0,
    network=FIBRE,
    price_cny=4_000.0,
    upkeep_cny_per_y=300.0,
    mtbf_y=6.0,
    failures=("counts lost at the gate",),
    source="assumed: gates and stereo cameras, ±5 % of those inside",
)

CELL_HEAT_MAP = SensorKind(
    kind="cell_heat_map",
    domain="safety",
    title="Cell-signalling heat map · 手机信令热力",
    channels=(
        measured(
            "people",
            "count",
            high=500_000.0,
            # Fewer than some tens are not told, for privacy: steps of 10 (assumed).
            accuracy=20.0,
            resolution="10",
            relative_from=100.0,
            drift_share_per_y=0.0,
        ),
    ),
    # What is told is some minutes old (assumed: a third of the interval).
    t90_s=300.0,
    sense_s=60.0,
    interval_s=900.0,
    alarm_interval_s=300.0,
    network=FIBRE,
    price_cny=0.0,
    upkeep_cny_per_y=500.0,
    mtbf_y=8.0,
    failures=("lag", "privacy floor"),
    source="±20 %, 5-15 min, a feed of operators; domain facts, section 3",
)
"""People near a base station: a feed of the operators, not a device of the city."""

CLINIC_COUNTS = SensorKind(
    kind="clinic_counts",
    domain="health",
    title="Counts of clinics, hospitals and schools · 症状监测上报",
    channels=tuple(
        counted(name, high=100_000.0)
        for name in ("outpatients", "influenza_like", "fever", "diarrhoea", "emergency", "absent")
    ),
    sense_s=600.0,
    interval_s=3_600.0,
    alarm_interval_s=3_600.0,
    network=FIBRE,
    price_cny=0.0,
    upkeep_cny_per_y=1_000.0,
    mtbf_y=8.0,
    failures=("late entry",),
    source="assumed: an hourly extract of the registers, over the last 24 hours",
)
"""Visits of the last 24 hours by complaint, and pupils absent: a feed, not a device."""

HOSPITAL_LOAD = SensorKind(
    kind="hospital_load",
    domain="health",
    title="Hospital load · 急诊与床位占用",
    channels=tuple(
        measured(name, "/", high=3.0, accuracy=0.0, resolution="0.001", drift_share_per_y=0.0)
        for name in ("emergency", "wards")
    ),
    sense_s=60.0,
    interval_s=900.0,
    alarm_interval_s=300.0,
    # The yellow entry of occupancy: domain facts, section 2.
    alarm=Alarm(level=0.9, of="value"),
    network=FIBRE,
    price_cny=0.0,
    upkeep_cny_per_y=1_000.0,
    mtbf_y=8.0,
    failures=("late entry",),
    source="assumed: an extract of the bed register each quarter of an hour",
)
"""Patients over places in the emergency room and in wards: a feed, not a device."""

ROWS = (
    SMOKE,
    HEAT,
    HOME_GAS_ALARM,
    CROWD_CAMERA,
    PASSENGER_COUNTER,
    CELL_HEAT_MAP,
    CLINIC_COUNTS,
    HOSPITAL_LOAD,
)
