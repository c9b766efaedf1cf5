"""A live city on a thread of its own, whose error is not lost."""

from __future__ import annotations

import threading

from scenarios.live import LiveCity, LiveRun
from sim.kernel.errors import TransportError

OPEN_S = 30.0
"""Longest wait for the city's births [s]; a bound, reached only by a broken machine."""


class CityThread:
    """A city that runs beside whoever made it.

    Parameters
    ----------
    spec
        What to run.

    Raises
    ------
    InputError
        When the scenario does not fit its city.
    """

    def __init__(self, spec: LiveRun) -> None:
        self.city = LiveCity(spec, None)
        self._error: BaseException | None = None
        self._opened = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chengmai-city", daemon=True)

    def start(self) -> None:
        """Begin, and return when the broker has all births.

        Raises
        ------
        TransportError
            When the broker does not take them.
        """
        self._thread.start()
        if not self._opened.wait(OPEN_S):
            raise TransportError(f"the city said nothing within {OPEN_S:g} s")
        self.check()

    def check(self) -> None:
        """Raise what ended the city, on the caller's thread."""
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Stop it and wait for its end; harmless when it never began."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self.city.open()
            self.city.bus.flush()
            self._opened.set()
            self.city.run(self._stopping.is_set, None)
        except BaseException as error:
            self._error = error
        finally:
            self._opened.set()
            self.city.close()
