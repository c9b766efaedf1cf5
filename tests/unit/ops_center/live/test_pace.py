from __future__ import annotations

import dataclasses

from ops_center.live.pace import CityPace, wait_for_clock
from sim.kernel.clock import HOUR, SECOND, Ns, WallClock
from sim.messages import topics
from sim.messages.envelope import WireMessage
from sim.transport.brokers.nats import NatsBroker
from sim.transport.client import LinkOptions
from sim.transport.link import MqttLink
from sim.transport.mqtt import MqttBus
from support.messages import birth, clock
from support.town import START

TOLERANCE_NS = 30 * SECOND
"""City time that half a second of a slow test takes at sixty times the wall."""


def test_a_word_of_ten_wall_seconds_ago_has_grown_by_ten_times_the_speed():
    said = dataclasses.replace(clock(60.0), wall_ns=WallClock().now() - 10 * SECOND)
    ahead = CityPace(said).now() - (START + 600 * SECOND)
    assert 0 <= ahead < TOLERANCE_NS


def test_a_word_from_the_future_counts_from_now():
    said = dataclasses.replace(clock(60.0), wall_ns=WallClock().now() + HOUR)
    assert 0 <= CityPace(said).now() - START < TOLERANCE_NS


def test_an_old_word_does_not_carry_past_the_end_of_the_scenario():
    end = Ns(START + 60 * SECOND)
    said = dataclasses.replace(clock(60.0), wall_ns=WallClock().now() - HOUR, ends_at=end)
    assert 0 <= CityPace(said).now() - end < TOLERANCE_NS


def test_a_later_word_is_followed_back_and_forth():
    now = WallClock().now()
    pace = CityPace(dataclasses.replace(clock(60.0), wall_ns=now))
    slower = dataclasses.replace(
        clock(1.0), ts_event=Ns(START - 5 * HOUR), wall_ns=now, run_id="run-2"
    )
    pace.sync(slower)
    assert abs(pace.now() - slower.ts_event) < TOLERANCE_NS
    assert pace.run_id == "run-2"
    assert 8 < pace.wall_seconds_until(slower.ts_event + 10 * SECOND) <= 10


def test_the_clock_that_the_broker_keeps_is_found_among_rubbish():
    with NatsBroker() as broker:
        with MqttBus(broker.url, "city") as city:
            city.publish(birth())
            city.publish(clock(60.0))
            assert city.flush()
            found = wait_for_clock(broker.url, client_id="ops", timeout_s=5.0)
        assert found is not None
        assert (found.speed, found.ts_event) == (60.0, START)
        vandal = MqttLink(broker.url, "vandal")
        vandal.open()
        topic = topics.topic(*topics.CLOCK, topics.STATE)
        vandal.publish(WireMessage(topic, b"rubbish", qos=1, retain=True))
        vandal.close()
        assert wait_for_clock(broker.url, client_id="ops", timeout_s=0.1) is None


def test_without_a_city_there_is_no_clock():
    with NatsBroker() as broker:
        options = LinkOptions(answer_s=5.0)
        found = wait_for_clock(broker.url, client_id="ops", timeout_s=0.05, options=options)
    assert found is None
