from __future__ import annotations

import math

import numpy as np

from ops_center.core.ingest import Ingest
from ops_center.core.inventory import ROSTERS_KEPT, Inventory
from ops_center.core.presence import FAULTY, OFFLINE, ONLINE, SILENT
from sim.messages.telemetry import Roster
from support.telemetry import T0, Reading, after, batch, birth, death, device

LATENESS_S = 20.0


class Scene:
    """A gateway, two gauges behind it, one gauge beside it; all report each minute."""

    def __init__(self):
        self.inventory = Inventory(LATENESS_S)
        self.ingest = Ingest(self.inventory, LATENESS_S)
        self.gateway = device("gw-1", "gateway")
        self.children = [device(f"wg-{i}", gateway_id="gw-1") for i in range(2)]
        self.free = device("wg-free")
        self.inventory.birth(birth([*self.children, self.free, self.gateway]), T0)
        self.seq = 0

    def say(self, at_s, *ids):
        self.seq += 1
        for device_id in ids:
            kind, values = ("gateway", (2.0, 0.0)) if device_id == "gw-1" else (None, (0.0,))
            reading = Reading(device_id, self.seq, at_s, values)
            self.ingest.push(batch([reading], kind or "road_water_gauge"), after(at_s))

    def changes(self, at_s):
        return [
            (c.device_id, c.status, c.reason.split(";")[-1].strip())
            for c in self.inventory.silent(after(at_s))
        ]

    def status(self, device_id):
        return int(self.inventory.presence.status[self.inventory.find(device_id)])


def test_silence_is_told_after_three_intervals_and_the_lateness_once():
    scene = Scene()
    scene.say(60, "wg-free", "wg-0", "wg-1", "gw-1")
    scene.say(240, "wg-0", "wg-1", "gw-1")
    assert scene.changes(260) == []
    assert scene.changes(261) == [("wg-free", "silent", "no word for 201 s")]
    assert scene.changes(300) == []
    scene.say(301, "wg-free")
    assert scene.changes(301) == [("wg-free", "online", "heard again")]
    assert scene.status("wg-free") == ONLINE


def test_device_never_heard_becomes_silent_too():
    scene = Scene()
    scene.say(180, "wg-0", "wg-1", "gw-1")
    assert scene.changes(201) == [("wg-free", "silent", "no word for 201 s")]


def test_silent_gateway_explains_its_children():
    scene = Scene()
    scene.say(60, "wg-free", "wg-0", "wg-1", "gw-1")
    scene.say(250, "wg-free")
    assert scene.changes(261) == [("gw-1", "silent", "2 devices behind it")]
    assert [scene.status(i) for i in ("gw-1", "wg-0", "wg-1", "wg-free")] == [
        SILENT,
        OFFLINE,
        OFFLINE,
        ONLINE,
    ]
    assert scene.changes(400) == []


def test_child_overdue_before_its_doubtful_gateway_waits_for_the_gateway_to_be_judged():
    scene = Scene()
    scene.say(60, "wg-free", "wg-0", "wg-1", "gw-1")
    scene.say(100, "gw-1")
    scene.say(260, "wg-free")
    assert scene.changes(270) == []
    assert scene.changes(301) == [("gw-1", "silent", "2 devices behind it")]


def test_child_silent_behind_a_live_gateway_is_told():
    scene = Scene()
    scene.say(60, "wg-free", "wg-0", "wg-1", "gw-1")
    scene.say(250, "wg-free", "wg-1", "gw-1")
    assert scene.changes(261) == [("wg-0", "silent", "no word for 201 s")]


def test_will_of_a_gateway_takes_its_children_off_line_until_they_speak():
    scene = Scene()
    scene.say(60, "wg-free", "wg-0", "wg-1", "gw-1")
    scene.inventory.death(death(scene.gateway), after(70))
    scene.say(65, "wg-0")
    assert scene.status("wg-0") == OFFLINE, "a straggler is no sign of life"
    assert scene.changes(71) == [("gw-1", "offline", "2 devices behind it")]
    scene.inventory.birth(birth([scene.children[0]]), after(80))
    assert scene.status("wg-0") == OFFLINE, "its retained birth comes again, it does not"
    scene.inventory.birth(birth([scene.gateway]), after(200))
    scene.say(210, "wg-free", "gw-1", "wg-0")
    assert scene.changes(211) == [("gw-1", "online", "born again")]
    assert [scene.status(i) for i in ("wg-0", "wg-1")] == [ONLINE, OFFLINE]
    scene.say(390, "wg-free", "gw-1", "wg-0")
    assert scene.changes(401) == [("wg-1", "silent", "no word for 201 s")]


def test_gateway_born_after_and_before_its_children_is_the_same():
    for order in (1, -1):
        inventory = Inventory(LATENESS_S)
        for info in [device("gw-1", "gateway"), device("wg-0", gateway_id="gw-1")][::order]:
            inventory.birth(birth([info]), T0)
        inventory.death(death(device("gw-1", "gateway")), after(1))
        assert [c.device_id for c in inventory.silent(after(2))] == ["gw-1"]
        assert inventory.presence.status[inventory.find("wg-0")] == OFFLINE


def test_faulty_device_stays_faulty_through_a_silence():
    scene = Scene()
    scene.say(60, "wg-free", "wg-0", "wg-1", "gw-1")
    slot = scene.inventory.find("wg-free")
    presence = scene.inventory.presence
    presence.mark_faulty(slot, after(61), faulty=True, reason="stuck")
    scene.say(120, "wg-free", "wg-0", "wg-1", "gw-1")
    assert scene.changes(121) == [("wg-free", "faulty", "stuck")]
    scene.say(320, "wg-0", "wg-1", "gw-1")
    assert scene.changes(330)[0][:2] == ("wg-free", "silent")
    scene.say(340, "wg-free")
    assert scene.status("wg-free") == FAULTY
    presence.mark_faulty(slot, after(341), faulty=False, reason="sound again")
    assert scene.status("wg-free") == ONLINE


def test_first_words_change_nothing_worth_telling():
    scene = Scene()
    scene.say(60, "wg-free", "wg-0", "wg-1", "gw-1")
    assert scene.changes(61) == []


def test_rebirth_updates_and_never_moves_a_slot_or_changes_a_kind():
    scene = Scene()
    slot = scene.inventory.find("wg-free")
    scene.inventory.birth(birth([device("wg-free", district="xicheng", link=7)]), after(5))
    scene.inventory.birth(birth([device("wg-free", "rain_gauge")]), after(6))
    assert scene.inventory.find("wg-free") == slot
    assert scene.inventory.districts[scene.inventory.district[slot]] == "xicheng"
    assert scene.inventory.link[slot] == 7
    assert scene.inventory.refused == 1


def test_table_is_an_immutable_picture_of_all_devices():
    scene = Scene()
    table = scene.inventory.table()
    scene.say(60, "wg-free", "wg-0", "wg-1", "gw-1")
    scene.ingest.release(after(100))
    later = scene.inventory.table()
    assert table.ids == later.ids == ("wg-0", "wg-1", "wg-free", "gw-1")
    assert np.isnan(table.value).all()
    assert later.value.tolist() == [0.0, 0.0, 0.0, 2.0]
    assert later.last_seen_ns.tolist() == [after(60)] * 4
    assert later.units[-1] == "count"
    assert not later.value.flags.writeable


def test_missing_channel_keeps_its_last_value():
    inventory = Inventory(LATENESS_S)
    inventory.birth(birth([device("v-0", "vehicle_detector")]), T0)
    ingest = Ingest(inventory, LATENESS_S)
    ingest.push(batch([Reading("v-0", 1, 10, (1.0, 9.0, 0.1))], "vehicle_detector"), after(10))
    ingest.push(batch([Reading("v-0", 2, 20, (1.0, math.nan, 0.0))], "vehicle_detector"), after(20))
    ingest.release(after(60))
    slots, speed = inventory.latest_of("vehicle_detector", "speed")
    assert (slots.tolist(), speed.tolist()) == ([0], [9.0])
    assert inventory.latest_ns[0] == after(20)
    assert inventory.latest_of("vehicle_detector", "colour")[0].size == 0
    assert inventory.latest_of("tide_gauge", "depth")[0].size == 0


def test_rosters_remembered_are_bounded():
    scene = Scene()
    rosters = [Roster(["wg-0", "nobody"]) for _ in range(ROSTERS_KEPT + 5)]
    for roster in rosters:
        assert scene.inventory.roster_slots(roster, "road_water_gauge").tolist() == [0, -1]
    assert len(scene.inventory._rosters) == ROSTERS_KEPT
