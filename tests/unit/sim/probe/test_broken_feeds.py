"""Our own feed passes; each feed with one thing wrong is failed by the rule that names it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.clock import SECOND, Ns
from sim.messages.packing import TelemetryForm
from sim.probe.rules import RULES
from sim.probe.verdict import FAILED, PASSED
from support import breaking, broken_flow, broken_form
from support.breaking import BROKEN
from support.feed import EXPECT, examine, small, whole
from support.long import long_run

SHELVES = (broken_form, broken_flow)
"""Each adds its feeds to the list as it is imported."""
CASES = [(rule, name, make) for rule, cases in BROKEN.items() for name, make in cases]


def breaches(verdict):
    return {finding.check for finding in verdict.findings if finding.severity != "info"}


def test_our_own_feed_passes_every_rule_strictly():
    verdict = examine(whole(), strict=True)
    assert not [f for f in verdict.findings if f.severity != "info"]
    assert verdict.exit_status == PASSED
    assert verdict.devices > 400
    assert verdict.messages > 30_000
    # What nobody did to the feed cannot be judged; everything else was.
    unjudged = {rule for rule in RULES if verdict.standing(rule) == "not judged"}
    assert unjudged == {
        "foreign.unfit",
        "payload.cbor",
        "will.missing",
        "will.wrong",
        "will.not_retained",
        "command.unknown",
        "command.expired",
        "command.copy",
    }


@long_run
@pytest.mark.parametrize("packs", ["device", "gateway"])
def test_our_own_feed_in_cbor_passes(packs):
    verdict = examine(whole(TelemetryForm(payload="cbor", packs=packs)), strict=True)
    assert not [f for f in verdict.findings if f.severity != "info"]
    assert verdict.standing("payload.cbor") == "pass"
    assert verdict.standing("rate.slow") == "pass"
    assert verdict.devices > 400


def test_every_rule_that_can_fail_is_broken_by_some_feed():
    failing = {rule.name for rule in RULES.values() if rule.severity != "info"}
    # Nothing of a feed of ours is foreign.
    assert failing - {"foreign.unfit"} == set(BROKEN)
    assert len([rule for rule, *_ in CASES if RULES[rule].severity == "fail"]) >= 30


@pytest.mark.parametrize(
    ("rule", "make"),
    [pytest.param(rule, make, id=f"{rule}-{name}") for rule, name, make in CASES],
)
def test_feed_with_one_thing_wrong_is_failed_by_that_rule_alone(rule, make):
    feed = make()
    verdict = examine(feed, strict=True)
    assert breaches(verdict) == {rule}
    assert verdict.exit_status == FAILED
    assert examine(feed).exit_status == (FAILED if RULES[rule].severity == "fail" else PASSED)
    found = verdict.of(rule)
    assert len(found) == 1, [finding.device for finding in found]
    assert found[0].seen
    assert found[0].expected == RULES[rule].demand
    assert found[0].clause
    assert found[0].topic or rule in ("will.missing", "channel.silent", "rate.silence")


def test_a_cut_device_with_a_will_passes():
    verdict = examine(broken_flow.cut(broken_flow.will()), strict=True)
    assert breaches(verdict) == set()
    assert verdict.standing("will.missing") == "pass"


def test_a_refused_command_and_an_answered_copy_pass():
    verdict = examine(broken_flow.told("show", -600.0, "refused"), strict=True)
    assert breaches(verdict) == set()
    assert verdict.standing("command.expired") == "pass"
    feed = broken_flow.told("show", 600.0, "accepted", "done")
    copy = next(a for a in feed.arrivals if b'"probe-1"' in a.payload)
    answer = broken_flow.said("ack", 20, id="probe-1", status="done")
    verdict = examine(feed.plus(replace(copy, at=Ns(copy.at + 18 * SECOND)), answer), strict=True)
    assert breaches(verdict) == set()
    assert verdict.standing("command.copy") == "pass"


def test_a_restart_after_a_birth_passes():
    def counted_anew(pack, number):
        return breaking.put(pack, "seq", number % 25)

    feed = breaking.packs(counted_anew)
    births = [
        replace(breaking.first_birth(), at=Ns(arrival.at - SECOND))
        for number, arrival in enumerate(feed.of(breaking.victim(), "telemetry"))
        if number and number % 25 == 0
    ]
    assert births
    assert breaches(examine(feed.plus(*births), strict=True)) == set()


@given(
    delays_s=st.lists(st.floats(0, EXPECT.lateness_s), min_size=60, max_size=200),
    twice=st.sets(st.integers(0, 59), max_size=2),
)
def test_delay_and_reordering_within_the_lateness_is_no_fault(delays_s, twice):
    def delayed(arrival, number):
        delay_s = delays_s[number % len(delays_s)]
        return replace(arrival, at=Ns(arrival.at + round(delay_s * SECOND)))

    alone = small().with_(
        a for channel in breaking.BOTH for a in small().of(breaking.victim(), channel)
    )
    feed = alone.each(breaking.victim(), "telemetry", delayed)
    sent = feed.of(breaking.victim(), "telemetry")
    copies = [replace(sent[n], at=Ns(sent[n].at + 3 * SECOND)) for n in twice]
    found = breaches(examine(feed.plus(*copies)))
    # A delay that is always long looks like a clock that is behind, and may: nothing else.
    assert found <= {"time.offset"}
