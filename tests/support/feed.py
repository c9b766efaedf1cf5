"""Good traffic: what our own city and centre say in a storm, as a prober would hear it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from devices.catalogue import KINDS
from ops_center.core.center import OpsCenter
from ops_center.core.store import NoStore
from scenarios.build import build_city_side, center_config
from scenarios.load import load_scenario
from sim.kernel.bus import Message
from sim.kernel.clock import Ns, seconds
from sim.messages import topics
from sim.messages.encode import Encoder
from sim.messages.operator import OperatorOrder
from sim.messages.packing import TelemetryForm
from sim.probe.arrival import Arrival
from sim.probe.examination import Examination
from sim.probe.expect import Expect
from sim.probe.verdict import Verdict
from sim.transport.memory import MemoryBus
from sim.world.engine import CENTRE, SimEngine
from support.storm import city

LENGTH_S = 4500.0
"""Until the storm's first commands are answered."""
SIZE = 12
"""Devices of a kind that a small feed has."""

EXPECT = Expect(
    ranges={
        (kind.kind, channel.name): (channel.low, channel.high)
        for kind in KINDS.values()
        for channel in kind.channels
    },
    domains={kind.kind: kind.domain for kind in KINDS.values()},
)


@dataclass(frozen=True)
class Feed:
    """What was heard from `start` to `end`, and what a broker would have kept of it.

    A cut is `kind/device` and when its plug was pulled.
    """

    arrivals: Sequence[Arrival]
    start: Ns
    end: Ns
    cut: tuple[str, Ns] | None = None
    forgets: frozenset[str] = frozenset()
    keeps: tuple[Arrival, ...] = ()

    def kept(self) -> Mapping[str, Arrival]:
        kept: dict[str, Arrival] = {}
        for arrival in self.arrivals:
            if arrival.topic.endswith("/state"):
                kept[arrival.topic] = replace(arrival, retained=True)
        kept |= {arrival.topic: arrival for arrival in self.keeps}
        return {topic: one for topic, one in kept.items() if topic not in self.forgets}

    def with_(self, arrivals: Iterable[Arrival]) -> Feed:
        """Return it with other messages, in order of arrival."""
        return replace(self, arrivals=sorted(arrivals, key=lambda arrival: arrival.at))

    def of(self, device: str, channel: str) -> list[Arrival]:
        return [a for a in self.arrivals if a.topic.endswith(f"/{device}/{channel}")]

    def each(self, device: str, channel: str, change: Change) -> Feed:
        """Return it with each message of one channel of a device changed; None drops it.

        A change is given the message and its position in the channel.
        """
        out: list[Arrival] = []
        count = 0
        for arrival in self.arrivals:
            if not arrival.topic.endswith(f"/{device}/{channel}"):
                out.append(arrival)
                continue
            changed = change(arrival, count)
            count += 1
            if changed is not None:
                out.append(changed)
        return self.with_(out)

    def plus(self, *more: Arrival) -> Feed:
        return self.with_([*self.arrivals, *more])


Change = Callable[[Arrival, int], Arrival | None]


def examine(feed: Feed, expect: Expect = EXPECT, *, strict: bool = False) -> Verdict:
    examination = Examination(expect, feed.start, strict=strict)
    for arrival in feed.arrivals:
        examination.hear(arrival)
    return examination.conclude(feed.end, kept=feed.kept(), cut=feed.cut)


@cache
def whole(form: TelemetryForm = TelemetryForm()) -> Feed:  # noqa: B008 -- frozen
    """The storm's first hour and a quarter, with everything that city and centre say."""
    scenario = load_scenario("storm")
    engine = SimEngine(scenario.clock.start_ns)
    encoder = Encoder(form)
    heard: list[Arrival] = []

    def tap(message: Message) -> None:
        if not isinstance(message, OperatorOrder):
            heard.extend(
                Arrival(engine.now(), wire.topic, wire.payload, retained=False, qos=wire.qos)
                for wire in encoder.encode(message)
            )

    bus = MemoryBus(tap=tap)
    OpsCenter(engine.clock(CENTRE), bus, NoStore(), center_config(scenario.policies))
    side = build_city_side(scenario, city(7), 7, engine, bus, lambda _: None)
    side.start()
    start = engine.now()
    end = Ns(start + seconds(LENGTH_S))
    engine.run(end)
    return Feed(heard, start, end)


@cache
def small() -> Feed:
    """A part of it: some devices of each kind, the pumps, and every command."""
    feed = whole()
    counts: Counter[str] = Counter()
    chosen: dict[tuple[str, str], bool] = {}
    commanded = {
        (topics.parse(a.topic).kind, topics.parse(a.topic).device)
        for a in feed.arrivals
        if a.topic.endswith("/command")
    }

    def is_wanted(arrival: Arrival) -> bool:
        address = topics.parse(arrival.topic)
        key = (address.kind, address.device)
        if key not in chosen:
            counts[address.kind] += 1
            chosen[key] = address.kind != "map" and (
                counts[address.kind] <= SIZE or key in commanded
            )
        return chosen[key]

    return feed.with_(a for a in feed.arrivals if is_wanted(a))
