from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.errors import PayloadError
from sim.messages import topics
from support.messages import levels


@given(levels, levels, levels, levels, st.sampled_from(topics.CHANNELS))
def test_a_topic_is_read_as_it_was_written(district, domain, kind, device, channel):
    text = topics.topic(district, domain, kind, device, channel)
    assert topics.parse(text) == topics.Address(district, domain, kind, device, channel)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "city/v1/a/b/c/d",
        "city/v1/a/b/c/d/telemetry/x",
        "city/v2/a/b/c/d/telemetry",
        "truth/v1/a/b/c/d/telemetry",
        "city/v1/a/b/c/d/secrets",
        "city/v1/A/b/c/d/telemetry",
        "city/v1/a b/b/c/d/telemetry",
        "city/v1//b/c/d/telemetry",
        "city/v1/+/b/c/d/telemetry",
        "city/v1/区/b/c/d/telemetry",
        "city/v1/a/b/c/d/telemetry\n",
    ],
)
def test_a_topic_of_another_form_is_refused(text):
    with pytest.raises(PayloadError) as error:
        topics.parse(text)
    assert error.value.reason == "topic"


def test_a_subscription_names_one_channel_of_the_whole_city():
    assert topics.pattern(topics.ACK) == "city/v1/+/+/+/+/ack"


def test_what_is_the_centres_own_lies_outside_the_city():
    for text in (topics.ORDER, topics.RECORDING_START, topics.RECORDING_END):
        assert not text.startswith(f"{topics.ROOT}/")
