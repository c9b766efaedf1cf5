"""What a mapping file may say, and how it is told what is wrong with it."""

from __future__ import annotations

import pytest

from scenarios.foreign import foreign_kinds
from sim.kernel.errors import InputError
from sim.messages.telemetry import Channel
from sim.transport.foreign.mapping import ForeignMapping, load_mapping, parse_mapping

SOUND = """\
feeds:
  gauges:
    topic: pilot/+site/+device/up
    kind: road_water_gauge
    device: /sn
    time: {at: /ts, format: ms}
    values:
      depth: {at: /level, unit: cm}
    position: {lon: /lon, lat: /lat}
"""


def parse(text: str) -> ForeignMapping:
    return parse_mapping(text, "pilot.yaml", foreign_kinds())


def test_sound_mapping_takes_domain_and_channel_from_the_catalogue():
    mapping = parse(SOUND)
    (feed,) = mapping.feeds
    assert mapping.filters == ("pilot/+/+/up",)
    assert feed.domain == "municipal"
    assert feed.values[0].channel == Channel("depth", "m")
    assert feed.values[0].scales == {"": pytest.approx((0.01, 0.0))}


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("kind: road_water_gauge", "kind: road_water_guage", 4, "expected 'road_water_gauge'"),
        ("depth:", "dept:", 8, "feeds.gauges.values.dept: was 'dept', expected 'depth'"),
        ("unit: cm", "unit: ftt", 8, "values.depth.unit: was 'ftt', expected 'ft'"),
        ("unit: cm", "unit: kg", 8, "was 'kg', expected one of m, cm"),
        ("unit: cm", "units: cm", 8, "was 'units', expected 'unit'"),
        (", unit: cm", "", 8, "expected 'unit', or 'unit_at'"),
        ("unit: cm", "unit: cm, becomes: km", 8, "was 'km', expected 'm', the catalogue's"),
        ("device: /sn", "device: +devise", 5, "was '+devise', expected '+device'"),
        ("device: /sn", "device: sn", 5, "a JSON pointer such as /sn, or a topic level"),
        ("device: /sn", "device: /a~x", 5, "expected a JSON pointer"),
        ("format: ms", "format: msec", 6, "feeds.gauges.time.format: was 'msec'"),
        ("topic: pilot", "topic: city", 3, "a first level that is spelled out"),
        ("lon: /lon, lat: /lat", "lon: /p/*/lon, lat: /q/*/lat", 9, "its '*' on the way /p/*"),
        ("unit: cm", "unit: cm, range: [5, 5]", 8, "a 'range' that rises"),
        ("unit: cm", "unit: cm, where: {a: 1}", 8, "where.a: was 'a', expected a JSON pointer"),
        ("    device: /sn\n", "", 2, "feeds.gauges.device: expected a value"),
        ("feeds:", "feedz:", 1, "was 'feedz', expected 'feeds'"),
        ("  gauges:", "  Gauges:", 2, "a topic level"),
        ("    device:", "    domain: power\n    device:", 5, "expected 'municipal', or no domain"),
        ("    device:", "    interval: 60\n    device:", 5, "a number with a unit"),
        ("    device:", "    watches: {kind: underpass, within: 0 m}\n    device:", 5, "within"),
        ("    device:", "    devices: {a: {lon: 3}}\n    device:", 5, "'lon' and 'lat' together"),
        ("    device:", "    devices: {a: {}}\n    device:", 5, "or a 'place' of the map"),
        ("    device:", "    devices: {12: {place: p}}\n    device:", 5, "a valid string"),
    ],
)
def test_mistake_is_told_with_line_key_and_what_was_expected(old, new, line, says):
    assert old in SOUND
    text = SOUND.replace(old, new, 1)
    with pytest.raises(InputError) as told:
        parse(text)
    assert str(told.value).startswith(f"pilot.yaml: line {line}, fee")
    assert says in str(told.value)


def test_kind_that_the_catalogue_has_not_needs_its_domain():
    text = SOUND.replace("kind: road_water_gauge", "kind: well_level\n    domain: agriculture")
    (feed,) = parse(text).feeds
    assert (feed.kind, feed.domain) == ("well_level", "agriculture")
    # Told in SenML's own unit for what it measures.
    assert feed.values[0].channel == Channel("depth", "m")
    told = parse(text.replace("unit: cm", "unit: cm, becomes: mm")).feeds[0].values[0]
    assert told.channel == Channel("depth", "mm")
    assert told.scales == {"": pytest.approx((10.0, 0.0))}


def test_unit_with_skills_must_say_whether_it_is_free():
    text = """\
positions:
  pumps:
    topic: gps/+plate
    kind: pump_unit
    unit: +plate
    time: arrival
    position: {lon: /lon, lat: /lat}
    skills: [pump]
"""
    with pytest.raises(InputError, match=r"line 2, positions\.pumps.*'state'"):
        parse(text)
    assert parse(text.replace("    skills: [pump]\n", "")).feeds[0].skills == ()


def test_file_without_any_feed_is_refused():
    with pytest.raises(InputError, match="expected a feed under 'feeds' or 'positions'"):
        parse("prefix: x\n")


def test_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"mapping: was .*none\.yaml"):
        load_mapping(tmp_path / "none.yaml", foreign_kinds())
