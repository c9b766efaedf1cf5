"""How often truth samples the course of an event."""

from __future__ import annotations

from typing import Any

from sim.kernel.clock import Ns, seconds
from sim.world.events import SAMPLE_S, Events, HazardKind
from sim.world.truth import Truth


def kind(word: str, sample_s: float = SAMPLE_S) -> HazardKind:
    return HazardKind(
        kind=word,
        title=word,
        domain="safety",
        quantity="people",
        unit="people",
        levels=(("IV", 1.0),),
        source="assumed: a test",
        sample_s=sample_s,
    )


def test_slow_kinds_are_sampled_at_their_own_interval_and_others_every_minute(city: Any) -> None:
    records: list[dict[str, Any]] = []
    events = Events(city.basemap, Truth(records.append, Ns(0)))
    quick, slow = kind("quick"), kind("slow", sample_s=180.0)
    late = None
    for minute in range(1, 9):
        now = Ns(seconds(60.0 * minute - 30))
        if minute == 1:
            events.begin(slow, now, 0, 1.0)
            brief = events.begin(quick, now, 0, 1.0)
        if minute == 3:
            late = events.begin(slow, now, 1, 1.0)
        if minute == 4:
            events.end(brief, now)
        events.sample(Ns(seconds(60.0 * minute)))
    assert late is not None

    def sampled(event_id: str) -> list[float]:
        return [
            r["t_s"] / 60
            for r in records
            if r["type"] == "hazard_course" and r["event"] == event_id
        ]

    assert sampled(brief.event_id) == [1, 2, 3]
    assert sampled(late.event_id) == [3, 6]
    first = next(r["event"] for r in records if r["type"] == "hazard_onset")
    assert sampled(first) == [1, 4, 7]
    told = {r["event"]: r.get("sample_s") for r in records if r["type"] == "hazard_onset"}
    assert told == {first: 180.0, brief.event_id: None, late.event_id: 180.0}
