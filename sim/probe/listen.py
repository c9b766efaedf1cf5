"""A look at a live feed: listen, then try commands, then wait for a will, then look again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from sim.kernel.clock import Ns, monotonic_s
from sim.kernel.errors import InputError
from sim.probe.arrival import Arrival
from sim.probe.examination import Examination
from sim.probe.expect import Expect
from sim.probe.foreign import Foreign
from sim.probe.reader import Heard
from sim.probe.roll import Known
from sim.probe.trials import trials
from sim.transport.broker_url import BrokerUrl
from sim.transport.inbox import Inbound, Inbox
from sim.transport.link import MqttLink

CLIENT = "chengmai-probe"
TAKE_AT_MOST = 2_000
TAKE_S = 0.1
QUIET_S = 1.0
"""Silence after which a broker has told all that it keeps (assumed)."""
KEPT_S = 30.0
"""Longest second look [s]."""

Stop = Callable[[], bool]


class Pace(Protocol):
    """The feed's own time, running with the wall."""

    def now(self) -> Ns:
        """Return the feed's time now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who looks on while a listener works.

    Attributes
    ----------
    on_heard
        Told of every message.
    should_stop
        Asked often; True ends the listening early.
    """

    on_heard: Callable[[Heard], None] = lambda _heard: None
    should_stop: Stop = lambda: False


class Listener:
    """Hears a feed through a plain connection, and gives all of it to an examination.

    Parameters
    ----------
    url, patterns
        The broker, and what to subscribe to.
    pace
        The feed's time.
    expect
        What is tolerated.
    watch
        Who looks on.
    strict
        Whether warnings fail too.
    foreign
        Reads other people's messages, which are then listened to as well; None for none.

    Raises
    ------
    TransportError
        From `open`, when the broker cannot be reached or does not let us read.
    """

    def __init__(
        self,
        url: BrokerUrl,
        patterns: Sequence[str],
        *,
        pace: Pace,
        expect: Expect,
        watch: Watch,
        strict: bool = False,
        foreign: Foreign | None = None,
    ) -> None:
        self._url = url
        self._patterns = list(patterns)
        self._pace = pace
        self._expect = expect
        self._watch = watch
        self._inbox = Inbox()
        self._link = MqttLink(url, CLIENT, on_message=self._inbox.put)
        self._foreign = foreign
        self.examination = Examination(expect, pace.now(), strict=strict, foreign=foreign)
        self.cut: tuple[str, Ns] | None = None

    def open(self) -> None:
        """Connect and subscribe."""
        self._link.open()
        theirs = [] if self._foreign is None else self._foreign.filters
        self._link.subscribe([*self._patterns, *theirs])

    def close(self) -> None:
        """Say good-bye."""
        self._link.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def dropped(self) -> int:
        """Messages that came faster than they could be judged."""
        return self._inbox.dropped

    def listen(self, span_s: float, until: Stop = lambda: False) -> bool:
        """Listen for so much wall time, or until `until` holds; return whether it does."""
        ends_s = monotonic_s() + span_s
        while not until():
            left_s = ends_s - monotonic_s()
            if left_s <= 0 or self._watch.should_stop():
                return until()
            self._take(min(left_s, TAKE_S))
        return True

    def find(self, device_id: str) -> Known:
        """Return the device with an identifier, which must have spoken.

        Raises
        ------
        InputError
            When it was not heard, or two kinds of device bear it.
        """
        named = [known for known in self.examination.roll if known.address.device == device_id]
        found = [known for known in named if known.birth is not None] or named
        if len(found) != 1:
            heard = ", ".join(known.who for known in found) or "nothing of it was heard"
            raise InputError("--device", value=device_id, expected=f"one device; {heard}")
        return found[0]

    def command(self, known: Known, on_trial: Callable[[str], None]) -> None:
        """Send a device commands, each when the last was answered; none after a silence."""
        commands = self.examination.commands
        patience_s = self._patience_s(known)
        for trial in trials(known, f"probe-{self._pace.now() // 1_000_000}"):
            on_trial(trial.title)
            before = commands.answers(known.who, trial.command_id)
            self._link.publish(trial.message(known.address, self._pace.now()))

            def is_answered(command_id: str = trial.command_id, before: int = before) -> bool:
                is_over = commands.is_over(known.who, command_id)
                return is_over and commands.answers(known.who, command_id) > before

            if not self.listen(patience_s, is_answered) and not commands.answers(
                known.who, trial.command_id
            ):
                return

    def wait_for_will(self, known: Known) -> bool:
        """Listen until the broker says a device's will; return whether it did in time."""
        since = self._pace.now()
        self.cut = (known.who, since)
        wills = self.examination.wills
        return self.listen(self._expect.will_s, lambda: wills.has_died(known.who, since))

    def look_again(self) -> Mapping[str, Arrival]:
        """Return what the broker keeps now, by topic, as a newcomer is told."""
        inbox = Inbox()
        link = MqttLink(self._url, f"{CLIENT}-again", on_message=inbox.put)
        kept: dict[str, Arrival] = {}
        link.open()
        try:
            link.subscribe(self._patterns)
            ends_s = monotonic_s() + KEPT_S
            quiet_s = monotonic_s() + QUIET_S
            while monotonic_s() < min(ends_s, quiet_s):
                for item in inbox.take(TAKE_AT_MOST, TAKE_S):
                    _acknowledge(item)
                    if item.retained:
                        kept[item.topic] = self._arrival(item)
                        quiet_s = monotonic_s() + QUIET_S
        finally:
            link.close()
        return kept

    def _patience_s(self, known: Known) -> float:
        """Return how much wall time a command may take to be over [s]."""
        sleeps_s = 0.0
        if known.birth is not None and known.birth.interval_s is not None:
            sleeps_s = known.birth.interval_s
        expect = self._expect
        return (expect.finish_s + sleeps_s) / expect.speed + 2 * expect.listening_s

    def _take(self, timeout_s: float) -> None:
        for item in self._inbox.take(TAKE_AT_MOST, timeout_s):
            heard = self.examination.hear(self._arrival(item))
            _acknowledge(item)
            self._watch.on_heard(heard)

    def _arrival(self, item: Inbound) -> Arrival:
        return Arrival(
            self._pace.now(), item.topic, item.payload, retained=item.retained, qos=item.qos
        )


def _acknowledge(item: Inbound) -> None:
    if item.receipt is not None:
        item.receipt.acknowledge()
