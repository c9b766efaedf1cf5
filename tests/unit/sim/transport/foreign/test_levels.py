from __future__ import annotations

import pytest

from sim.transport.foreign.levels import is_ours, parse_topic


def test_named_wildcards_tell_what_they_stand_for():
    pattern = parse_topic("pilot/+site/+device/up")
    assert pattern.filter == "pilot/+/+/up"
    assert pattern.match("pilot/south/WL-1/up") == {"+site": "south", "+device": "WL-1"}
    assert pattern.match("pilot/south/WL-1/down") is None
    assert pattern.match("pilot/south/up") is None


def test_rest_of_a_topic_may_be_anything():
    pattern = parse_topic("$oc/devices/+device/#")
    assert pattern.filter == "$oc/devices/+/#"
    assert pattern.match("$oc/devices/d1/sys/properties/report") == {"+device": "d1"}
    assert pattern.match("$oc/devices/d1") == {"+device": "d1"}
    assert pattern.match("$oc/devices") is None


@pytest.mark.parametrize(
    "text",
    ["", "/a", "#", "+x/a", "city/v1/#", "ops/v1/order", "recording/x", "a/#/b", "a/b+c", "a/x#",
     "a/+Device", "a/+x/+x"],
)  # fmt: skip
def test_pattern_that_is_none_or_leads_to_our_topics_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        parse_topic(text)


def test_our_own_topics_are_told_from_others():
    assert all(map(is_ours, ("city/v1/x", "ops/v1/order", "recording/v1/end")))
    assert not any(map(is_ours, ("citys/v1", "pilot/city", "")))
