from __future__ import annotations

import gzip
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.bus import Message
from sim.kernel.clock import SECOND
from sim.kernel.errors import PayloadError
from sim.messages import topics, wire
from sim.messages.decode import Decoder
from sim.messages.encode import Encoder
from sim.messages.gather import MAX_CHANNELS
from sim.messages.operator import OperatorOrder
from sim.messages.telemetry import Channel, DeviceBirth, TelemetryBatch
from support.messages import (
    batch,
    birth,
    births_and_batches,
    one_of_each,
    order,
    plain_messages,
    says,
    times,
)
from support.town import START
from support.wired import damaged, json_values

TOPIC = topics.topic("haidian", "water", "water_gauge", "wg-0", topics.TELEMETRY)


def there_and_back(*messages: Message) -> list[Message | PayloadError]:
    encoder = Encoder()
    wired = [w for message in messages for w in encoder.encode(message)]
    return Decoder().decode((w.topic, w.payload) for w in wired)


def read(payload: object, topic: str = TOPIC) -> Message | PayloadError:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    (only,) = Decoder().decode([(topic, raw)])
    return only


@pytest.mark.parametrize("message", [*one_of_each(), order()], ids=lambda m: type(m).__name__)
def test_each_type_of_message_comes_back_saying_the_same(message):
    sent = [message] if not isinstance(message, TelemetryBatch) else [birth(), message]
    came = there_and_back(*sent)
    assert [entry for m in came for entry in says(m)] == [e for m in sent for e in says(m)]


@given(plain_messages)
def test_any_message_comes_back_saying_the_same(message):
    came = there_and_back(message)
    assert [entry for m in came for entry in says(m)] == says(message)


@given(births_and_batches())
def test_any_batch_is_split_into_packs_and_gathered_again(cohort):
    announced, message = cohort
    came = there_and_back(announced, message)
    assert all(isinstance(m, DeviceBirth) for m in came[:-1])
    gathered = came[-1]
    assert isinstance(gathered, TelemetryBatch)
    assert says(gathered) == says(message)


@given(times)
def test_times_are_exact_to_the_millisecond(at):
    payload = [{"bt": at / SECOND, "n": "depth", "u": "m", "v": 1}]
    came = read(payload)
    assert isinstance(came, TelemetryBatch)
    assert came.time_ns.tolist() == [at]


def test_a_channel_without_a_value_is_missing_on_the_wire_and_nan_when_gathered():
    first, second = batch(1, seq=1), batch(1, seq=2)
    second.values[1, 0] = 3.0
    came = there_and_back(birth(1), first, second)[-1]
    assert isinstance(came, TelemetryBatch)
    assert len(came) == 2
    assert math.isnan(came.values[1, 0])
    assert came.values[1, 1] == 3.0


def test_neighbours_of_one_kind_make_one_batch_and_another_message_ends_it():
    encoder = Encoder()
    encoder.encode(birth(3))
    packs = [(w.topic, w.payload) for w in encoder.encode(batch(3))]
    (call,) = [(w.topic, w.payload) for w in encoder.encode(one_of_each()[-1])]
    came = Decoder().decode([packs[0], packs[1], call, packs[2]])
    assert [len(m) if isinstance(m, TelemetryBatch) else 0 for m in came] == [2, 0, 1]


def test_an_unreadable_message_stands_in_its_place_with_its_topic_and_payload():
    encoder = Encoder()
    encoder.encode(birth(2))
    packs = [(w.topic, w.payload) for w in encoder.encode(batch(2))]
    came = Decoder().decode([packs[0], (TOPIC, b"{"), packs[1]])
    assert [type(m).__name__ for m in came] == ["TelemetryBatch", "PayloadError", "TelemetryBatch"]
    assert came[1].topic == TOPIC
    assert came[1].payload == b"{"


def test_a_batch_of_many_strange_channels_stays_small():
    packs = [
        (TOPIC, json.dumps([{"bt": 1, "n": f"c{i}-{j}", "v": j} for j in range(60)]).encode())
        for i in range(6)
    ]
    came = Decoder().decode(packs)
    assert sum(len(m) for m in came) == 6
    assert all(len(m.channels) <= MAX_CHANNELS for m in came)


def test_an_order_never_travels_on_a_topic_of_the_city():
    (sent,) = Encoder().encode(order())
    assert sent.topic == topics.ORDER
    with pytest.raises(PayloadError, match="topic"):
        topics.parse(sent.topic)
    assert isinstance(read(sent.payload, sent.topic), OperatorOrder)


def test_base_unit_and_base_time_hold_until_replaced():
    came = read(
        [
            {"bn": "urn:dev:x:", "bt": 1000, "bu": "m", "n": "a", "v": 1},
            {"n": "b", "v": 2, "u": "Cel"},
            {"n": "c", "v": 3, "t": 0.5},
        ]
    )
    assert isinstance(came, TelemetryBatch)
    assert came.channels == (Channel("a", "m"), Channel("b", "Cel"), Channel("c", "m"))
    assert came.time_ns[0] == 1_000_500_000_000


STATE_TOPIC = topics.topic("haidian", "water", "water_gauge", "wg-0", topics.STATE)
BIRTH = {
    "type": "device",
    "status": "online",
    "time": 1.0,
    "lon": 116.0,
    "lat": 39.0,
    "channels": [{"n": "depth", "u": "m"}],
    "interval_s": 60.0,
}
CLOCK = {"type": "clock", "time": 1.0, "speed": 1.0, "ends": None, "wall": 1.0, "run": "r"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lon": 181.0}, "range"),
        ({"lon": None}, "schema"),
        ({"channels": []}, "schema"),
        ({"interval_s": 0}, "range"),
        ({"interval_s": None}, "range"),
        ({"alarm_interval_s": -1}, "range"),
        ({"link": -1}, "range"),
        ({"link": 2**70}, "range"),
        ({"status": "sleepy"}, "schema"),
        ({"type": "teapot"}, "schema"),
        ({"time": -1}, "range"),
        ({"time": 2**34}, "range"),
    ],
)
def test_a_birth_with_nonsense_is_refused_with_a_countable_reason(change, reason):
    came = read(BIRTH | change, STATE_TOPIC)
    assert isinstance(came, PayloadError)
    assert came.reason == reason


@pytest.mark.parametrize("speed", [0, -1, 1e300])
def test_a_clock_that_cannot_run_is_refused(speed):
    came = read(CLOCK | {"speed": speed}, STATE_TOPIC)
    assert isinstance(came, PayloadError)
    assert came.reason == "range"


@pytest.mark.parametrize(
    "pack",
    [
        [],
        [{"n": "depth"}],
        [{"v": 1}],
        [{"n": "depth", "vs": "deep"}],
        [{"n": "seq", "v": 1}],
        [{"n": "depth", "v": 1}, {"n": "seq", "v": -1}],
        [{"n": "depth", "v": 1}, {"n": "seq", "v": 0.5}],
        [{"n": "depth", "v": 1}, {"n": "sim_time", "v": 1e18}],
        [{"n": f"c{i}", "v": i} for i in range(MAX_CHANNELS + 1)],
    ],
)
def test_a_pack_without_a_sound_reading_is_refused(pack):
    assert isinstance(read(pack), PayloadError)


@pytest.mark.parametrize(
    "change",
    [
        {"links": []},
        {"origin": [0]},
        {"nodes": [[1, 2]]},
        {"districts": []},
        {"districts": [{}]},
        {"stations": [{"node": -1}]},
        {"links": [{"from": 2**40}]},
        {"places": 3},
    ],
)
def test_a_map_that_points_nowhere_is_refused(change):
    (sent,) = Encoder().encode(one_of_each()[1])
    document = json.loads(gzip.decompress(sent.payload))
    for key, value in change.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            document["map"][key][0] |= value[0]
            if not value[0]:
                document["map"][key][0] = {}
        else:
            document["map"][key] = value
    came = read(document, sent.topic)
    assert isinstance(came, PayloadError)
    assert came.reason == "schema"


def test_a_packed_bomb_is_refused_before_it_is_unpacked():
    bomb = gzip.compress(b" " * 50_000_000)
    came = read(bomb, topics.topic(*topics.MAP, topics.STATE))
    assert isinstance(came, PayloadError)
    assert came.reason == "size"


any_topic = st.sampled_from(
    [topics.topic("d", "x", "k", "i", channel) for channel in topics.CHANNELS]
    + [topics.ORDER, topics.topic(*topics.MAP, topics.STATE)]
)


@given(any_topic | st.text(max_size=40), st.binary(max_size=200))
def test_any_bytes_on_any_topic_give_a_message_or_a_payload_error(topic, payload):
    (only,) = Decoder().decode([(topic, payload)])
    assert isinstance(only, Message | PayloadError)


@given(any_topic, json_values)
def test_any_json_on_any_topic_gives_a_message_or_a_payload_error(topic, value):
    payload = json.dumps(value, allow_nan=True).encode("utf-8", "surrogatepass")
    (only,) = Decoder().decode([(topic, payload)])
    assert isinstance(only, Message | PayloadError)


@given(damaged())
def test_a_damaged_message_gives_a_message_or_a_payload_error(wired):
    (only,) = Decoder().decode([wired])
    assert isinstance(only, Message | PayloadError)


def test_every_wire_time_limit_lies_within_what_nanoseconds_can_hold():
    assert np.iinfo(np.int64).max > wire.MAX_TIME_S * SECOND
    assert START / SECOND < wire.MAX_TIME_S
