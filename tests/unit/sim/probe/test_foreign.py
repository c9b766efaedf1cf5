"""Other people's messages are judged as what a mapping file makes of them."""

from __future__ import annotations

from sim.kernel.clock import SECOND, Ns, SteppedClock
from sim.messages.city import MapPublished
from sim.messages.encode import Encoder
from sim.probe.arrival import Arrival
from sim.probe.examination import Examination
from sim.probe.foreign import Foreign
from support.feed import EXPECT
from support.foreign import TOPIC, later, mapping, payload
from support.town import START, town


def judged(*payloads: bytes, with_map: bool = True, topic: str = TOPIC):
    """The verdict on these payloads of a gauge, one a minute, after the city's map."""
    clock = SteppedClock(START)
    examination = Examination(EXPECT, START, foreign=Foreign(mapping(), clock))
    if with_map:
        (wire,) = Encoder().encode(MapPublished(ts_event=START, basemap=town()))
        examination.hear(Arrival(START, wire.topic, wire.payload))
    for number, body in enumerate(payloads):
        clock.advance_to(Ns(START + 60 * number * SECOND))
        examination.hear(Arrival(clock.now(), topic, body))
    return examination.conclude(clock.now())


def failures(verdict) -> set[str]:
    return {finding.check for finding in verdict.findings if finding.severity == "fail"}


def good(number: int, **fields: object) -> bytes:
    return payload(ts=later(60 * number), **({"level": 3.0 + number % 3} | fields))


def test_what_fits_the_mapping_is_a_device_like_any_other():
    verdict = judged(*(good(number) for number in range(12)))
    assert verdict.devices == 1
    assert not failures(verdict)
    assert {"foreign.unfit", "birth.missing", "sequence.gap", "value.range"} <= verdict.judged


def test_what_does_not_fit_fails_with_the_reason():
    verdict = judged(good(0), b"{", good(2, level="deep"), good(3, lon=None))
    (finding,) = [f for f in verdict.findings if f.check == "foreign.unfit"]
    assert finding.severity == "fail"
    assert "json" in finding.seen
    assert verdict.exit_status == 1


def test_a_topic_of_no_feed_fails():
    assert "foreign.unfit" in failures(judged(good(0), topic="elsewhere/WL-1"))


def test_translated_readings_are_judged_by_value_and_time():
    slow = [payload(ts=later(60 * number - 7200), level=3.0 + number) for number in range(8)]
    assert "time.offset" in failures(judged(*slow))
    assert "value.range" in failures(judged(*(good(n, level=-4.0) for n in range(8))))
