"""The desk: findings become evidence, evidence incidents, incidents plans under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ops_center.core.config import CenterConfig
from ops_center.core.detectors.base import Finding
from ops_center.core.incidents.fusion import Fusion
from ops_center.core.incidents.incident import FALSE_ALARM
from ops_center.core.incidents.register import Register
from ops_center.core.incidents.types import CREW_SIGNAL
from ops_center.core.inventory import Inventory
from ops_center.core.journal import Journal
from ops_center.core.picture import CREW_STANDS, Picture
from ops_center.core.presence import StatusChange
from ops_center.core.response.conductor import Belief, Conductor
from ops_center.core.response.orders import OrderBook
from ops_center.core.response.travel import TravelTimes
from ops_center.core.snapshot import Evidence, IncidentView
from ops_center.core.store import Saved
from ops_center.core.views import incident_view
from sim.kernel.basemap import BaseMap
from sim.kernel.clock import Clock, Ns, to_seconds
from sim.messages.city import CallReceived
from sim.messages.field import LOCAL_PREFIX, Ack, ActuatorStatus, Command, UnitStatus
from sim.messages.operator import OperatorOrder

CALL_LLR = 4.0
"""A person who calls from the water is rarely wrong (assumed: odds of e⁴, about 55 to 1)."""
CREW_LLR = 7.0
"""A crew that sees it, or sees nothing, is next to never wrong (assumed: 1,000 to 1)."""
CALL = "call:"
"""Before the topic of a call: what it is evidence of."""
RAIN_SIGNALS = ("raining", "rain_high")


class Desk:
    """Everything the centre keeps once it has a map.

    Parameters
    ----------
    basemap
        The public map.
    inventory
        Who the devices are and where.
    journal
        Takes every decision.
    clock
        Time.
    config
        Plans and settings.
    """

    def __init__(
        self,
        basemap: BaseMap,
        inventory: Inventory,
        journal: Journal,
        clock: Clock,
        config: CenterConfig,
    ) -> None:
        self.basemap = basemap
        residents = sum(district.population for district in basemap.districts)
        signatures = tuple(signature.for_city(residents) for signature in config.signatures)
        self.picture = Picture(basemap, inventory, signatures)
        self.fusion = Fusion(signatures, basemap)
        self.register = Register(
            signatures,
            {place.place_id: place.district_id for place in basemap.places},
            self._write,
            config.acknowledge_after_s,
        )
        self.book = OrderBook(self._write)
        self.conductor = Conductor(config.plans, self.book, self._write)
        self._inventory = inventory
        self._journal = journal
        self._clock = clock
        self._reach_m = max(signature.area_radius_m for signature in config.signatures)
        self._near: dict[tuple[float, float], list[str]] = {}
        self._travel = TravelTimes(basemap)
        self._orders_seen: dict[str, None] = {}

    # --- what comes in --------------------------------------------------------------------

    def on_unit(self, unit: UnitStatus) -> None:
        """Take a unit's status; write it down when its step in a job changed."""
        before = self.picture.units.get(unit.unit_id)
        place_id = self._place_of_order(unit.order_id)
        self.picture.on_unit(unit, place_id, self._clock.now())
        if place_id is not None and unit.state == "on_scene" and unit.observed:
            self._hear_crew(unit, place_id)
        changed = before is not None and (before.state, before.order_id) != (
            unit.state,
            unit.order_id,
        )
        if changed:
            self._write("unit", unit=unit.unit_id, state=unit.state, order=unit.order_id)
        self.book.on_unit(unit, self._clock.now())
        self._apply_happenings()

    def on_actuator(self, actuator: ActuatorStatus) -> None:
        """Take an actuator's word on its position; note what a gateway made it do."""
        known = self.picture.actuators.get(actuator.actuator_id)
        moved = known is None or known.position != actuator.position
        if moved and actuator.cause is not None and actuator.cause.startswith(LOCAL_PREFIX):
            self._write(
                "local_action",
                actuator=actuator.actuator_id,
                place=actuator.place_id,
                position=actuator.position,
                command=actuator.cause,
                at_ns=int(actuator.ts_event),
            )
        self.picture.on_actuator(actuator)

    def on_call(self, call: CallReceived) -> None:
        """Take a call as evidence at its place."""
        cause = self._write(
            "call",
            call=call.call_id,
            line=call.line,
            topic=call.topic,
            place=call.place_id,
            people=call.people,
        )
        if call.place_id is None:
            return
        evidence = Evidence(
            source=call.call_id,
            signal=f"{CALL}{call.topic}",
            value=float(call.people),
            unit="people",
            llr=CALL_LLR,
            at=call.ts_event,
        )
        self._hear_call(call.place_id, evidence, cause, self._clock.now())

    def on_ack(self, ack: Ack) -> None:
        """Take an answer to a command."""
        self._write(
            "ack",
            command=ack.command_id,
            source=ack.source_id,
            status=ack.status,
            reason=ack.reason,
        )
        self.book.on_ack(ack)
        self._apply_happenings()

    def on_order(self, order: OperatorOrder) -> None:
        """Carry out an operator's order, once."""
        if order.order_id in self._orders_seen:
            return
        self._orders_seen[order.order_id] = None
        cause = self._write(
            "order",
            order=order.order_id,
            operator=order.operator,
            action=order.action,
            incident=order.incident_id,
        )
        milestone = {
            "acknowledge": "acknowledged",
            "close": "closed",
            "false_alarm": FALSE_ALARM,
        }.get(order.action)
        if milestone is None or order.incident_id not in self.register.incidents:
            return
        incident = self.register.incidents[order.incident_id]
        if milestone == "closed" and incident.incident_id in self.book.runs:
            self.conductor.release(incident, self._belief(), closing=True)
        self.register.advance(
            order.incident_id, milestone, self._clock.now(), by=order.operator, cause=cause
        )

    def take(self, findings: Sequence[Finding], changes: Sequence[StatusChange]) -> None:
        """Take what detectors and the inventory found, as evidence and as work orders."""
        for finding in findings:
            self._take_finding(finding)
        for change in changes:
            self._write(
                "device", device=change.device_id, status=change.status, reason=change.reason
            )
            if change.status in ("silent", "offline", "faulty"):
                self.fusion.withdraw(change.device_id)

    # --- what it does with it -------------------------------------------------------------

    def tick(self, *, look: bool) -> None:
        """Assess, respond, and close what is over; `look` when sensors said something new."""
        now = self._clock.now()
        if look:
            self.picture.look(now)
        self.picture.refresh(now)
        for incident in self.register.assess(self.fusion, self.picture.severity, now):
            self.conductor.begin(incident)
        if self.book.runs:
            belief = self._belief()
            self._travel.believe(lambda: (self.picture.speeds(now), self.picture.blocked))
            self._take_back_relapses()
            self.conductor.tick(self.register.incidents, belief)
            self._apply_happenings()
            self._close_what_is_over(belief)
            self._apply_happenings()

    def views(self) -> tuple[IncidentView, ...]:
        """Return the incidents as the outside sees them, oldest first."""
        return tuple(
            incident_view(
                incident,
                self.basemap,
                self.conductor.plans.get(incident.type),
                self.book.runs.get(incident.incident_id),
            )
            for incident in self.register.incidents.values()
        )

    def take_commands(self) -> list[Command]:
        """Return the commands to publish."""
        commands, self.book.outbox = self.book.outbox, []
        return commands

    # --- memory ---------------------------------------------------------------------------

    def restore(self, saved: Saved) -> None:
        """Go on from what an earlier process stored; open commands are sent again.

        Gauges and crews speak again by themselves; calls are remembered with their incident.
        """
        self.register.restore(saved.incidents)
        for incident in self.register.open_incidents():
            for evidence in incident.evidence:
                if evidence.signal.startswith(CALL):
                    self._hear_call(incident.place_id, evidence, None, evidence.at)
        self.register.ids.last = saved.counters.get("inc", 0)
        self.book.ids.last = saved.counters.get("cmd", 0)
        self.book.restore(saved.runs)
        self.book.commands.update(saved.commands)
        self.book.outbox += saved.commands.values()

    def take_changed(self) -> Saved:
        """Return what changed since the last call, with the commands still open."""
        runs, over = self.book.take_changed()
        return Saved(
            incidents=self.register.take_changed(),
            runs=runs,
            runs_over=over,
            commands=dict(self.book.commands),
            counters={
                "inc": self.register.ids.last,
                "cmd": self.book.ids.last,
                "journal": self._journal.last_seq,
            },
        )

    # --- one concern each -----------------------------------------------------------------

    def _write(self, record_type: str, **fields: Any) -> str:
        return f"#{self._journal.write(record_type, self._clock.now(), **fields)}"

    def _belief(self) -> Belief:
        return Belief(
            now=self._clock.now(),
            actuators=self.picture.actuators,
            units=self.picture.units,
            travel=self._travel,
            trapped=self.picture.trapped,
            affected=self.picture.affected,
            gear=self.picture.gear,
        )

    def _take_finding(self, finding: Finding) -> None:
        places = self._places_of(finding)
        cause = self._write(
            "finding",
            detector=finding.detector,
            signal=finding.signal,
            device=finding.device_id,
            kind=finding.kind,
            place=places[0] if len(places) == 1 else None,
            value=round(finding.value, 4),
            unit=finding.unit,
            active=finding.active,
            llr=round(finding.llr, 3),
        )
        if not finding.active:
            self.fusion.withdraw(finding.device_id, finding.signal)
            return
        evidence = Evidence(
            source=finding.device_id,
            signal=finding.signal,
            value=round(finding.value, 4),
            unit=finding.unit,
            llr=round(finding.llr, 3),
            at=finding.at,
        )
        for place_id in places:
            self.fusion.add(place_id, evidence, cause=cause)

    def _places_of(self, finding: Finding) -> list[str]:
        """Return the places a finding speaks of: its own, its road's, or those near."""
        slot = self._inventory.find(finding.device_id)
        if slot is None:
            return []
        info = self._inventory.infos[slot]
        if info.place_id is not None:
            return [info.place_id]
        if info.link is not None:
            return self.fusion.places_of_link(info.link)
        where = (info.lon, info.lat)
        if where not in self._near:
            x_m, y_m = self.basemap.projection.point_to_xy(*where)
            self._near[where] = self.fusion.places_near(x_m, y_m, self._reach_m)
        return self._near[where]

    def _place_of_order(self, order_id: str | None) -> str | None:
        run = None if order_id is None else self.book.run_of(order_id)
        return None if run is None else self.register.incidents[run.incident_id].place_id

    def _hear_call(self, place_id: str, evidence: Evidence, cause: str | None, now: Ns) -> None:
        """Take what somebody on the telephone says of a place."""
        topic = evidence.signal.removeprefix(CALL)
        self.picture.on_call(topic, place_id, round(evidence.value), now)
        self.fusion.add(place_id, evidence, cause=cause, heard=now)

    def _hear_crew(self, unit: UnitStatus, place_id: str) -> None:
        """Take what a crew sees as evidence for, or against, each type it tells of."""
        now = self._clock.now()
        for incident, severity in self.picture.seen_by_crew(unit, place_id).items():
            signal = f"{CREW_SIGNAL}:{incident}"
            if severity == 0.0:
                # It was there and is over: that neither speaks for another nor against this.
                self.fusion.withdraw(unit.unit_id, signal)
                self.register.find_over((incident, place_id), now, by=unit.unit_id)
                continue
            evidence = Evidence(
                source=unit.unit_id,
                signal=signal,
                value=severity or 0.0,
                unit=self.register.signature(incident).severity_unit,
                llr=CREW_LLR if severity is not None else -CREW_LLR,
                at=now,
            )
            self.fusion.add(
                place_id,
                evidence,
                cause=unit.order_id,
                heard=now,
                # That all is well holds no longer than the crew keeps saying so.
                stands_s=None if severity else to_seconds(CREW_STANDS),
            )
            if severity is None:
                self.register.find_nothing((incident, place_id), now, by=unit.unit_id)

    def _apply_happenings(self) -> None:
        for happening in self.book.take_happenings():
            self.register.apply(happening, self._clock.now())

    def _take_back_relapses(self) -> None:
        for incident in self.register.open_incidents():
            run = self.book.runs.get(incident.incident_id)
            if run is not None and not incident.has_reached("controlled"):
                self.conductor.relapse(incident.incident_id)

    def _close_what_is_over(self, belief: Belief) -> None:
        for incident_id in list(self.book.runs):
            incident = self.register.incidents[incident_id]
            threatened = any(e.signal in RAIN_SIGNALS for e in incident.evidence)
            if self.register.may_close(incident, belief.now, threatened=threatened):
                self.conductor.release(incident, belief, closing=True)
                if self.conductor.settled(incident_id):
                    self.register.advance(incident_id, "closed", belief.now)
            if not self.register.incidents[incident_id].is_open and self.conductor.settled(
                incident_id
            ):
                self.book.forget(incident_id)
