"""SenML in both forms: they say the same, and neither can be made to break the reader."""

from __future__ import annotations

import contextlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.errors import PayloadError
from sim.messages import senml
from sim.messages.wire import Record
from support.messages import floats, texts

records = st.lists(
    st.builds(
        Record,
        bn=st.none() | texts,
        bt=st.none() | floats,
        bu=st.none() | texts,
        bv=st.none() | floats,
        bver=st.none() | st.integers(0, 20),
        n=st.none() | texts,
        u=st.none() | texts,
        v=st.none() | floats,
        vs=st.none() | texts,
        vb=st.none() | st.booleans(),
        t=st.none() | floats,
    ),
    max_size=5,
)


@given(records)
def test_json_and_cbor_say_the_same(pack):
    assert senml.read(senml.write(pack, "json")) == pack
    assert senml.read(senml.write(pack, "cbor")) == pack


def test_cbor_has_the_integers_of_the_rfc():
    """RFC 8428, table 4, and the sample of section 6 read by it."""
    pack = [
        Record(bn="urn:dev:ow:10e2073a01080063:", bt=1.320078429e09, bu="A", bver=5),
        Record(n="voltage", u="V", v=120.1),
        Record(n="current", t=-5.0, v=1.2),
    ]
    assert cbor2.loads(senml.write(pack, "cbor")) == [
        {-2: "urn:dev:ow:10e2073a01080063:", -3: 1320078429.0, -4: "A", -1: 5},
        {0: "voltage", 1: "V", 2: 120.1},
        {0: "current", 6: -5.0, 2: 1.2},
    ]


def test_decimal_fractions_indefinite_arrays_and_strange_labels_are_read():
    fraction = cbor2.loads(bytes.fromhex("c48221196ab3"))
    assert float(fraction) == 273.15
    (read,) = senml.read(bytes.fromhex("9fa302c48221196ab30061741863f6ff"))
    assert read == Record(n="t", v=273.15)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "json"),
        (b"[", "json"),
        (b"[{]", "json"),
        (b'[{"v":"deep"}]', "schema"),
        (b"\x81", "cbor"),
        (b"\x81" * 2000, "cbor"),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "cbor"),
        (senml.write([Record(n="a", v=1.0)], "cbor") + b"\x00", "cbor"),
        (cbor2.dumps([{0: "a", 2: 1, "x": [1]}])[:-1], "cbor"),
        (bytes.fromhex("81a202010202"), "cbor"),
        (b"\x81\x01", "schema"),
        (cbor2.dumps([{2: "deep"}]), "schema"),
        (cbor2.dumps([{2: 2**70_000}]), "schema"),
        (cbor2.dumps([{0: b"depth", 2: 1}]), "schema"),
        (cbor2.dumps([{2: cbor2.CBORTag(35, "(a+)+$")}]), "schema"),
        (bytes.fromhex("81a102c5821a00ffffff01"), "cbor"),
    ],
)
def test_what_is_no_pack_is_refused_with_a_countable_reason(payload, reason):
    with pytest.raises(PayloadError) as refused:
        senml.read(payload)
    assert refused.value.reason == reason


@given(st.binary(max_size=100), st.integers(0x80, 0x9F))
def test_any_bytes_that_look_like_cbor_are_read_or_refused(rest, first):
    payload = bytes([first]) + rest
    try:
        pack = senml.read(payload)
    except PayloadError:
        return
    assert all(isinstance(record, Record) for record in pack)


@given(records, st.data())
def test_a_damaged_cbor_pack_is_read_or_refused(pack, data):
    payload = bytearray(senml.write(pack, "cbor"))
    payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PayloadError):
        assert all(isinstance(record, Record) for record in senml.read(bytes(payload)))


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("urn:dev:ops:chengmai-rain_gauge-rain-01-2:", ("rain_gauge", "rain-01-2")),
        ("urn:dev:ops:chengmai-rain_gauge-rain-01-2", None),
        ("urn:dev:ops:chengmai-rain_gauge:", None),
        ("urn:dev:ops:chengmai--x:", None),
        ("urn:dev:ops:chengmai-A-x:", None),
        ("urn:dev:mac:0024befffe804ff1:", None),
    ],
)
def test_a_base_name_of_ours_tells_kind_and_device(name, whose):
    assert senml.read_base_name(name) == whose
    if whose is not None:
        assert senml.base_name(*whose) == name
