from __future__ import annotations

import numpy as np
import pytest

from sim.kernel.clock import HOUR, MINUTE, Ns, monotonic_s
from sim.kernel.errors import InputError
from sim.kernel.rng import SeededStreams
from sim.world.background import Background
from sim.world.background.calls import DEMAND_SHARE, LINES, PER_1000_DAY
from sim.world.background.clinics import COUNTS, INFLUENZA_LIKE_SHARE, day_of
from sim.world.background.fit.signals import read_arrivals, read_fires, read_footfall, read_noise
from sim.world.background.fit.statistics import autocorrelation
from sim.world.background.fitted import document
from sim.world.background.footfall import PLACE_KINDS
from sim.world.background.noise import KINDS, LEVEL_DBA
from sim.world.background.use import USERS, in_heating_season

TUESDAY = Ns((int(np.datetime64("2026-04-21T00", "h").astype(int)) - 8) * HOUR)
SATURDAY = Ns(TUESDAY + 4 * 24 * HOUR)
JANUARY = Ns((int(np.datetime64("2027-01-19T00", "h").astype(int)) - 8) * HOUR)
JULY = Ns((int(np.datetime64("2026-07-21T00", "h").astype(int)) - 8) * HOUR)
DAY = 24 * HOUR


def course(start, fn, step=HOUR, count=24):
    return np.array([fn(Ns(start + k * step + step // 2)) for k in range(count)])


def weeks(start, fn, count=8):
    """Mean day over some weeks' workdays."""
    days = [course(start + (7 * k + d) * DAY, fn) for k in range(count) for d in range(4)]
    return np.mean(days, axis=0)


def test_water_has_the_published_day_two_crests_and_a_quiet_night(background):
    day = weeks(TUESDAY - DAY, background.water.total, 3)
    day = day / day.mean()
    assert 1.2 <= day.max() <= 1.6
    assert 7 <= day.argmax() <= 12
    evening = 17 + day[17:21].argmax()
    assert day[evening] > 1.1
    assert day[evening] > day[14:17].min()
    assert day[:5].max() < 0.75


def test_power_is_low_before_dawn_and_high_before_noon_and_after_dusk(background):
    day = weeks(TUESDAY - DAY, background.power.total, 6)
    assert 3 <= day[:8].argmin() <= 5
    assert day[10:12].mean() > day[13:15].mean()
    assert day[18:21].mean() > day[13:15].mean()
    assert 0.5 < day.min() / day.max() < 0.7


@pytest.mark.parametrize("name", ["water", "power"])
def test_use_has_mean_one_over_years(background, name):
    factor = getattr(background, name).factor
    mean = np.mean([factor(Ns(TUESDAY + k * 11 * HOUR)) for k in range(3 * 8_766 // 11)], axis=0)
    assert mean.shape == (len(USERS),)
    assert mean == pytest.approx(np.ones(3), abs=0.03)


def test_heat_and_cold_raise_the_load(background):
    usual = background.power.total(JULY)
    temp_c = background.climate.at(JULY).temp_c
    background.climate.add_anomaly("heat", lambda _: change(40 - temp_c))
    hot = background.power.total(JULY)
    assert hot / usual == pytest.approx(
        (1 + 0.02 * 14) / (1 + 0.02 * max(temp_c - 26, 0)), rel=1e-6
    )


def change(temp_c):
    from sim.world.background.climate import Change

    return Change(temp_c=temp_c)


def test_heat_is_for_the_season_only_and_follows_the_cold(background):
    assert not in_heating_season(TUESDAY)
    assert background.heat.factor(TUESDAY) == 0.0
    assert in_heating_season(JANUARY)
    mild = background.heat.factor(JANUARY)
    background.climate.add_anomaly("cold", lambda _: change(-8.0))
    assert background.heat.factor(JANUARY) > mild + 0.3
    season = [Ns(JANUARY + k * DAY) for k in range(-65, 55)]
    background.climate.remove_anomaly("cold")
    mean = np.mean([background.heat.factor(day) for day in season])
    assert mean == pytest.approx(1.0, abs=0.12)


def test_places_keep_their_hours(background):
    usual = background.footfall.usual
    work, rest = course(TUESDAY, usual), course(SATURDAY, usual)
    office, transit, shopping, night = (PLACE_KINDS.index(k) for k in PLACE_KINDS[:4])
    assert work[12, office] > 2.5
    assert rest[:, office].sum() < 0.8 * work[:, office].sum()
    assert 7 <= 6 + work[6:10, transit].argmax() <= 8
    assert 16 <= 14 + work[14:20, transit].argmax() <= 18
    assert rest[15, shopping] > rest[9, shopping]
    assert rest[0, night] > 2 * work[0, night]


def test_footfall_strays_from_the_usual_as_fitted(background):
    hours = [Ns(TUESDAY + k * 7 * HOUR) for k in range(4_000)]
    ratio = np.array([background.footfall.factor(h) / background.footfall.usual(h) for h in hours])
    written = document()["footfall"]
    spread = np.log(ratio).std(axis=0)
    assert spread == pytest.approx(list(written["spread_log"].values()), rel=0.15)
    assert ratio.mean(axis=0) == pytest.approx(np.ones(5), abs=0.1)


@pytest.mark.data
def test_footfall_has_the_real_places_hours(background, shared_data):
    weekday, hour, counts = read_footfall(shared_data / "signals", (2023, 2024, 2025))
    real = counts["19 Shortland Street"] / np.nanmean(counts["19 Shortland Street"])
    work = np.array([np.nanmean(real[(weekday < 5) & (hour == h)]) for h in range(24)])
    ours = course(TUESDAY, background.footfall.usual)[:, PLACE_KINDS.index("office")]
    assert np.corrcoef(ours, work)[0, 1] > 0.98


def test_noise_beside_roads_is_louder_and_nights_are_quieter(background):
    kinds = np.arange(len(KINDS), dtype=np.int32)
    read = background.noise.bind(np.zeros((len(KINDS), 2)), kinds)
    levels = course(TUESDAY, read_without_flow(read), 10 * MINUTE, 144 * 4)
    by_day = levels.reshape(-1, 144, len(KINDS))[:, 36:132].mean(axis=(0, 1))
    at_night = levels.reshape(-1, 144, len(KINDS))[:, :30].mean(axis=(0, 1))
    assert (np.diff(by_day) < 0).all()
    assert by_day == pytest.approx([LEVEL_DBA[k] for k in KINDS], abs=2.5)
    assert (by_day - at_night > 2).all()


def read_without_flow(read):
    return lambda now: read(now, None)


def test_tenfold_traffic_is_ten_decibels(background):
    read = background.noise.bind(np.zeros((1, 2)), np.array([2]))
    one, ten = (read(TUESDAY, np.array([flow]))[0] for flow in (0.3, 3.0))
    assert ten - one == pytest.approx(10.0)


@pytest.mark.data
def test_noise_has_the_real_places_spread_and_memory(shared_data):
    minute, level = read_noise(shared_data / "signals")
    hourly = np.array([level[minute // 60 == h].mean() for h in range(24)])
    real = level - hourly[minute // 60]
    points = np.arange(60)[:, None] * np.array([[5_000.0, 0.0]])
    read = Background(SeededStreams(5), np.zeros(2)).noise.bind(points, np.full(60, 7))
    ours = np.array([read(Ns(TUESDAY + k * MINUTE), np.ones(60)) for k in range(2_880)]).T
    assert ours.std() == pytest.approx(real.std(), rel=0.1)
    assert np.quantile(ours - ours.mean(), [0.05, 0.95]) == pytest.approx(
        np.quantile(real, [0.05, 0.95]), abs=0.7
    )
    anywhere = ours - ours.mean()
    for lag in (1, 10, 60):
        found = (anywhere[:, :-lag] * anywhere[:, lag:]).mean() / anywhere.var()
        assert found == pytest.approx(autocorrelation(real, lag), abs=0.06), lag


def test_calls_come_at_the_published_rates(background):
    mean = np.mean(
        [background.calls.rates(Ns(TUESDAY + k * 7 * HOUR)) for k in range(3 * 8_766 // 7)], axis=0
    )
    assert mean == pytest.approx(PER_1000_DAY, rel=0.06)
    assert mean[LINES.index("120")] * 21_832 == pytest.approx(4_700, rel=0.06)
    assert 0 < DEMAND_SHARE < 1


def test_ambulances_are_called_least_before_dawn_and_most_in_the_morning(background):
    day = weeks(TUESDAY - DAY, lambda now: background.calls.rates(now)[2], 4)
    assert day.argmin() == 4
    assert day.argmax() == 9
    assert day[20] > day[17]


def test_heat_calls_ambulances_and_new_year_quietens_all_but_fires(background):
    hot, warm = (background.calls.rates(JULY, temp_c) for temp_c in (38.0, 32.0))
    assert hot / warm == pytest.approx([1, 1, 1.18, 1, 1])
    eve = Ns((int(np.datetime64("2027-02-06T12", "h").astype(int)) - 8) * HOUR)
    before = Ns(eve - 14 * DAY)
    ratio = background.calls.rates(eve) / background.calls.rates(before)
    assert ratio[1] == pytest.approx(1.0, abs=0.05)
    assert (np.delete(ratio, 1) < 0.9).all()


def test_drawn_calls_have_their_rate_and_come_back_for_the_same_span(background):
    population = np.array([2e6, 0.0])
    spans = [(Ns(TUESDAY + k * HOUR), Ns(TUESDAY + (k + 1) * HOUR)) for k in range(24 * 7)]
    drawn = np.array([background.calls.draw(*span, population) for span in spans])
    expected = np.array([background.calls.rates(Ns((a + b) // 2)) for a, b in spans]) * 2_000 / 24
    assert (drawn[:, :, 1] == 0).all()
    for line in range(5):
        total = expected[:, line].sum()
        assert abs(drawn[:, line, 0].sum() - total) < 4 * np.sqrt(total)
    assert np.array_equal(background.calls.draw(*spans[5], population), drawn[5])
    double = background.calls.draw(*spans[5], population, factor=20.0)
    assert double[0, 0] > 5 * drawn[5, 0, 0]
    with pytest.raises(InputError, match="at least 1 s"):
        background.calls.draw(TUESDAY, TUESDAY, population)


@pytest.mark.data
def test_fires_break_out_at_the_real_hours(shared_data):
    _, hour = read_fires(shared_data / "signals")
    real = np.bincount(hour, minlength=24) * 24 / len(hour)
    assert document()["fires_by_hour"] == pytest.approx(real, abs=0.001)


def test_clinics_count_as_published(background):
    first = day_of(TUESDAY)
    counts = np.array(
        [background.clinics.counts(first + d, np.full(3, 1e6)).sum(axis=1) for d in range(3 * 365)]
    )
    share = counts[:, 1].sum() / counts[:, 0].sum()
    assert share == pytest.approx(INFLUENZA_LIKE_SHARE, abs=0.002)
    winter = [d for d in range(3 * 365) if (d + 111) % 365 < 30]
    summer = [d for d in range(3 * 365) if 180 <= (d + 111) % 365 < 210]
    ill = counts[:, 1] / counts[:, 0]
    assert ill[winter].mean() > 2 * ill[summer].mean()
    gut = counts[:, COUNTS.index("diarrhoea")]
    assert gut[summer].mean() > 1.3 * gut[winter].mean()
    emergency = counts[:, 4]
    assert emergency.var() > 1.5 * emergency.mean()


@pytest.mark.data
def test_emergency_departments_have_the_real_week_and_spread(background, shared_data):
    weekday, arrivals = read_arrivals(shared_data / "signals")
    # As many people as bring the real department's 221 a day.
    people = np.array([arrivals.mean() / 0.5 * 1000])
    first = day_of(TUESDAY) - 1  # a Monday
    ours = np.array([background.clinics.counts(first + d, people)[4, 0] for d in range(7 * 300)])
    week = ours.reshape(-1, 7).mean(axis=0)
    real = np.array([arrivals[weekday == d].mean() for d in range(7)])
    assert week == pytest.approx(real, rel=0.03)
    rest = (ours - np.tile(week, 300)).var() / ours.mean()
    assert rest == pytest.approx((arrivals - real[weekday]).var() / arrivals.mean(), rel=0.2)


def test_a_day_of_minutes_takes_under_a_second(background):
    xy_m = np.random.default_rng(4).uniform(0, 8_000, (1_000, 2))
    air = background.air.bind(xy_m)
    noise = background.noise.bind(xy_m, np.zeros(1_000, dtype=np.int32))
    people = np.full(16, 1e6)

    def minute(now):
        air(now)
        background.climate.at(now)
        noise(now, None)
        background.water.factor(now)
        background.power.factor(now)
        background.footfall.factor(now)
        background.calls.draw(now, Ns(now + MINUTE), people)

    minute(TUESDAY)
    taken = []
    for hour in range(24):
        start = monotonic_s()
        for k in range(60):
            minute(Ns(TUESDAY + hour * HOUR + k * MINUTE))
        taken.append(monotonic_s() - start)
    # The median hour: another process may take the processor in any one of them.
    assert 24 * np.median(taken) < 1.0
