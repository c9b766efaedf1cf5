"""What a prober sends to a device to see how it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from sim.kernel.clock import SECOND, Ns
from sim.messages import topics
from sim.messages.envelope import WireMessage
from sim.messages.field import Scalar
from sim.messages.topics import Address
from sim.messages.wire import CommandWire
from sim.probe.checks.commands import UNKNOWN_ACTION
from sim.probe.roll import Known

LIFE_S = 3_600.0
"""How long a command lasts, or has been over [s] (assumed: longer than any device sleeps)."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One command to send.

    Attributes
    ----------
    command_id
        The same for a copy as for its original.
    title
        What it tries, for people.
    """

    command_id: str
    title: str
    action: str
    args: dict[str, Scalar]
    life_s: float = LIFE_S

    def message(self, address: Address, now: Ns) -> WireMessage:
        """Return it as it goes over the wire at `now`, in the feed's time."""
        time_s = now / SECOND
        body = CommandWire(
            id=self.command_id,
            action=self.action,
            time=time_s,
            expires=time_s + self.life_s,
            args=self.args,
        )
        topic = topics.topic(
            address.district, address.domain, address.kind, address.device, topics.COMMAND
        )
        return WireMessage(topic, msgspec.json.encode(body), qos=1)


def trials(known: Known, prefix: str) -> Iterator[Trial]:
    """Return the commands to send to a device, in order; each waits for the last one's answer.

    Nothing is changed for good: the interval that is set is the one the device has.

    Parameters
    ----------
    prefix
        Begins the commands' identifiers; of this look alone.
    """
    yield Trial(f"{prefix}-1", "a self-test", "self_test", {})
    yield Trial(f"{prefix}-1", "the same again, a copy", "self_test", {})
    if known.birth is not None and known.birth.interval_s is not None:
        args: dict[str, Scalar] = {"interval_s": known.birth.interval_s}
        if known.birth.alarm_interval_s is not None:
            args["alarm_interval_s"] = known.birth.alarm_interval_s
        yield Trial(f"{prefix}-2", "the interval it has", "set_interval", args)
    yield Trial(f"{prefix}-3", "an unknown action", UNKNOWN_ACTION, {})
    yield Trial(f"{prefix}-4", "an expired command", "self_test", {}, life_s=-LIFE_S)
