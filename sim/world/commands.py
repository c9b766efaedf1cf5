"""The field's side of a command: carried late and perhaps twice, acted on once, answered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from sim.kernel.bus import Bus
from sim.kernel.clock import Ns, seconds
from sim.kernel.rng import Streams
from sim.messages.field import Ack, AckStatus, Command
from sim.world.engine import CITY, SimEngine

DOWNLINK_S = (1.0, 3.0)
"""Shortest and longest way of a command to the field; assumed: cellular terminal that keeps
its connection open, and the time its controller or crew takes to read the order."""

REMEMBERED = 10_000
"""Commands whose answers are kept for later copies; assumed: days of a busy centre."""

Handler = Callable[[Command], None]


class CommandDesk:
    """Take commands off the bus for all actuators and units of the city.

    A receiver is handed each command once and answers through `answer`. A copy is answered
    with the latest answer to the first; one that comes before any answer needs none of its
    own. Commands to kinds that nobody here serves are left alone: they are for equipment
    that somebody else has connected.

    Parameters
    ----------
    engine, bus
        When and where.
    streams
        The downlink's delay: ``world.downlink.<target>`` at the target's count of commands.
    """

    def __init__(self, engine: SimEngine, bus: Bus, streams: Streams) -> None:
        self._engine = engine
        self._bus = bus
        self._streams = streams
        self._clock = engine.clock(CITY)
        self._handlers: dict[str, dict[str, Handler]] = {}
        self._left: set[str] = set()
        self._counts: dict[str, int] = {}
        self._answers: OrderedDict[str, Ack | None] = OrderedDict()
        bus.subscribe(Command, self._on_command)

    def serve(self, kind: str, ids: Iterable[str], handler: Handler) -> None:
        """Hand commands to `kind` with one of `ids` to `handler`; others of it are refused."""
        known = self._handlers.setdefault(kind, {})
        for target_id in ids:
            known[target_id] = handler

    def leave(self, target_id: str) -> None:
        """Leave commands to one target to somebody else from now on."""
        self._left.add(target_id)

    def answer(self, command: Command, status: AckStatus, reason: str = "") -> None:
        """Publish the target's answer and keep it for copies of the command."""
        ack = Ack(
            ts_event=self._engine.now(),
            cause=command.command_id,
            command_id=command.command_id,
            source_id=command.target_id,
            source_kind=command.target_kind,
            source_domain=command.target_domain,
            source_district=command.target_district,
            status=status,
            reason=reason,
        )
        if command.command_id in self._answers:
            self._answers[command.command_id] = ack
        self._bus.publish(ack)

    def _on_command(self, command: Command) -> None:
        known = self._handlers.get(command.target_kind)
        if known is None or command.target_id in self._left:
            return
        # Unknown targets share a count, for a stranger may invent any number of them.
        name = command.target_id if command.target_id in known else "unknown"
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        delay_s = self._streams.at(f"world.downlink.{name}", count).uniform(*DOWNLINK_S)
        self._clock.call_at(
            Ns(self._engine.now() + seconds(delay_s)),
            lambda: self._arrive(command),
            name="downlink",
        )

    def _arrive(self, command: Command) -> None:
        if command.command_id in self._answers:
            earlier = self._answers[command.command_id]
            if earlier is not None:
                self._bus.publish(earlier)
            return
        self._answers[command.command_id] = None
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        handler = self._handlers[command.target_kind].get(command.target_id)
        if handler is None:
            self.answer(command, "refused", f"unknown target {command.target_id}")
        elif self._engine.now() > command.expires_at:
            self.answer(command, "refused", "expired")
        else:
            handler(command)
