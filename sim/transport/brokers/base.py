"""What a broker is to those who need one running."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from sim.transport.broker_url import BrokerUrl


class Broker(Protocol):
    """A broker that can be had for the time of a ``with`` block."""

    @property
    def url(self) -> BrokerUrl:
        """Where it listens; known once started."""

    def start(self) -> None:
        """Start it if it is ours, and return when it takes connections."""

    def stop(self) -> None:
        """Stop it if it is ours; harmless when it does not run."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
