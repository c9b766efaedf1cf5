"""What the broker is told to keep, and how surely it is told."""

from __future__ import annotations

from sim.messages import topics
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending
from sim.probe.reader import Heard

CERTAIN = (topics.STATE, topics.EVENT, topics.COMMAND, topics.ACK)
"""Channels that must not lose a message."""


class KeepingCheck:
    """Judges retained flags and qualities of service."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._states: dict[str, tuple[str, Arrival]] = {}

    def hear(self, heard: Heard) -> None:
        """Judge the flags of one message."""
        arrival, address, notes = heard.arrival, heard.address, self._desk.notes
        if address is None:
            return
        if arrival.qos is not None:
            notes.judge("qos.low", "qos.high")
            if address.channel in CERTAIN and arrival.qos == 0:
                notes.note("qos.low", heard.who, f"QoS 0 on …/{address.channel}", arrival)
            if address.channel == topics.TELEMETRY and arrival.qos > 0:
                notes.note("qos.high", heard.who, f"QoS {arrival.qos} on …/telemetry", arrival)
        if arrival.retained is not None:
            notes.judge("retain.unwanted")
            if arrival.retained and address.channel != topics.STATE:
                self._unwanted(heard.who, address.channel, arrival)
            if not arrival.retained and address.channel == topics.STATE:
                if arrival.payload:
                    self._states[arrival.topic] = (heard.who, arrival)
                else:
                    self._states.pop(arrival.topic, None)

    def conclude(self, ending: Ending) -> None:
        """Compare what was heard with what the broker kept of it."""
        if ending.kept is None:
            return
        if self._states:
            self._desk.notes.judge("retain.missing")
        for topic, (who, arrival) in self._states.items():
            if topic not in ending.kept:
                self._desk.notes.note("retain.missing", who, "the broker keeps no state", arrival)
        for topic, kept in ending.kept.items():
            channel = topic.rpartition("/")[2]
            if channel in topics.CHANNELS and channel != topics.STATE:
                levels = topic.split("/")
                self._unwanted("/".join(levels[-3:-1]), channel, kept)

    def _unwanted(self, who: str, channel: str, arrival: Arrival) -> None:
        self._desk.notes.note("retain.unwanted", who, f"a retained {channel}", arrival)
