"""The register of incidents: exactly one open incident a place and type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ops_center.core.incidents import incident as lifecycle
from ops_center.core.incidents.fusion import Fusion, Key, Opinion
from ops_center.core.incidents.incident import FALSE_ALARM, Happening, Incident
from ops_center.core.incidents.signature import Signature
from sim.kernel.clock import Ns, seconds
from sim.kernel.ids import Counter

Write = Callable[..., str]
"""``write(type, **fields)``: appends to the journal and returns the record's name."""


class Register:
    """All incidents of this run, and the rules by which evidence moves them.

    Parameters
    ----------
    signatures
        The incident types known.
    district_of
        District of each place.
    write
        Journal to write every step to.
    acknowledge_after_s
        A simulated duty officer acknowledges so long after confirmation; None: people do.
    """

    def __init__(
        self,
        signatures: Iterable[Signature],
        district_of: Mapping[str, str],
        write: Write,
        acknowledge_after_s: float | None,
    ) -> None:
        self.incidents: dict[str, Incident] = {}
        self.ids = Counter("inc")
        self._signatures = {signature.type: signature for signature in signatures}
        self._district_of = district_of
        self._write = write
        self._acknowledge_after_s = acknowledge_after_s
        self._open: dict[Key, str] = {}
        self._over: list[tuple[Key, Ns]] = []
        self._changed: dict[str, None] = {}

    def restore(self, incidents: Mapping[str, Incident]) -> None:
        """Take up the incidents of an earlier process."""
        self.incidents = dict(incidents)
        self._open = {
            (i.type, i.place_id): i.incident_id for i in self.incidents.values() if i.is_open
        }

    def take_changed(self) -> dict[str, Incident]:
        """Return the incidents that changed since last asked."""
        changed, self._changed = self._changed, {}
        return {incident_id: self.incidents[incident_id] for incident_id in changed}

    def signature(self, incident_type: str) -> Signature:
        """Return the signature of a known incident type."""
        return self._signatures[incident_type]

    def open_incidents(self) -> list[Incident]:
        """Return the open incidents, oldest first."""
        return [self.incidents[i] for i in sorted(self._open.values())]

    def assess(self, fusion: Fusion, severity: Mapping[Key, float], now: Ns) -> list[Incident]:
        """Weigh what changed; return the incidents that were opened by it."""
        over, self._over = self._over, []
        for key, at in over:
            fusion.forget(key, at)
        opened = []
        for opinion in fusion.opinions(now, severity, self._open):
            key = (opinion.signature.type, opinion.place_id)
            if key in self._open:
                self._reassess(self.incidents[self._open[key]], opinion, now)
            elif opinion.probability >= opinion.signature.suspect_at:
                opened.append(self._suspect(key, opinion, now))
        for incident in self.open_incidents():
            self._age(incident, now)
        return [self.incidents[incident.incident_id] for incident in opened]

    def find_over(self, key: Key, now: Ns, *, by: str) -> None:
        """Take a crew's word that it was there and is over: what was doubted is confirmed."""
        incident = self.incidents.get(self._open.get(key, ""))
        if incident is not None:
            self.advance(incident.incident_id, "confirmed", now, by=by)

    def find_nothing(self, key: Key, now: Ns, *, by: str) -> None:
        """Take a crew's word that there is nothing: a false alarm, unless another saw it."""
        incident = self.incidents.get(self._open.get(key, ""))
        if incident is not None and not incident.was_seen:
            self.advance(incident.incident_id, FALSE_ALARM, now, by=by)

    def apply(self, happening: Happening, now: Ns) -> None:
        """Write what a plan brought about into its incident."""
        incident = self.incidents[happening.incident_id]
        noted = lifecycle.noted(incident, now, happening.what, happening.detail, happening.cause)
        self._put(noted)
        if happening.milestone is not None:
            self.advance(incident.incident_id, happening.milestone, now, cause=happening.cause)

    def advance(
        self,
        incident_id: str,
        milestone: str,
        now: Ns,
        *,
        by: str = "centre",
        cause: str | None = None,
    ) -> bool:
        """Move an incident on; return False when it had been there, or is over."""
        before = self.incidents[incident_id]
        after = lifecycle.advanced(before, milestone, now, by=by, cause=cause)
        if after is before:
            return False
        self._keep(after)
        self._record(after, milestone, before.state, by, cause)
        return True

    # --- one concern each -----------------------------------------------------------------

    def _suspect(self, key: Key, opinion: Opinion, now: Ns) -> Incident:
        incident = lifecycle.opened(
            incident_id=self.ids.take(),
            district=self._district_of[opinion.place_id],
            opinion=opinion,
            at=now,
        )
        self._open[key] = incident.incident_id
        self._keep(incident)
        self._record(incident, "suspected", None, "centre", opinion.cause)
        self._reassess(incident, opinion, now)
        return incident

    def _reassess(self, before: Incident, opinion: Opinion, now: Ns) -> None:
        after = lifecycle.assessed(before, opinion, now)
        signature = opinion.signature
        self._keep(after)
        if after.level != before.level:
            self._write(
                "level",
                incident=after.incident_id,
                level=after.level,
                **{"from": before.level},
                cause=opinion.cause,
            )
            self._keep(lifecycle.noted(after, now, "level", f"{before.level} → {after.level}"))
        if opinion.probability >= signature.confirm_at:
            self.advance(after.incident_id, "confirmed", now, cause=opinion.cause)
        elif opinion.probability < signature.drop_at and not after.has_reached("confirmed"):
            self.advance(after.incident_id, FALSE_ALARM, now, cause=opinion.cause)

    def _age(self, incident: Incident, now: Ns) -> None:
        """Take the steps that time alone brings."""
        signature = self._signatures[incident.type]
        confirmed_at = incident.reached_at("confirmed")
        wait_s = self._acknowledge_after_s
        if (
            confirmed_at is not None
            and wait_s is not None
            and now - confirmed_at >= seconds(wait_s)
        ):
            self.advance(incident.incident_id, "acknowledged", now, by="duty officer (simulated)")
        if incident.has_reached("controlled"):
            if incident.severity >= signature.relapse_at:
                relapsed = lifecycle.relapsed(self.incidents[incident.incident_id], now)
                self._keep(relapsed)
                self._record(relapsed, relapsed.state, "controlled", "centre", None)
        elif (
            confirmed_at is not None
            and incident.below_control_since is not None
            and now - incident.below_control_since >= seconds(signature.controlled_for_s)
        ):
            self.advance(incident.incident_id, "controlled", now)
        elif confirmed_at is not None and self._is_unheard_of(incident, signature, now):
            self.advance(incident.incident_id, "controlled", now, by="centre, hearing no more")

    @staticmethod
    def _is_unheard_of(incident: Incident, signature: Signature, now: Ns) -> bool:
        """Return whether nobody has told of it for as long as its type allows."""
        heard_at = incident.opened_at if incident.told_at is None else incident.told_at
        wait_s = signature.unheard_for_s
        return wait_s is not None and now - heard_at >= seconds(wait_s)

    def may_close(self, incident: Incident, now: Ns, *, threatened: bool) -> bool:
        """Return whether an incident under control is over: quiet long enough, no threat left."""
        signature = self._signatures[incident.type]
        if signature.seen_by == "crews":
            controlled_at = incident.reached_at("controlled")
            return (
                incident.state == "controlled"
                and controlled_at is not None
                and now - controlled_at >= seconds(signature.closing_for_s)
            )
        return (
            incident.state == "controlled"
            and not threatened
            and incident.below_closing_since is not None
            and now - incident.below_closing_since >= seconds(signature.closing_for_s)
        )

    def _put(self, incident: Incident) -> None:
        self.incidents[incident.incident_id] = incident
        self._changed[incident.incident_id] = None

    def _keep(self, incident: Incident) -> None:
        self._put(incident)
        if not incident.is_open:
            key = (incident.type, incident.place_id)
            self._open.pop(key, None)
            self._over.append((key, incident.updated_at))

    def _record(
        self, incident: Incident, milestone: str, before: str | None, by: str, cause: str | None
    ) -> None:
        self._write(
            "incident",
            incident=incident.incident_id,
            state=milestone,
            **{"from": before},
            incident_type=incident.type,
            place=incident.place_id,
            district=incident.district,
            level=incident.level,
            probability=incident.probability,
            by=by,
            cause=cause,
        )
