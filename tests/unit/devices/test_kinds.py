"""What each kind's simulated sensors read is as wrong as its row says, within sampling error."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from devices.catalogue import GATEWAY, KINDS, Interference
from devices.link import FIBRE
from devices.uplink import Uplink
from sim.kernel.clock import SECOND
from sim.messages.telemetry import TelemetryBatch

SENSORS = {name: kind for name, kind in KINDS.items() if kind is not GATEWAY}
N, TICKS = 1_500, 12
CUT_SIGMA = 0.9594
"""Standard deviation of a normal that is cut at two sigma onto its limits."""

every_kind = pytest.mark.parametrize("kind", SENSORS.values(), ids=SENSORS)


def middle(channel) -> float:
    """Return a value on a step of the output, well within the range."""
    if channel.is_counter:
        return 10_000.0
    step = float(channel.resolution)
    return round((channel.low + 0.4 * channel.span) / step) * step


@pytest.fixture
def read(street, births, start):
    """Return what reads a truth that stays, or changes by the tick, through a cohort."""

    def readings(kind, truth, ticks=TICKS, n=N, delivery_s=5.0):
        devices = births(kind, n, interval_s=kind.sense_s, alarm_interval_s=kind.sense_s)
        uplink = Uplink(loss=0.0, duplicate_share=0.0, delivery_s=delivery_s)
        scene = street(n, kind, truth=truth(1), devices=devices, uplink=uplink)
        scene.cohort.start()
        for tick in range(1, ticks + 1):
            scene.truth.values = truth(tick)
            scene.at(tick * kind.sense_s)
        # What was sent last is still under way.
        scene.at(ticks * kind.sense_s + kind.network.longest_s + 2 * delivery_s)
        out = np.full((ticks, len(kind.channels), n), np.nan)
        for batch in scene.bus.of(TelemetryBatch):
            tick = (batch.sim_time_ns - start) // round(kind.sense_s * SECOND) - 1
            wanted = tick < ticks
            out[tick[wanted], :, batch.device[wanted]] = batch.values[:, wanted].T
        assert not np.isnan(out).any()
        return out

    return readings


@every_kind
def test_bias_noise_and_resolution_are_the_row_s(kind, read):
    truth = [middle(channel) for channel in kind.channels]
    out = read(kind, lambda _: truth)
    names = [channel.name for channel in kind.channels]
    for row, channel in enumerate(kind.channels):
        felt = truth[row] + sum(
            cross.share * truth[names.index(cross.channel)]
            for cross in channel.cross
            if isinstance(cross, Interference)
        )
        grows = max(1.0, felt / channel.relative_from) if channel.relative_from else 1.0
        step = float(channel.resolution)
        values = out[:, row]
        steps = values / step
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)

        constant = math.hypot(channel.bias_sigma * grows, CUT_SIGMA * channel.gain_sigma * felt)
        noise = math.hypot(channel.noise_sigma * grows, step / math.sqrt(12))
        spread = math.hypot(constant, noise / math.sqrt(TICKS))
        means = values.mean(axis=0)
        expected = channel.gain_mean * felt - (0.5 * step if channel.is_counter else 0.0)
        if spread <= step and channel.accuracy == 0:
            assert np.ptp(values) <= step
            assert abs(means.mean() - felt) <= step
            continue
        assert means.mean() == pytest.approx(expected, abs=5 * spread / math.sqrt(N) + 0.02 * step)
        assert means.std() == pytest.approx(spread, rel=0.1)
        if channel.noise_sigma > 0:
            within = values.std(axis=0, ddof=1)
            assert math.sqrt((within**2).mean()) == pytest.approx(noise, rel=0.05)


@every_kind
def test_readings_end_at_the_ends_of_the_range(kind, read):
    high = [(c.high or middle(c)) + 20 * c.span for c in kind.channels]
    low = [c.low - 20 * c.span for c in kind.channels]
    over, under = (read(kind, lambda _, v=v: v, ticks=2, n=50) for v in (high, low))
    for row, channel in enumerate(kind.channels):
        if channel.high is not None:
            assert over[:, row] == pytest.approx(channel.high)
        assert under[:, row] == pytest.approx(channel.low)


def lagging(kind) -> list:
    """Return the channels whose lag can be seen: no counters, and more than two steps."""
    return [c for c in kind.channels if not c.is_counter and c.span > c.resolution]


@pytest.mark.parametrize(
    "kind",
    [kind for kind in SENSORS.values() if kind.t90_s > 0 and lagging(kind)],
    ids=lambda kind: kind.kind,
)
def test_ninety_percent_of_a_step_shows_after_t90(kind, read):
    # Looks as often as it takes to see the step rise, without what is not asked here.
    calm = tuple(
        replace(c, bias_sigma=0, noise_sigma=0, gain_sigma=0, gain_mean=1.0, hysteresis=0, cross=())
        for c in lagging(kind)
    )
    sense_s = kind.t90_s / 10
    quick = replace(kind, channels=calm, sense_s=sense_s, network=FIBRE)
    top = [middle(c) for c in calm]
    out = read(
        quick,
        lambda tick: [c.low for c in calm] if tick == 1 else top,
        ticks=14,
        n=3,
        delivery_s=sense_s,
    )
    for row, channel in enumerate(calm):
        share = (out[:, row, 0] - channel.low) / (top[row] - channel.low)
        rounding = float(channel.resolution) / (top[row] - channel.low)
        for tick in (1, 5, 10):
            expected = 1 - 10 ** (-tick / 10)
            assert share[tick] == pytest.approx(expected, abs=rounding), channel.name


@every_kind
def test_reports_are_lost_as_its_network_loses_them(kind, street, births):
    devices = births(kind, 4_000, interval_s=kind.sense_s, alarm_interval_s=kind.sense_s)
    scene = street(4_000, kind, devices=devices, uplink=Uplink(loss=0.2, duplicate_share=0.0))
    scene.cohort.start()
    scene.at(5 * kind.sense_s)
    counts = scene.cohort.counts
    chance = 0.2 ** (1 + kind.network.retries)
    spread = math.sqrt(chance * (1 - chance) / counts.sent)
    assert counts.sent == 5 * 4_000
    assert counts.lost / counts.sent == pytest.approx(chance, abs=5 * spread + 1e-9)
