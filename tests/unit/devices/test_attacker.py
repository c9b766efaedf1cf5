from __future__ import annotations

import numpy as np
import pytest

from devices.attacker import REPLAY_AGE_S, Attacker
from devices.catalogue import ROAD_WATER_GAUGE
from devices.cohort import Cohort
from devices.deployment import Deployment
from devices.faults import FaultPlan
from devices.uplink import Uplink
from sim.kernel.clock import SECOND, Ns
from sim.kernel.rng import SeededStreams
from sim.messages.telemetry import TelemetryBatch
from sim.transport.memory import MemoryBus


class Dry:
    """A field that is 0.1 everywhere."""

    def bind(self, xy_m, link, place):
        return lambda: np.full((1, len(xy_m)), 0.1)


class Line:
    """Five gauges, somebody with a key, and all that was said."""

    def __init__(self, clock, births, start, codec: bool) -> None:
        self.clock, self.start = clock, start
        self.bus = MemoryBus(codec=codec)
        self.said: list[TelemetryBatch] = []
        self.bus.subscribe(TelemetryBatch, self.said.append)
        devices = births(ROAD_WATER_GAUGE, 5, interval_s=60.0)
        none = np.full(5, -1, dtype=np.int32)
        self.cohort = Cohort(
            Deployment(
                kind=ROAD_WATER_GAUGE,
                devices=devices,
                xy_m=np.zeros((5, 2)),
                link=none,
                place=none,
                tick_s=60.0,
            ),
            Dry(),
            clock=clock,
            bus=self.bus,
            streams=SeededStreams(3),
            uplink=Uplink(loss=0.0, duplicate_share=0.0),
            faults=FaultPlan(),
        )
        self.cohort.start()
        self.attacker = Attacker([self.cohort], bus=self.bus, clock=clock, streams=SeededStreams(3))

    def at(self, t_s: float) -> None:
        self.clock.advance_to(Ns(self.start + round(t_s * SECOND)), inclusive=True)

    def packs(self) -> list[tuple[str, int, float, float]]:
        """Return (device, seq, taken at [s], depth) of every pack."""
        return [
            (
                batch.roster.ids[int(batch.device[row])],
                int(batch.seq[row]),
                (int(batch.time_ns[row]) - int(self.start)) / SECOND,
                float(batch.values[0, row]),
            )
            for batch in self.said
            for row in range(len(batch))
        ]


@pytest.fixture(params=[False, True], ids=["columns", "codec"])
def line(request, clock, births, start):
    return Line(clock, births, start, request.param)


GAUGES = ("road_water_gauge-0001", "road_water_gauge-0003")


def test_forged_packs_bear_real_names_and_come_at_the_rate_asked_for(line) -> None:
    line.at(100)
    number = line.attacker.forge("road_water_gauge", GAUGES, 0.5)
    line.at(220)
    line.attacker.stop(number)
    line.attacker.stop(number)
    line.at(400)
    forged = [pack for pack in line.packs() if pack[1] >= 1_000_000]
    assert len(forged) == line.attacker.sent == 60
    assert {name for name, *_ in forged} == set(GAUGES)
    assert {depth for *_, depth in forged} == {0.9 * 2.0}
    assert len({(name, seq) for name, seq, *_ in forged}) == 60
    assert all(100 <= taken_s <= 220 for _, _, taken_s, _ in forged)


def test_a_hijacked_topic_says_that_all_is_calm(line) -> None:
    line.at(60)
    line.attacker.hijack("road_water_gauge", GAUGES[:1], 1 / 60)
    line.at(360)
    false = [pack for pack in line.packs() if pack[1] >= 1_000_000]
    assert len(false) == 5
    assert {(name, depth) for name, _, _, depth in false} == {(GAUGES[0], 0.0)}


def test_a_flood_is_as_fast_as_asked_for_and_within_the_range(line) -> None:
    line.at(60)
    line.attacker.flood("road_water_gauge", GAUGES, 200.0)
    line.at(70)
    false = [pack for pack in line.packs() if pack[1] >= 1_000_000]
    assert len(false) == 2000
    depths = np.array([depth for *_, depth in false])
    assert ((depths >= 0) & (depths <= 2)).all()
    assert np.std(depths) > 0.4


def test_a_replay_says_again_word_for_word_what_was_said_minutes_ago(line) -> None:
    line.at(60)
    line.attacker.replay("road_water_gauge", GAUGES, 1.0)
    line.at(60 + REPLAY_AGE_S)
    before, sent = len(line.packs()), line.attacker.sent
    line.at(300)
    packs = line.packs()
    repeated = [pack for i, pack in enumerate(packs) if i >= before and pack in packs[:i]]
    assert len(repeated) == line.attacker.sent - sent > 100
    assert {name for name, *_ in repeated} == set(GAUGES)
    assert len(set(repeated)) > 2, "it follows the devices, some minutes behind"


def test_nothing_is_said_before_an_attack_and_nothing_by_a_kind_unknown(line) -> None:
    line.at(600)
    assert line.attacker.sent == 0
    assert line.attacker.kinds == ("road_water_gauge",)
    assert all(seq < 100 for _, seq, *_ in line.packs())
