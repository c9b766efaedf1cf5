from dataclasses import replace

import numpy as np
import pytest

from devices.catalogue import ROAD_WATER_GAUGE, VEHICLE_DETECTOR
from devices.gateway import GatewayOutage, Gateways
from devices.load import Load
from devices.readings import Readings
from devices.ring import Memories, Ring
from devices.uplink import Uplink
from sim.kernel.clock import HOUR, SECOND, Ns
from sim.kernel.errors import InputError
from sim.messages.telemetry import (
    QUALITY_OK,
    QUALITY_STORED,
    DeviceBirth,
    DeviceDeath,
    TelemetryBatch,
)

WEST, EAST = "gateway-0000", "gateway-0001"


@pytest.fixture
def town(start, births, gateway_births, street, clock, bus):
    """Return a maker of two gateways and the four gauges they serve."""

    def make(*outages, told=None, kind=ROAD_WATER_GAUGE, **gear):
        gateways = Gateways(
            gateway_births,
            np.array([[0.0, 0.0], [1000.0, 0.0]]),
            clock=clock,
            bus=bus,
            outages=[
                GatewayOutage(
                    gateway_id=which,
                    start=Ns(start + a * SECOND),
                    end=Ns(start + b * SECOND),
                )
                for which, a, b in outages
            ],
            on_fault=None if told is None else lambda *record: told.append(record),
            **gear,
        )
        devices = births(kind, 4, interval_s=60.0)
        served_by = (WEST, EAST, WEST, None)
        devices = [
            replace(device, gateway_id=gateway)
            for device, gateway in zip(devices, served_by, strict=True)
        ]
        uplink = Uplink(gateways=gateways, loss=0.0, duplicate_share=0.0)
        gateways.start()
        made = street(kind=kind, devices=devices, bus=bus, uplink=uplink, tick_s=60.0)
        made.cohort.start()
        return made

    return make


def said(bus, start):
    """Return (time [s], what, which) of everything that gateways say of themselves."""
    out = []
    for message in bus.messages:
        t_s = (message.ts_event - start) / SECOND
        if isinstance(message, DeviceDeath):
            out.append((t_s, "death", message.device_id))
        elif isinstance(message, DeviceBirth) and message.devices[0].kind == "gateway":
            out += [(t_s, "birth", device.device_id) for device in message.devices]
    return out


def test_without_gateways_none_serves(clock, bus):
    gateways = Gateways([], np.zeros((0, 2)), clock=clock, bus=bus)
    assert gateways.nearest(np.zeros((2, 2))) == [None, None]


def test_the_nearest_of_two_gateways_serves(gateway_births, clock, bus):
    gateways = Gateways(
        gateway_births,
        np.array([[0.0, 0.0], [1000.0, 0.0]]),
        clock=clock,
        bus=bus,
    )
    assert gateways.nearest(np.array([[499.0, 3.0], [501.0, 3.0]])) == [WEST, EAST]


def test_two_hours_down_then_everything_late_in_order_and_once(town, start):
    made = town((WEST, 600, 600 + 7200))
    made.at(4 * 3600)
    readings = made.readings()
    west = [row for row in readings if row[1] in (0, 2)]
    assert not [row for row in west if 605 < row[0] < 7800]
    stored = [row for row in west if row[4] == QUALITY_STORED]
    assert {row[0] for row in stored} == {7805.0}
    # Taken each minute from 600 s to 7,740 s; what was sent before is not held up.
    assert [row[2] for row in stored if row[1] == 0] == [float(t) for t in range(600, 7800, 60)]
    for device in range(4):
        seqs = [row[3] for row in readings if row[1] == device]
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) == 4 * 60 - 1  # the last is still on its way


def test_devices_of_other_gateways_and_of_none_are_not_held_up(town):
    made = town((WEST, 600, 7800))
    made.at(3 * 3600)
    others = [row for row in made.readings() if row[1] in (1, 3)]
    assert all(row[0] - row[2] == 5.0 for row in others)
    assert all(row[4] == QUALITY_OK for row in others)


def test_a_gateway_dies_by_its_will_and_is_born_again(town, start):
    told = []
    made = town((EAST, 600, 900), told=told)
    made.at(1200)
    assert said(made.bus, start) == [
        (0.0, "birth", WEST),
        (0.0, "birth", EAST),
        (615.0, "death", EAST),
        (900.0, "birth", EAST),
    ]
    assert [(who, what, began, (at - start) / SECOND) for who, what, began, at in told] == [
        (EAST, "outage", True, 600.0),
        (EAST, "outage", False, 900.0),
    ]


def test_an_outage_shorter_than_the_keep_alive_is_nobody_s_death(town, start):
    made = town((EAST, 600, 610), (EAST, 612, 620))
    made.at(1200)
    assert [what for _, what, _ in said(made.bus, start)] == ["birth", "birth"]


def test_overlapping_outages_are_one(town, start):
    made = town((EAST, 600, 900), (EAST, 700, 1000))
    made.at(1200)
    assert said(made.bus, start)[2:] == [(615.0, "death", EAST), (1000.0, "birth", EAST)]


def test_a_gateway_reports_its_children_and_on_return_what_it_kept(town, start):
    made = town((WEST, 600, 890))
    made.at(1000)
    reports = [
        ((batch.ts_event - start) / SECOND, batch.seq[row], batch.values[:, row].tolist())
        for batch in made.bus.of(TelemetryBatch)
        if batch.kind == "gateway"
        for row in np.flatnonzero(batch.device == 0)
    ]
    # Two devices, each minute from 600 s to 840 s: ten readings were waiting.
    assert reports[8:] == [
        (540.0, 9, [2.0, 0.0]),
        (890.0, 10, [2.0, 10.0]),
        (900.0, 11, [2.0, 0.0]),
        (960.0, 12, [2.0, 0.0]),
    ]


def test_after_a_broker_restart_a_gateway_that_is_down_is_dead_again(town, start):
    made = town((WEST, 600, 900))
    made.at(700)
    made.gateways.republish()
    assert said(made.bus, start)[-2:] == [(700.0, "birth", EAST), (700.0, "death", WEST)]


def test_after_a_broker_restart_with_all_down_no_empty_birth_is_said(town, start):
    made = town((WEST, 600, 900), (EAST, 600, 900))
    made.at(700)
    before = len(made.bus.messages)
    made.gateways.republish()
    assert [type(m) for m in made.bus.messages[before:]] == [DeviceDeath, DeviceDeath]


def readings(seqs):
    n = len(seqs)
    return Readings(
        device=np.zeros(n, dtype=np.int32),
        time_ns=np.zeros(n, dtype=np.int64),
        values=np.zeros((1, n)),
        quality=np.zeros(n, dtype=np.uint8),
        seq=np.array(seqs),
        sim_time_ns=np.zeros(n, dtype=np.int64),
        battery=None,
    )


def test_a_full_ring_drops_the_oldest_and_counts_them():
    ring = Ring(limit=5)
    ring.push(0, readings([1, 2, 3]))
    ring.push(0, readings([4, 5, 6, 7]))
    ring.push(1, readings([1]))
    assert (ring.held(0), ring.held(1), ring.dropped) == (5, 1, 2)
    assert ring.pop(0).seq.tolist() == [3, 4, 5, 6, 7]
    assert ring.held(0) == 0
    assert ring.pop(0) is None


def test_an_outage_of_an_unknown_gateway_is_refused(gateway_births, clock, bus):
    outage = GatewayOutage(gateway_id="gw-9", start=Ns(0), end=Ns(HOUR))
    with pytest.raises(InputError, match="'gw-9', expected one of the city's gateways"):
        Gateways(
            gateway_births,
            np.zeros((2, 2)),
            clock=clock,
            bus=bus,
            outages=[outage],
        )


def test_a_jammed_gateway_hears_nothing_and_what_is_sent_is_lost_for_good(town):
    told = []
    made = town(told=told, kind=VEHICLE_DETECTOR)
    gateways = made.gateways
    assert gateways.children(WEST) == 2
    made.at(120)
    gateways.jam(WEST)
    gateways.jam(WEST)
    lost = made.cohort.counts.lost
    made.at(400)
    gateways.clear(WEST)
    made.at(600)
    times = {device: [] for device in range(4)}
    for _, device, taken_s, _, quality, _ in made.readings():
        assert quality == QUALITY_OK
        times[device].append(taken_s)
    assert not [t for device in (0, 2) for t in times[device] if 120 < t <= 400]
    assert [t for t in times[1] if 120 < t <= 400]
    assert [t for t in times[3] if 120 < t <= 400]
    counts = made.cohort.counts
    assert counts.lost > lost
    assert counts.sent == counts.lost + counts.delivered + made.cohort.under_way
    assert [(which, what, started) for which, what, started, _ in told] == [
        (WEST, "jammed", True),
        (WEST, "jammed", False),
    ]
    own = [m for m in made.bus.of(TelemetryBatch) if m.kind == "gateway"]
    assert all(len(batch) == 2 for batch in own), "its own line is as good as ever"


def test_devices_with_memory_send_what_nobody_heard_late_in_order_and_once(town):
    made = town()
    made.at(120)
    made.gateways.jam(WEST)
    made.at(400)
    made.gateways.clear(WEST)
    made.at(600)
    west = [row for row in made.readings() if row[1] == 0]
    stored = [row for row in west if row[4] == QUALITY_STORED]
    assert [row[2] for row in stored] == [180.0, 240.0, 300.0, 360.0]
    assert {row[0] for row in stored} == {405.0}
    assert [row[3] for row in west] == list(range(1, len(west) + 1))
    assert made.cohort.counts.lost == 0
    assert made.cohort.counts.stored == 8


def test_a_gateway_without_mains_lives_on_its_battery_and_then_hears_nothing(town, start):
    told = []
    made = town(told=told, backup_s=600.0)
    made.at(100)
    made.gateways.set_mains(0, on=False)
    made.at(2000)
    assert [row[0] for row in made.readings() if row[1] == 0][-1] == 665.0
    made.gateways.set_mains(0, on=True)
    made.at(2300)
    west = [row for row in made.readings() if row[1] == 0]
    assert [row[3] for row in west] == list(range(1, len(west) + 1)), "remembered by the device"
    assert [(what, began, (at - start) / SECOND) for _, what, began, at in told] == [
        ("power", True, 700.0),
        ("outage", True, 700.0),
        ("power", False, 2000.0),
        ("outage", False, 2000.0),
    ]


def test_a_short_loss_of_mains_is_not_noticed_and_a_second_finds_less_charge(town, start):
    told = []
    made = town(told=told, backup_s=600.0)
    for at_s, on in ((100, False), (500, True), (800, False)):
        made.at(at_s)
        made.gateways.set_mains(1, on=on)
    made.at(2000)
    # 200 s are left of the first loss, and 300 s of mains give back 5 s of battery.
    assert [(what, (at - start) / SECOND) for _, what, _, at in told] == [
        ("power", 1005.0),
        ("outage", 1005.0),
    ]


def test_beyond_its_capacity_a_gateway_lets_reports_wait_and_then_drops_them(
    gateway_births, births, street, clock, bus
):
    load = Load(2, capacity_per_s=2.0, limit=30)
    gateways = Gateways(gateway_births, np.zeros((2, 2)), clock=clock, bus=bus, load=load)
    devices = births(ROAD_WATER_GAUGE, 50, gateway_id=WEST, interval_s=600.0)
    uplink = Uplink(gateways=gateways, loss=0.0, duplicate_share=0.0)
    made = street(devices=devices, bus=bus, uplink=uplink, tick_s=600.0)
    made.cohort.start()
    made.at(660)
    at_s = [row[0] for row in made.readings()]
    # All speak at 600 s; ten are served before the next delivery, ten before each further one.
    assert [at_s.count(t) for t in (605.0, 610.0, 615.0)] == [10, 10, 10]
    assert (load.dropped, made.cohort.counts.lost) == (20, 20)


def test_a_device_out_of_reach_is_silent_unborn_and_counted(
    gateway_births, births, street, clock, bus
):
    gateways = Gateways(gateway_births, np.array([[9e3, 0.0], [7e3, 0.0]]), clock=clock, bus=bus)
    devices = [
        replace(device, gateway_id=gateway)
        for device, gateway in zip(births(ROAD_WATER_GAUGE, 2), (WEST, EAST), strict=True)
    ]
    made = street(devices=devices, bus=bus, uplink=Uplink(gateways=gateways, loss=0.0))
    made.cohort.start()
    made.at(3600)
    (birth,) = made.bus.of(DeviceBirth)
    assert [device.device_id[-1] for device in birth.devices] == ["1"]
    assert {row[1] for row in made.readings()} == {1}
    assert made.cohort.uncovered == 1


def test_memories_keep_the_newest_of_each_device():
    memories = Memories(limit=2)
    for at in range(3):
        seqs = [at] * (2 if at < 2 else 1)
        memories.push(0, replace(readings(seqs), device=np.arange(len(seqs), dtype=np.int32)))
    kept = memories.pop(0)
    assert [(d, t) for d, t in zip(kept.device.tolist(), kept.seq.tolist(), strict=True)] == [
        (1, 0),
        (0, 1),
        (1, 1),
        (0, 2),
    ]
    assert memories.dropped == 1
    assert memories.pop(0) is None
