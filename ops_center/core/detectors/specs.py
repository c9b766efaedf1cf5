"""Which detectors watch which channel, as rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ops_center.core.detectors.base import Detector
from ops_center.core.detectors.cusum import CusumDetector, CusumSettings
from ops_center.core.detectors.ewma import EwmaDetector, EwmaSettings
from ops_center.core.detectors.fault import RangeDetector, StuckDetector
from ops_center.core.detectors.rate import CounterRate
from ops_center.core.detectors.threshold import Limit, ThresholdDetector


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One detector on a series, and what its opinion is called.

    Attributes
    ----------
    detector, signal
        As in `Finding`.
    make
        Makes the detector, with no series yet.
    """

    detector: str
    signal: str
    make: Callable[[], Detector]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSpec:
    """What is made of one channel of one sensor kind.

    Attributes
    ----------
    channel
        Name of the kind's channel.
    unit
        Unit of the series, after `rate` if there is one.
    rate
        Makes the transform from a counter to a rate; None takes the values as they are.
    faults
        Tests of the device, which run first; while one of them is odd the series is muted.
    watches
        Detectors of events, in order.
    """

    kind: str
    channel: str
    unit: str
    rate: Callable[[], CounterRate] | None = None
    faults: tuple[Watch, ...] = ()
    watches: tuple[Watch, ...] = ()


ROAD_WATER = SeriesSpec(
    kind="road_water_gauge",
    channel="depth",
    unit="m",
    faults=(
        Watch(
            detector="fault",
            signal="out_of_range",
            # Range of the gauge 0-2 m, and 5 cm of error at either end.
            make=lambda: RangeDetector(-0.05, 2.05),
        ),
        Watch(
            detector="fault",
            signal="stuck",
            # Water jitters by 3 mm, the gauge resolves 5 mm: two readings are equal with at
            # most 0.6, thirty in a row with less than one in a million.
            make=lambda: StuckDetector(30, resting_at=0.03, p_equal=0.6),
        ),
    ),
    watches=(
        Watch(
            detector="threshold",
            signal="depth_high",
            # Below 0.10 m a puddle, a splash or debris is as likely as a flood; the ponding
            # limit of GB 51222 is 0.15 m. Odds of 4.5 and 55 to 1 (assumed).
            make=lambda: ThresholdDetector(
                (Limit(at=0.10, llr=1.5), Limit(at=0.15, llr=4.0)), hysteresis=0.02
            ),
        ),
        Watch(
            detector="cusum",
            signal="depth_rising",
            # Dry is the usual; the accuracy of the gauge is 1 cm.
            make=lambda: CusumDetector(
                CusumSettings(
                    direction="up", sigma_floor=0.01, prior=(0.0, 10.0), warm_up=5.0, llr_max=2.0
                )
            ),
        ),
    ),
)

RAIN = SeriesSpec(
    kind="rain_gauge",
    channel="rain",
    unit="mm/h",
    # A tip of 0.2 mm in a minute is 12 mm/h: three minutes' memory brings its error below
    # 2 mm/h and still follows a cloudburst (assumed).
    rate=lambda: CounterRate(per_s=3600.0, smooth_s=180.0),
    faults=(
        Watch(
            detector="fault",
            signal="out_of_range",
            # Tipping buckets measure up to 4 mm/min; half as much again is no rain.
            make=lambda: RangeDetector(0.0, 360.0),
        ),
    ),
    watches=(
        Watch(
            detector="threshold",
            signal="raining",
            # Two tips in three minutes: it rains enough that water may come again. Says next
            # to nothing of a flood by itself (assumed).
            make=lambda: ThresholdDetector((Limit(at=5.0, llr=0.3),), hysteresis=3.0),
        ),
        Watch(
            detector="threshold",
            signal="rain_high",
            # Sunken roads are drained for 30-45 mm/h (Beijing after 2012). Odds of 4.5 and 12
            # to 1 (assumed).
            make=lambda: ThresholdDetector(
                (Limit(at=30.0, llr=1.5), Limit(at=60.0, llr=2.5)), hysteresis=10.0
            ),
        ),
    ),
)

SPEED = SeriesSpec(
    kind="vehicle_detector",
    channel="speed",
    unit="m/s",
    faults=(
        Watch(
            detector="fault",
            signal="out_of_range",
            make=lambda: RangeDetector(0.0, 60.0),
        ),
        Watch(
            detector="fault",
            signal="stuck",
            # Half a metre a second of noise on a step of 0.1: equal with at most 0.06.
            make=lambda: StuckDetector(20, resting_at=0.0, p_equal=0.06),
        ),
    ),
    watches=(
        Watch(
            detector="ewma",
            signal="speed_low",
            # Drivers slow by a third where water stands (Pregnolato 2017,
            # doi:10.1016/j.trd.2017.06.020, at 0.1 m); less than a fifth is the daily play of
            # traffic. Ten reports' memory: a minute each, half the speed is seen in five.
            make=lambda: EwmaDetector(
                EwmaSettings(
                    above=False,
                    alpha_short=0.1,
                    sigma_floor=0.2,
                    relative_min=0.2,
                    shift_min=1.5,
                )
            ),
        ),
    ),
)

METHANE = SeriesSpec(
    kind="gas_detector",
    channel="methane",
    unit="%LEL",
    watches=(
        Watch(
            detector="threshold",
            signal="methane_high",
            # Utility tunnels: alarm at 20, cut-off at 25 %LEL. Sewage gives off methane, too, so
            # that the alarm is a suspicion, and only the cut-off sends a crew: odds of 20 and 400
            # to 1 (assumed).
            make=lambda: ThresholdDetector(
                (Limit(at=20.0, llr=3.0), Limit(at=25.0, llr=6.0)), hysteresis=3.0
            ),
        ),
    ),
)

DEFAULT_SPECS: tuple[SeriesSpec, ...] = (ROAD_WATER, RAIN, SPEED, METHANE)
"""What the centre watches unless it is told otherwise."""
