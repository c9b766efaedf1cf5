"""All checks over one feed, live or recorded: fed in order of arrival, concluded once."""

from __future__ import annotations

from collections.abc import Mapping

from sim.kernel.clock import Ns
from sim.messages.wire import DeviceState
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Check, Desk, Ending
from sim.probe.checks.births import BirthCheck
from sim.probe.checks.channels import ChannelCheck
from sim.probe.checks.commands import CommandCheck
from sim.probe.checks.form import FormCheck
from sim.probe.checks.keeping import KeepingCheck
from sim.probe.checks.rates import RateCheck
from sim.probe.checks.sequence import SequenceCheck
from sim.probe.checks.times import TimeCheck
from sim.probe.checks.values import ValueCheck
from sim.probe.checks.wills import WillCheck
from sim.probe.expect import Expect
from sim.probe.findings import Notebook
from sim.probe.foreign import Foreign
from sim.probe.reader import Heard, read
from sim.probe.roll import Roll
from sim.probe.verdict import Verdict


class Examination:
    """Listens to one feed, and judges it.

    Parameters
    ----------
    expect
        What is tolerated.
    start
        When it begins, in the feed's time.
    strict
        Whether warnings fail too.
    foreign
        Reads what is not in the feed's form; None where nothing is.
    """

    def __init__(
        self, expect: Expect, start: Ns, *, strict: bool = False, foreign: Foreign | None = None
    ) -> None:
        self.roll = Roll()
        self.messages = 0
        self._start = start
        self._strict = strict
        self._foreign = foreign
        self._desk = Desk(expect=expect, roll=self.roll, notes=Notebook())
        self.wills = WillCheck(self._desk)
        self.commands = CommandCheck(self._desk)
        self._checks: tuple[Check, ...] = (
            FormCheck(self._desk),
            KeepingCheck(self._desk),
            BirthCheck(self._desk),
            ChannelCheck(self._desk),
            ValueCheck(self._desk),
            SequenceCheck(self._desk),
            RateCheck(self._desk),
            TimeCheck(self._desk),
            self.wills,
            self.commands,
        )

    def hear(self, arrival: Arrival) -> Heard:
        """Take one message, and return what it says."""
        self.messages += 1
        if self._foreign is None:
            return self._judge(arrival)
        self._desk.notes.judge("foreign.unfit")
        heard: list[Heard] = []
        for said in self._foreign.read(arrival):
            if isinstance(said, Arrival):
                heard.append(self._judge(said))
            else:
                self._desk.notes.note("foreign.unfit", arrival.topic, str(said), arrival)
        return heard[0] if heard else Heard(arrival=arrival, who=arrival.topic)

    def _judge(self, arrival: Arrival) -> Heard:
        heard = read(arrival)
        self._note_who(heard)
        for check in self._checks:
            check.hear(heard)
        return heard

    def conclude(
        self,
        end: Ns,
        *,
        kept: Mapping[str, Arrival] | None = None,
        cut: tuple[str, Ns] | None = None,
    ) -> Verdict:
        """Return the verdict; call it once.

        Parameters
        ----------
        end
            When listening ended, in the feed's time.
        kept
            What the broker retains at the end, by topic; None where nobody looked.
        cut
            ``kind/device`` whose plug was pulled, and when.
        """
        ending = Ending(start=self._start, end=end, kept=kept, cut=cut)
        for check in self._checks:
            check.conclude(ending)
        return Verdict(
            start=self._start,
            end=end,
            messages=self.messages,
            devices=len(self.roll),
            judged=frozenset(self._desk.notes.judged),
            findings=self._desk.notes.findings(),
            strict=self._strict,
        )

    def _note_who(self, heard: Heard) -> None:
        """Keep the roll of devices up to date, before the checks ask it."""
        if isinstance(heard.body, DeviceState) and heard.address is not None:
            self.roll.note_state(heard.who, heard.address, heard.body, heard.arrival)
        elif isinstance(heard.body, tuple):
            for report in heard.body:
                self.roll.note(report.who, report.address, heard.arrival)
