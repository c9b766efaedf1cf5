"""A broker that somebody else runs."""

from __future__ import annotations

from typing import Self

from sim.transport.broker_url import BrokerUrl


class ExternalBroker:
    """The broker at a URL: neither started nor stopped here.

    Whether it answers shows when a connection is opened.
    """

    def __init__(self, url: BrokerUrl) -> None:
        self._url = url

    @property
    def url(self) -> BrokerUrl:
        """Where it listens."""
        return self._url

    def start(self) -> None:
        """Do nothing: it runs already."""

    def stop(self) -> None:
        """Do nothing: others may be using it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
