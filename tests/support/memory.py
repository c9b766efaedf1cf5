"""Things a store keeps, and a process that saves them until it is killed."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from ops_center.core.incidents.incident import Incident
from ops_center.core.response.run import Order, PlanRun, StepRun
from ops_center.core.store import Saved
from ops_center.stores.sqlite import SqliteStore
from sim.messages.field import Command
from support.town import at


def incident(number: int, state: str = "confirmed") -> Incident:
    return Incident(
        incident_id=f"inc-{number:06d}",
        type="flood",
        place_id="underpass-01",
        district="east",
        state=state,
        level="III",
        probability=0.875,
        opened_at=at(0),
        updated_at=at(number),
        reached=(("suspected", at(0)), ("confirmed", at(1.5))),
        severity=0.1 + 0.2,
        peak_severity=0.3,
    )


def run(number: int) -> PlanRun:
    order = Order(command_id=f"cmd-{number:06d}", target_id="p", issued_at=at(1), sent_at=at(1))
    return PlanRun(
        incident_id=f"inc-{number:06d}",
        plan="underpass-flood@1",
        steps=(StepRun(step_id="close-road", status="acting", orders=(order,)),),
    )


def command(number: int) -> Command:
    return Command(
        ts_event=at(1),
        cause="inc-000001",
        command_id=f"cmd-{number:06d}",
        target_id="p",
        target_kind="standby_pump",
        target_domain="municipal",
        target_district="east",
        action="start",
        args={"text": "积水", "n": 2, "x": 0.5, "none": None},
        expires_at=at(300),
    )


def save_for_ever(path: Path, pipe: Connection) -> None:
    store = SqliteStore(path)
    for number in range(1, 100_000):
        saved = Saved(
            incidents={f"inc-{number:06d}": incident(number)}, counters={"journal": number}
        )
        store.save(saved, [{"seq": number, "type": "incident"}])
        pipe.send(number)
