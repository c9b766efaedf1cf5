"""What ``chengmai probe`` does: listen, judge, tell."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from devices.catalogue import KINDS
from ops_center.live.settings import read_settings
from scenarios import output
from scenarios.foreign import load_foreign
from scenarios.options import Interrupt
from scenarios.probe.pace import FeedPace
from scenarios.probe.table import tell
from sim.kernel.clock import SteppedClock
from sim.kernel.errors import InputError
from sim.messages import topics
from sim.messages.wire import ClockState
from sim.probe.arrival import Arrival
from sim.probe.examination import Examination
from sim.probe.expect import Expect, Range
from sim.probe.foreign import Foreign
from sim.probe.listen import Listener, Watch
from sim.probe.reader import Heard, read
from sim.probe.verdict import BLIND, Verdict
from sim.transport.broker_url import BrokerUrl, parse_broker_url
from sim.transport.recorder import read_recording, recording_start

Options = argparse.Namespace
Say = Callable[[str], None]


def probe(options: Options, interrupt: Interrupt) -> dict[str, Any]:
    """Look at a feed and give a verdict."""
    console = Console(stderr=options.json is True)

    def say(text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    if options.recording is not None:
        verdict = _recorded(options)
    else:
        verdict = _live(options, interrupt, say)
    answer = verdict.document()
    if isinstance(options.json, str):
        try:
            output.write_json(Path(options.json), answer)
        except OSError as error:
            expected = f"a file that can be written ({error.strerror})"
            raise InputError("--json", value=options.json, expected=expected) from error
    tell(verdict, console)
    if verdict.exit_status == BLIND:
        say("chengmai: nothing was heard: is anything published, and does --topic match it?")
    return answer


def expectations(options: Options, speed: float) -> Expect:
    """Return what is tolerated: the usual, the catalogue's ranges, and what options say."""
    ranges: dict[tuple[str, str], Range] = {
        (kind.kind, channel.name): (channel.low, channel.high)
        for kind in KINDS.values()
        for channel in kind.channels
    }
    return Expect(
        speed=speed,
        lateness_s=options.lateness,
        loss=options.loss,
        ranges=ranges | dict(options.ranges),
        domains={kind.kind: kind.domain for kind in KINDS.values()},
    )


def _patterns(options: Options) -> list[str]:
    """Return what to subscribe to; a city's clock and map come along, to judge by."""
    if options.topic is not None:
        wanted = options.topic
    elif options.device is not None:
        wanted = topics.topic("+", "+", "+", options.device, "+")
    else:
        return [f"{topics.ROOT}/{topics.VERSION}/#"]
    return [wanted, *(topics.topic(*which, topics.STATE) for which in (topics.CLOCK, topics.MAP))]


def _live(options: Options, interrupt: Interrupt, say: Say) -> Verdict:
    url = _broker(options)
    for name, wanted in (("--command", options.commands), ("--cut", options.cut)):
        if wanted and options.device is None:
            raise InputError(name, expected="--device too: one device to do it to")
    mapping = load_foreign(options.foreign)
    pace = FeedPace(url, options.speed, options.span)
    counted = _Counted(pace, say)
    listener = Listener(
        url,
        _patterns(options),
        pace=pace,
        expect=expectations(options, pace.speed),
        watch=Watch(on_heard=counted, should_stop=interrupt),
        strict=options.strict,
        foreign=None if mapping is None else Foreign(mapping, pace),
    )
    whose = "the city's clock" if pace.is_told else "the wall's clock"
    with listener:
        say(f"listening to {url} for {options.span:g} s, by {whose} at speed {pace.speed:g}")
        listener.listen(options.span)
        if listener.examination.messages == 0:
            return listener.examination.conclude(pace.now())
        if options.commands:
            listener.command(listener.find(options.device), lambda title: say(f"sent {title}"))
        if options.cut:
            known = listener.find(options.device)
            say(f"pull the plug of {known.who} now, power or network, without a shutdown")
            came = listener.wait_for_will(known)
            say("its will came" if came else "no will came")
        say("looking at what the broker keeps")
        kept = listener.look_again()
    if listener.dropped:
        say(f"{listener.dropped} messages came faster than they could be judged")
    return listener.examination.conclude(pace.now(), kept=kept, cut=listener.cut)


def _recorded(options: Options) -> Verdict:
    path = Path(options.recording)
    for name, wanted in (("--command", options.commands), ("--cut", options.cut)):
        if wanted:
            raise InputError(name, expected="--broker: nobody answers in a recording")
    speed = options.speed or _recorded_speed(path)
    mapping = load_foreign(options.foreign)
    start = recording_start(path)
    clock = SteppedClock(start)
    examination = Examination(
        expectations(options, speed),
        start,
        strict=options.strict,
        foreign=None if mapping is None else Foreign(mapping, clock),
    )
    theirs = () if mapping is None else mapping.filters
    for item in read_recording(path):
        clock.advance_to(max(clock.now(), item.at))
        if _is_wanted(options, item.topic) or any(matches(it, item.topic) for it in theirs):
            examination.hear(Arrival(item.at, item.topic, item.payload))
    return examination.conclude(clock.now())


def _is_wanted(options: Options, topic: str) -> bool:
    if topic in (topics.ORDER, topics.RECORDING_START, topics.RECORDING_END):
        return False
    if options.device is None and options.topic is None:
        return topic.startswith(f"{topics.ROOT}/{topics.VERSION}/")
    return any(matches(pattern, topic) for pattern in _patterns(options))


def matches(pattern: str, topic: str) -> bool:
    """Return whether an MQTT filter takes a topic (MQTT 3.1.1, section 4.7)."""
    wanted, levels = pattern.split("/"), topic.split("/")
    for place, want in enumerate(wanted):
        if want == "#":
            return True
        if place >= len(levels) or want not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


def _recorded_speed(path: Path) -> float:
    """Return the speed of the first clock that a recording tells, or 1."""
    clock = topics.topic(*topics.CLOCK, topics.STATE)
    for item in read_recording(path):
        if item.topic == clock:
            said = read(Arrival(item.at, item.topic, item.payload)).body
            if isinstance(said, ClockState) and said.speed > 0:
                return said.speed
    return 1.0


def _broker(options: Options) -> BrokerUrl:
    if options.broker is not None:
        return parse_broker_url(options.broker)
    url = read_settings(os.environ).broker
    if url is None:
        raise InputError("--broker", expected="the broker to look at, mqtt[s]://host:port")
    return url


class _Counted:
    """Tells how much was heard, now and then, and keeps the feed's time."""

    def __init__(self, pace: FeedPace, say: Say, every: int = 10_000) -> None:
        self._pace = pace
        self._say = say
        self._every = every
        self._count = 0

    def __call__(self, heard: Heard) -> None:
        self._pace.follow(heard)
        self._count += 1
        if self._count % self._every == 0:
            self._say(f"{self._count:,} messages")
