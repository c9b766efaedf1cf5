"""Commands on the feed, ours or anybody's, and how they are answered."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.kernel.clock import SECOND
from sim.messages import topics
from sim.messages.wire import AckWire, CommandWire
from sim.probe.arrival import Arrival
from sim.probe.checks.base import Desk, Ending
from sim.probe.reader import Heard

UNKNOWN_ACTION = "probe_no_such_action"
"""An action that no device has, to see it refused."""

OBEYED = ("accepted", "done")
OVER = ("refused", "done", "failed")


@dataclass(slots=True)
class _Answer:
    ack: AckWire
    arrival: Arrival


@dataclass(slots=True)
class _Story:
    """A command, its copies, and the answers."""

    who: str
    domain: str
    command: CommandWire
    sent: list[Arrival]
    answers: list[_Answer] = field(default_factory=list)


class CommandCheck:
    """Judges answers to commands."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stories: dict[tuple[str, str], _Story] = {}
        self._answers: dict[tuple[str, str], list[_Answer]] = {}

    def hear(self, heard: Heard) -> None:
        """Note a command or an answer."""
        if heard.arrival.retained or heard.address is None:
            return
        body, who = heard.body, heard.who
        if isinstance(body, CommandWire):
            story = self._stories.get((who, body.id))
            if story is None:
                answers = self._answers.setdefault((who, body.id), [])
                domain = heard.address.domain
                self._stories[who, body.id] = _Story(who, domain, body, [heard.arrival], answers)
            else:
                story.sent.append(heard.arrival)
        elif isinstance(body, AckWire):
            answers = self._answers.setdefault((who, body.id), [])
            answers.append(_Answer(body, heard.arrival))

    def conclude(self, ending: Ending) -> None:
        """Judge every command that there was time to answer."""
        for story in self._stories.values():
            self._judge_order(story)
            self._judge_obedience(story)
            self._judge_copies(story, ending)
            self._judge_end(story, ending)

    def answers(self, who: str, command_id: str) -> int:
        """Return how many answers to a command have come."""
        return len(self._answers.get((who, command_id), ()))

    def is_over(self, who: str, command_id: str) -> bool:
        """Return whether a command's last answer has come."""
        answers = self._answers.get((who, command_id), ())
        return any(answer.ack.status in OVER for answer in answers)

    def _patience_ns(self, story: _Story) -> int:
        """Return how long a first answer may take [ns]; a sleeper hears after it has reported."""
        known = self._desk.roll.find(story.who)
        birth = None if known is None else known.birth
        sleeps_s = 0.0 if birth is None or birth.interval_s is None else birth.interval_s
        expect = self._desk.expect
        return round((expect.ack_s + expect.slack_s + sleeps_s) * SECOND)

    def _judge_order(self, story: _Story) -> None:
        notes, first = self._desk.notes, story.sent[0]
        for answer in story.answers:
            notes.judge("command.early_ack")
            early_s = (first.at - answer.arrival.at) / SECOND
            if early_s > self._desk.expect.slack_s:
                seen = f"{answer.ack.status!r} {early_s:.1f} s before command {story.command.id}"
                notes.note("command.early_ack", story.who, seen, answer.arrival)

    def _judge_obedience(self, story: _Story) -> None:
        notes, command = self._desk.notes, story.command
        obeyed = next((a for a in story.answers if a.ack.status in OBEYED), None)
        is_unknown = command.action == UNKNOWN_ACTION
        if is_unknown:
            notes.judge("command.unknown")
            if obeyed is not None:
                seen = f"{obeyed.ack.status!r} to the action {command.action!r}"
                notes.note("command.unknown", story.who, seen, obeyed.arrival)
        late_s = story.sent[0].at / SECOND - command.expires
        if late_s > self._desk.expect.clock_s + self._desk.expect.slack_s:
            notes.judge("command.expired")
            if obeyed is not None and not is_unknown:
                seen = f"{obeyed.ack.status!r} to a command expired {late_s:,.0f} s before"
                notes.note("command.expired", story.who, seen, obeyed.arrival)

    def _judge_copies(self, story: _Story, ending: Ending) -> None:
        """Judge a copy that came when the first was over: it must change nothing."""
        notes = self._desk.notes
        over = next((a for a in story.answers if a.ack.status in OVER), None)
        if over is None:
            return
        copy = next((a for a in story.sent[1:] if a.at >= over.arrival.at), None)
        if copy is None:
            return
        again = [a for a in story.answers if a.arrival.at >= copy.at and a is not over]
        if not again:
            if ending.end - copy.at > self._patience_ns(story):
                notes.note("command.copy", story.who, "no answer to a copy", copy)
            return
        notes.judge("command.copy")
        other = next((a for a in again if a.ack.status != over.ack.status), None)
        if other is not None:
            seen = f"{other.ack.status!r} to a copy of what was {over.ack.status!r}"
            notes.note("command.copy", story.who, seen, other.arrival)

    def _judge_end(self, story: _Story, ending: Ending) -> None:
        notes, first, command = self._desk.notes, story.sent[0], story.command
        waited_ns = ending.end - first.at
        if not story.answers:
            if waited_ns <= self._patience_ns(story):
                return
            other = self._answer_to_nothing(story)
            if other is not None:
                seen = f"an ack for {other.ack.id!r} after command {command.id!r}"
                notes.note("command.ack_id", story.who, seen, other.arrival)
            else:
                seen = f"no ack to {command.action!r}, {command.id}"
                notes.note("command.no_ack", story.who, seen, first)
            return
        notes.judge("command.no_ack", "command.ack_id")
        # A unit is on its way for as long as it takes.
        if story.answers[0].ack.status != "accepted" or story.domain == topics.EMERGENCY:
            return
        if any(answer.ack.status in OVER for answer in story.answers):
            notes.judge("command.unfinished")
        elif waited_ns > (self._desk.expect.finish_s + self._desk.expect.slack_s) * SECOND:
            seen = f"{command.action!r} accepted, {command.id}, and nothing since"
            notes.note("command.unfinished", story.who, seen, story.answers[0].arrival)

    def _answer_to_nothing(self, story: _Story) -> _Answer | None:
        """Return an answer of the same device, later than the command, to no known command."""
        for (who, command_id), answers in self._answers.items():
            if who != story.who or (who, command_id) in self._stories:
                continue
            for answer in answers:
                if answer.arrival.at >= story.sent[0].at:
                    return answer
        return None
