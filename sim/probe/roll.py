"""Who has said what of himself: the devices that a prober knows by their births and deaths."""

from __future__ import annotations

from collections.abc import Iterator

from sim.kernel.clock import Ns
from sim.messages.topics import Address
from sim.messages.wire import DeviceState
from sim.probe.arrival import Arrival

ONLINE = "online"


class Known:
    """One device as its own words describe it.

    Attributes
    ----------
    who
        ``kind/device``.
    address
        The levels it spoke under last.
    birth
        Its latest birth, or None while none was heard.
    offline
        Whether its last word was its death.
    births
        How many births were heard, the retained one included.
    heard_at
        When anything of it was heard last.
    """

    __slots__ = ("address", "birth", "births", "heard_at", "offline", "who")

    def __init__(self, who: str, address: Address, at: Ns) -> None:
        self.who = who
        self.address = address
        self.birth: DeviceState | None = None
        self.offline = False
        self.births = 0
        self.heard_at = at


class Roll:
    """Every device heard of, by ``kind/device``."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def __iter__(self) -> Iterator[Known]:
        return iter(self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def find(self, who: str) -> Known | None:
        """Return the device, or None."""
        return self._known.get(who)

    def note(self, who: str, address: Address, arrival: Arrival) -> Known:
        """Note that a device was heard, and return it."""
        known = self._known.get(who)
        if known is None:
            known = self._known[who] = Known(who, address, arrival.at)
        known.heard_at = arrival.at
        return known

    def note_state(self, who: str, address: Address, state: DeviceState, arrival: Arrival) -> None:
        """Note what a device says of itself."""
        known = self.note(who, address, arrival)
        known.offline = state.status != ONLINE
        if not known.offline:
            known.address = address
            known.birth = state
            known.births += 1


def name_of(address: Address) -> str:
    """Return who speaks under an address: ``kind/device``."""
    return f"{address.kind}/{address.device}"
