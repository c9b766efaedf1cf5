"""How much of each imperfection is still no fault, with where the figure comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.kernel.clock import SECOND

Range = tuple[float | None, float | None]
"""Lowest and highest value; None where there is no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What is tolerated.

    Attributes
    ----------
    speed
        Feed seconds per wall second; the listener's own delay counts so much more.
    listening_s
        Wall time by which the broker and we may be late [s] (assumed: a busy machine).
    lateness_s
        How long a report may be overtaken by others of its device [s]. NB-IoT's longest delay
        of 60 s and four repetitions after 2, 4, 8, 16 s make 90 s; a third more is assumed.
    clock_s
        How far a device's clock may be from ours [s]: 20 s is the lateness that a centre
        waits, 10 s the network's usual delay.
    ahead_s
        How far any reading may be in the future [s]: a centre refuses more than 60 s.
    loss
        Share of reports that the network may lose; 10 % is radio under a cover.
    duplicates
        Share of reports that may come twice (assumed: fifty times the 0.1 % that are usual).
    burst
        Most messages of one device within ten seconds (assumed: ten a second).
    max_bytes
        Largest payload, but for the map's: 20,480 B is the default of a small broker, rumqttd.
    max_pack_bytes
        Largest pack of a gateway for many devices: hosted brokers take 128 kB (AWS IoT Core).
    silence_chance
        A device is silent when so many of its reports are missing that loss alone explains it
        with less than this chance.
    ack_s
        Time for the first answer to a command [s].
    finish_s
        Time for the last answer to a command [s].
    will_s
        Time for a will after the plug was pulled [s]: one and a half keep-alives of 60 s
        (MQTT 3.1.1, 3.1.2.10), and time to walk back from the plug.
    ranges
        Range of a channel, by ``(kind, channel)``; the kind ``"*"`` stands for all.
    domains
        The domain of each known kind.
    """

    speed: float = 1.0
    listening_s: float = 1.0
    lateness_s: float = 120.0
    clock_s: float = 30.0
    ahead_s: float = 60.0
    loss: float = 0.10
    duplicates: float = 0.05
    burst: int = 100
    max_bytes: int = 20_480
    max_pack_bytes: int = 128_000
    silence_chance: float = 1e-6
    ack_s: float = 30.0
    finish_s: float = 120.0
    will_s: float = 120.0
    ranges: Mapping[tuple[str, str], Range] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)

    @property
    def slack_s(self) -> float:
        """Feed time by which our own listening may be off [s]."""
        return self.listening_s * self.speed

    @property
    def lateness_ns(self) -> int:
        """The lateness with our own slack [ns]."""
        return round((self.lateness_s + self.slack_s) * SECOND)

    def range_of(self, kind: str, channel: str) -> Range | None:
        """Return the range of a kind's channel, or None where none is known."""
        return self.ranges.get((kind, channel), self.ranges.get(("*", channel)))
