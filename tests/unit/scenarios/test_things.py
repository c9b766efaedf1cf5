from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Sequence

import jsonschema_rs
import numpy as np
import pytest

from devices.catalogue import KINDS, SensorKind
from scenarios.things import ACTIONS, describe
from sim.messages.encode import Encoder
from sim.messages.field import Command
from sim.messages.telemetry import DeviceBirth, Roster, TelemetryBatch
from support.messages import command, device
from support.standards import standard
from support.town import START


@pytest.mark.parametrize("row", KINDS.values(), ids=lambda row: row.kind)
def test_every_kind_has_a_thing_description(row):
    faults = standard("thing-description-1.1").iter_errors(describe(row))
    assert [error.message for error in faults] == []


@pytest.mark.parametrize("key", ["@context", "title", "security", "securityDefinitions"])
def test_a_description_without_what_the_standard_asks_for_is_none(key):
    wrong = copy.deepcopy(describe(KINDS["rain_gauge"]))
    del wrong[key]
    assert not standard("thing-description-1.1").is_valid(wrong)


def pack_of(row: SensorKind, values: Sequence[float]) -> tuple[str, object]:
    """Return the topic and the pack of one report of so much in each channel."""
    info = dataclasses.replace(
        device(0), kind=row.kind, domain=row.domain, channels=row.message_channels
    )
    batch = TelemetryBatch(
        ts_event=START,
        kind=row.kind,
        roster=Roster([info.device_id]),
        channels=row.message_channels,
        device=np.zeros(1, dtype=np.int32),
        time_ns=np.full(1, START),
        values=np.array(values, dtype=float).reshape(-1, 1),
        quality=np.ones(1, dtype=np.uint8),
        seq=np.ones(1, dtype=np.int64),
        sim_time_ns=np.full(1, START),
        battery=np.full(1, 50.0),
    )
    encoder = Encoder()
    encoder.encode(DeviceBirth(ts_event=START, devices=[info]))
    (sent,) = encoder.encode(batch)
    return sent.topic, json.loads(sent.payload)


@pytest.mark.parametrize("row", KINDS.values(), ids=lambda row: row.kind)
def test_a_reading_of_the_kind_is_what_its_property_and_form_say(row):
    telemetry = describe(row)["properties"]["telemetry"]
    topic, pack = pack_of(row, [channel.low for channel in row.channels])
    assert jsonschema_rs.Draft202012Validator(telemetry).is_valid(pack)
    for form in telemetry["forms"]:
        assert form["href"].format(district="haidian", device="wg-0") == topic
    other = [record | {"n": "something"} for record in pack]
    assert not jsonschema_rs.Draft202012Validator(telemetry).is_valid(other)


@pytest.mark.parametrize(
    ("word", "args", "is_sound"),
    [
        ("set_interval", {"interval_s": 60.0, "alarm_interval_s": 10.0}, True),
        ("set_interval", {}, False),
        ("set_interval", {"interval_s": -1}, False),
        ("calibrate", {}, True),
        ("reboot", {}, True),
        ("update_firmware", {"version": "1.2.0"}, True),
        ("update_firmware", {"version": "latest"}, False),
        ("self_test", {}, True),
    ],
)
def test_an_actions_input_is_the_command_that_asks_for_it(word, args, is_sound):
    row = KINDS["road_water_gauge"]
    action = describe(row)["actions"][word]
    order: Command = dataclasses.replace(
        command(1), action=word, args=args, target_kind=row.kind, target_domain=row.domain
    )
    (sent,) = Encoder().encode(order)
    check = jsonschema_rs.Draft202012Validator(action["input"])
    assert check.is_valid(json.loads(sent.payload)) is is_sound
    (form,) = action["forms"]
    assert form["href"].format(district="haidian", device="pump-1") == sent.topic
    assert word in ACTIONS
