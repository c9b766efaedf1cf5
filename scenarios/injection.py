"""What is let happen in a city that already runs: read and carried out like a scenario's hazards.

Any thread may ask; the city's own thread does it, between two events, and writes it down in the
form of a scenario's ``hazards:``, so that another run can repeat it.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import yaml

from scenarios import orders
from scenarios.build import CitySide
from scenarios.injected import read_hazard
from scenarios.schema import Hazard
from sim.kernel.clock import Ns, to_seconds
from sim.kernel.errors import InputError, TransportError
from sim.world.city.model import City
from sim.world.engine import SimEngine

INJECTED = "injected.yaml"
"""File in a run's folder with what was let happen."""

ANSWER_S = 10.0
"""Longest wait for the city to take an order up [s]; assumed: it looks 20 times a second, and no
step of a large city takes longer."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """One thing that was let happen.

    Attributes
    ----------
    name
        Its name, as if the scenario had held it; truth tells it as the cause.
    at_s
        When, after the scenario's start [s].
    hazard
        What a scenario file would say of it.
    """

    name: str
    at_s: float
    hazard: Document

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"name": self.name, "at_s": self.at_s, "hazard": dict(self.hazard)}


class Injector:
    """Let things happen in a running city.

    Parameters
    ----------
    side, city, engine
        The city that runs; injections begin at its present.
    record
        File to keep what happened in, or None.
    """

    def __init__(
        self, side: CitySide, city: City, engine: SimEngine, record: Path | None = None
    ) -> None:
        self._side = side
        self._city = city
        self._engine = engine
        self._record = record
        self._asked: SimpleQueue[tuple[dict[str, Any], Future[Injected]]] = SimpleQueue()
        self._done: list[Injected] = []

    @property
    def done(self) -> tuple[Injected, ...]:
        """What was let happen so far, in order."""
        return tuple(self._done)

    def inject(self, hazard: Document) -> Injected:
        """Let a hazard happen now and return what it became; from any thread but the city's.

        Parameters
        ----------
        hazard
            ``type`` and keys, as under a name in a scenario's ``hazards:``, without ``at``.

        Raises
        ------
        InputError
            When a scenario would refuse it, or it does not fit this city.
        TransportError
            When the city does not take it up, because it has ended or hangs.
        """
        if "at" in hazard:
            raise InputError("inject", place="at", value=hazard["at"], expected="none: it is now")
        read_hazard("inject", hazard)
        answer: Future[Injected] = Future()
        self._asked.put((dict(hazard), answer))
        try:
            return answer.result(ANSWER_S)
        except NoAnswer:
            answer.cancel()
            raise TransportError("inject: the city does not answer; it may have ended") from None

    def drain(self) -> None:
        """Do what was asked for, on the city's thread between two events."""
        while True:
            try:
                hazard, answer = self._asked.get_nowait()
            except Empty:
                return
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                answer.set_result(self._carry_out(hazard))
            except InputError as error:
                answer.set_exception(error)

    def _carry_out(self, hazard: dict[str, Any]) -> Injected:
        name = f"injected-{len(self._done) + 1}"
        at_s = to_seconds(self._engine.now() - self._engine.start)
        timed = hazard | {"at": f"{at_s:.3f} s"}
        begin(self._side, self._city, self._engine.start, {name: read_hazard("inject", timed)})
        injected = Injected(name=name, at_s=at_s, hazard=timed)
        self._done.append(injected)
        self._write()
        return injected

    def _write(self) -> None:
        if self._record is not None:
            hazards = {injected.name: dict(injected.hazard) for injected in self._done}
            text = yaml.safe_dump({"hazards": hazards}, sort_keys=False, allow_unicode=True)
            self._record.write_text(text, encoding="utf-8")


def begin(side: CitySide, city: City, start: Ns, hazards: Mapping[str, Hazard]) -> None:
    """Let hazards whose time has come begin in a running city; `start` is the scenario's.

    Raises
    ------
    InputError
        When one does not fit the city.
    """
    orders.check_fault_targets(hazards, side.deployments)
    outages = orders.outages(hazards, side.gateway_births, start)
    faults = orders.pump_faults(hazards, city)
    for name, order in orders.orders(hazards):
        side.world.order(name, order)
    for storm in orders.storms(hazards, start):
        side.world.rain(storm)
    for fault in faults:
        side.world.fail(fault)
    for outage in outages:
        side.gateways.cut(outage)
    for cohort, deployment in zip(side.cohorts, side.deployments, strict=True):
        for fault_order in orders.fault_orders(hazards, deployment, start):
            cohort.inflict(fault_order)
