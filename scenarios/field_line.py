"""The line between the centre and actuators: their own, or that of the gateway near them.

Actuators always hear the gateway's local bus too. While the line they share with a gateway is
down, the centre's commands do not reach them and it hears nothing of them; what they say waits,
in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sim.kernel.bus import Bus, M, Message
from sim.messages.field import LOCAL_PREFIX, Ack, ActuatorStatus, Command

WAITING_LIMIT = 10_000
"""Most messages that wait behind one line; more are counted as lost (assumed)."""


class FieldLine:
    """A bus for the world, through which actuators meet the centre and the gateways.

    Parameters
    ----------
    bus
        Where the centre is.
    local
        Where the gateways are.
    gateway_of
        Index of the gateway whose line the actuators of each place share; none for places whose
        actuators have a line of their own.
    is_down
        Which gateways' lines are down.

    Attributes
    ----------
    lost
        Commands that did not get through, and what could not wait.
    """

    def __init__(
        self, bus: Bus, local: Bus, gateway_of: Mapping[str, int], is_down: NDArray[np.bool_]
    ) -> None:
        self.lost = 0
        self._bus = bus
        self._local = local
        self._gateway_of = gateway_of
        self._is_down = is_down
        self._place_of: dict[str, str] = {}
        self._waiting: dict[int, list[Message]] = {}

    def publish(self, message: Message) -> None:
        """Hand `message` to whom it reaches, now or when the line is up again."""
        line = None
        if isinstance(message, ActuatorStatus):
            self._place_of[message.actuator_id] = message.place_id
            self._local.publish(message)
            line = self._cut(message.actuator_id)
        elif isinstance(message, Ack):
            if message.command_id.startswith(LOCAL_PREFIX):
                self._local.publish(message)
                return
            line = self._cut(message.source_id)
        if line is None:
            self._bus.publish(message)
        else:
            self._keep(line, message)

    def subscribe(self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler` with every later message of the type `kind` that gets through."""
        if kind is not Command:
            self._bus.subscribe(kind, handler)
            return

        def from_centre(command: Command) -> None:
            if self._cut(command.target_id) is None:
                # Through the gateway, which takes note of what the centre wants.
                self._local.publish(command)
            else:
                self.lost += 1

        self._bus.subscribe(Command, from_centre)
        self._local.subscribe(kind, handler)

    def turned(self, line: int, up: bool) -> None:
        """Send what waited once a gateway's line is up again."""
        if up:
            for message in self._waiting.pop(line, ()):
                self._bus.publish(message)

    def _cut(self, actuator_id: str) -> int | None:
        """Return the dead line that an actuator hangs on, or None."""
        place_id = self._place_of.get(actuator_id)
        line = None if place_id is None else self._gateway_of.get(place_id)
        return line if line is not None and self._is_down[line] else None

    def _keep(self, line: int, message: Message) -> None:
        waiting = self._waiting.setdefault(line, [])
        if len(waiting) < WAITING_LIMIT:
            waiting.append(message)
        else:
            self.lost += 1
