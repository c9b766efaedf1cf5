"""What a broker says for a device that vanished, when somebody has pulled its plug."""

from __future__ import annotations

from sim.kernel.clock import Ns
from sim.messages import topics
from sim.messages.wire import DeviceState
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending
from sim.probe.findings import excerpt
from sim.probe.reader import Heard
from sim.probe.roll import ONLINE


class WillCheck:
    """Judges the last words of a device whose plug was pulled."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._words: dict[str, Heard] = {}
        self._strays: list[Arrival] = []

    def hear(self, heard: Heard) -> None:
        """Keep the last word of everyone, and last words on topics that are nobody's."""
        if heard.arrival.retained:
            return
        if heard.address is None:
            if b"offline" in heard.arrival.payload:
                self._strays.append(heard.arrival)
        elif heard.address.channel == topics.STATE:
            self._words[heard.who] = heard

    def conclude(self, ending: Ending) -> None:
        """Judge the will of the device that was cut, if one was."""
        if ending.cut is None:
            return
        who, since = ending.cut
        notes = self._desk.notes
        notes.judge("will.missing", "will.wrong", "will.not_retained")
        word = self._word_of(who, since)
        if word is None:
            stray = self._stray_of(who, since)
            if stray is not None:
                notes.note("will.wrong", who, f"a will on {stray.topic}", stray)
            else:
                notes.note("will.missing", who, "no state since the plug was pulled")
        elif not _is_offline(word):
            seen = "a will that does not say offline"
            if word.fault is not None:
                seen = f"a will that cannot be read: {word.fault.seen}"
            notes.note("will.wrong", who, seen, word.arrival)
        elif ending.kept is not None:
            kept = ending.kept.get(word.arrival.topic)
            if kept is None or kept.payload != word.arrival.payload:
                shown = "nothing" if kept is None else excerpt(kept.payload)
                notes.note("will.not_retained", who, f"the broker keeps {shown}", word.arrival)

    def has_died(self, who: str, since: Ns) -> bool:
        """Return whether a last word of the device came after `since`, right or wrong."""
        word = self._word_of(who, since)
        return word is not None or self._stray_of(who, since) is not None

    def _word_of(self, who: str, since: Ns) -> Heard | None:
        """Return the last word of the device, or of the gateway it speaks through."""
        known = self._desk.roll.find(who)
        gateway = None if known is None or known.birth is None else known.birth.gateway
        for name in (who, f"gateway/{gateway}"):
            word = self._words.get(name)
            if word is not None and word.arrival.at >= since:
                return word
        return None

    def _stray_of(self, who: str, since: Ns) -> Arrival | None:
        """Return a last word that names the device on a topic that is not its own."""
        device = who.partition("/")[2]
        elsewhere = [word.arrival for word in self._words.values() if _is_offline(word)]
        for arrival in (*self._strays, *elsewhere):
            if arrival.at >= since and device in arrival.topic.split("/"):
                return arrival
        return None


def _is_offline(word: Heard) -> bool:
    return isinstance(word.body, DeviceState) and word.body.status != ONLINE
