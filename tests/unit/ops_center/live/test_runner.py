from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.live.runner import Runner, replay
from sim.kernel.bus import Message
from sim.kernel.clock import MILLISECOND, SECOND, Ns, SteppedClock, WallClock, seconds
from sim.kernel.errors import PayloadError
from sim.messages.encode import Encoder
from sim.messages.field import Ack, Command, UnitStatus
from sim.messages.operator import OperatorOrder
from sim.messages.telemetry import DeviceBirth, TelemetryBatch
from sim.transport.inbox import Inbound, Inbox
from sim.transport.recorder import Recorder, groups, read_recording, recording_start
from sim.transport.replay import ReplayBus
from support.messages import ack, batch, birth, command, order, says
from support.town import START

KINDS: tuple[type[Message], ...] = (TelemetryBatch, DeviceBirth, Ack, UnitStatus, OperatorOrder)


class RecordingCenter:
    """Writes down all that reaches it and when; answers some of it, and sets timers."""

    def __init__(self, bus: ReplayBus, clock: SteppedClock) -> None:
        self.log: list[object] = []
        self._bus = bus
        self._clock = clock
        for kind in KINDS:
            bus.subscribe(kind, self._hear)
        clock.call_every(seconds(5), lambda: self._note("tick"), name="tick")

    def quarantine(self, topic: str, payload: bytes, error: PayloadError) -> None:
        self._note("quarantine", topic, payload, error.reason)

    def snapshot(self) -> int:
        return len(self.log)

    def _hear(self, message: Message) -> None:
        self._note(type(message).__name__, str(says(message)))
        if isinstance(message, Ack):
            due = Ns(self._clock.now() + seconds(int(message.command_id[-3:]) / 10))
            self._clock.call_at(due, lambda: self._note("due"), name="due")
            self._bus.publish(command(int(message.command_id[-3:])))

    def _note(self, *what: object) -> None:
        self.log.append((self._clock.now(), *what))


class ScriptedWall:
    """City time that passes as the script says."""

    def __init__(self) -> None:
        self.at = int(START)

    def now(self) -> Ns:
        return Ns(self.at)

    def wall_seconds_until(self, when: int) -> float:
        return (when - self.at) / SECOND


class ScriptedBus(ReplayBus):
    """Hands out what the script says, when it says so, then stops the runner."""

    def __init__(self, wall: ScriptedWall, script: list[tuple[int, list[Inbound]]]) -> None:
        super().__init__(listener=self._publish)
        self._wall = wall
        self._script = list(script)
        self._injected: list[Inbound] = []
        self.acknowledged: list[Inbound] = []
        self.published: list[Message] = []
        self.patience_s: list[float] = []
        self.runner: Runner[int] | None = None

    def take(self, max_messages: int, timeout_s: float) -> list[Inbound]:
        self.patience_s.append(timeout_s)
        if not self._script:
            self.runner.stop()
            return []
        wait_ns, group = self._script.pop(0)
        self._wall.at += wait_ns
        injected, self._injected = self._injected, []
        return injected + group

    def acknowledge(self, group) -> None:
        self.acknowledged += group

    def inject(self, topic: str, payload: bytes) -> None:
        self._injected.append(Inbound(topic, payload))

    def wake(self) -> None:
        pass

    def _publish(self, message: Message) -> None:
        self.published.append(message)


def wired(*messages: Message) -> list[Inbound]:
    encoder = Encoder()
    encoder.encode(birth(4))
    return [Inbound(w.topic, w.payload) for m in messages for w in encoder.encode(m)]


def run(script, recorder=None, **more):
    wall = ScriptedWall()
    clock = SteppedClock(wall.now())
    bus = ScriptedBus(wall, script)
    center = RecordingCenter(bus, clock)
    runner = Runner(center, bus, clock, wall, recorder=recorder, **more)
    bus.runner = runner
    return center, bus, clock, runner


def run_replay(path: Path):
    published: list[Message] = []
    clock = SteppedClock(recording_start(path))
    bus = ReplayBus(published.append)
    center = RecordingCenter(bus, clock)
    replay(center, bus, clock, read_recording(path))
    return center, published, clock


def test_what_came_together_gets_one_stamp_in_whole_milliseconds():
    center, bus, _, runner = run([(1_234_567_891, wired(ack(1), ack(2)))])
    runner.run()
    stamps = [entry[0] for entry in center.log if entry[1] == "Ack"]
    assert stamps == [START + 1_234 * MILLISECOND] * 2
    assert bus.acknowledged == wired(ack(1), ack(2))


def test_groups_within_a_millisecond_get_later_stamps():
    center, *_, runner = run([(0, wired(ack(1))), (10, wired(ack(2))), (10, wired(ack(3)))])
    runner.run()
    stamps = [entry[0] - START for entry in center.log if entry[1] == "Ack"]
    assert stamps == [1 * MILLISECOND, 2 * MILLISECOND, 3 * MILLISECOND]


def test_timers_due_before_a_group_run_first_each_at_its_own_time():
    center, *_, runner = run([(12 * SECOND, wired(ack(1)))])
    runner.run()
    first = SteppedClock(START).now()
    ticks = [(at, what) for at, what, *_ in center.log[:3]]
    multiple = (first // seconds(5) + 1) * seconds(5)
    assert ticks == [
        (multiple, "tick"),
        (multiple + seconds(5), "tick"),
        (START + 12 * SECOND, "Ack"),
    ]


def test_a_timer_runs_though_nothing_comes():
    center, *_, runner = run([(6 * SECOND, [])])
    runner.run()
    assert [entry[1] for entry in center.log] == ["tick"]


def test_it_waits_no_longer_than_to_the_next_timer():
    _, bus, clock, runner = run([(0, [])])
    clock.call_at(Ns(START + 100 * MILLISECOND), lambda: None, name="soon")
    runner.run()
    assert bus.patience_s[0] == pytest.approx(0.101)


def test_being_woken_for_nothing_does_not_push_time_ahead_of_the_wall():
    _, _, clock, runner = run([(0, [])] * 500)
    runner.run()
    assert clock.now() - START <= 1 * MILLISECOND


def test_an_unreadable_message_is_quarantined_and_its_neighbours_are_handled():
    rubbish = Inbound("city/v1/a/b/c/d/ack", b"\xff{")
    center, bus, _, runner = run([(SECOND, [*wired(ack(1)), rubbish, *wired(ack(2))])])
    runner.run()
    assert [entry[1] for entry in center.log] == ["Ack", "quarantine", "Ack"]
    assert center.log[1][2:] == ("city/v1/a/b/c/d/ack", b"\xff{", "json")
    assert rubbish in bus.acknowledged


def test_an_order_is_recorded_like_a_message_and_reaches_the_centre(tmp_path):
    with Recorder(tmp_path / "r") as recorder:
        center, _, _, runner = run([(SECOND, [])], recorder)
        runner.order(order())
        runner.run()
    assert [entry[1] for entry in center.log] == ["OperatorOrder"]
    recorded = [item.topic for item in read_recording(tmp_path / "r")]
    assert recorded == ["recording/v1/start", "ops/v1/order", "recording/v1/end"]


def test_what_was_handled_is_durable_before_it_is_acknowledged():
    events = []
    center, bus, _, runner = run(
        [(SECOND, wired(ack(1)))], commit=lambda: events.append(("commit", len(center.log)))
    )
    bus.acknowledge = lambda group: events.append(("acknowledge", len(group)))
    runner.run()
    assert events[:2] == [("commit", 1), ("acknowledge", 1)]


def test_what_a_handler_raises_ends_the_run_unacknowledged_but_recorded(tmp_path):
    with Recorder(tmp_path / "r") as recorder:
        _, bus, _, runner = run([(SECOND, wired(ack(1)))], recorder)

        def fail(message: Ack) -> None:
            raise RuntimeError(message.command_id)

        bus.subscribe(Ack, fail)
        with pytest.raises(RuntimeError, match="cmd-000001"):
            runner.run()
    assert bus.acknowledged == []
    assert len(list(read_recording(tmp_path / "r"))) == 2


def test_snapshots_come_after_groups_but_not_for_each_of_many():
    seen = []
    script = [(MILLISECOND, wired(ack(n))) for n in range(100)]
    center, _, _, runner = run(script, on_snapshot=seen.append)
    runner.run()
    assert seen[0] == 1
    assert seen[-1] == len(center.log)
    assert len(seen) < 50


payloads = st.lists(
    st.one_of(
        st.integers(1, 60).map(lambda n: wired(ack(n))),
        st.integers(1, 4).map(lambda n: wired(batch(n, seq=n))),
        st.just(wired(birth(2))),
        st.just(wired(order())),
        st.binary(max_size=8).map(lambda raw: [Inbound("city/v1/a/b/c/d/state", raw)]),
    ),
    max_size=3,
).map(lambda parts: [item for part in parts for item in part])
scripts = st.lists(st.tuples(st.integers(0, 20 * SECOND), payloads), max_size=12)


@given(scripts)
def test_a_replay_of_any_recording_takes_the_same_decisions_at_the_same_times(
    tmp_path_factory, script
):
    path = tmp_path_factory.mktemp("runner") / "r.jsonl"
    with Recorder(path) as recorder:
        center, bus, clock, runner = run(script, recorder)
        runner.run()
    again, published, end = run_replay(path)
    assert again.log == center.log
    assert [says(m) for m in published] == [says(m) for m in bus.published]
    assert end.now() == clock.now()


def test_each_recorded_group_is_what_was_handed_over_together(tmp_path):
    script = [(SECOND, wired(ack(1), ack(2))), (0, wired(batch(3)))]
    with Recorder(tmp_path / "r") as recorder:
        *_, runner = run(script, recorder)
        runner.run()
    sizes = [len(group) for _, group in groups(read_recording(tmp_path / "r"))]
    assert sizes == [1, 2, 3, 1]


class ThreadedBus(ReplayBus):
    """An inbox that another thread fills."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox = Inbox()

    def take(self, max_messages: int, timeout_s: float) -> list[Inbound]:
        return self.inbox.take(max_messages, timeout_s)

    def acknowledge(self, group) -> None:
        pass

    def inject(self, topic: str, payload: bytes) -> None:
        self.inbox.put(Inbound(topic, payload))

    def wake(self) -> None:
        self.inbox.wake()


def test_messages_and_orders_of_other_threads_are_replayed_alike(tmp_path):
    wall = WallClock(START, speed=60.0)
    clock, bus = SteppedClock(START), ThreadedBus()
    center = RecordingCenter(bus, clock)
    with Recorder(tmp_path / "r.gz") as recorder:
        runner = Runner(center, bus, clock, wall, recorder=recorder)

        def feed() -> None:
            for number in range(1, 200):
                for item in wired(ack(number % 50), batch(2, seq=number)):
                    bus.inject(item.topic, item.payload)
                if number % 20 == 0:
                    runner.order(order(number))
            runner.stop()

        feeder = Thread(target=feed)
        feeder.start()
        runner.run()
        feeder.join()
    assert {"Ack", "TelemetryBatch", "OperatorOrder"} <= {entry[1] for entry in center.log}
    assert run_replay(tmp_path / "r.gz")[0].log == center.log


def test_stopping_ends_a_wait_for_messages():
    clock, bus = SteppedClock(START), ThreadedBus()
    runner = Runner(RecordingCenter(bus, clock), bus, clock, WallClock(START))
    thread = Thread(target=runner.run)
    thread.start()
    runner.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_a_command_the_centre_gives_is_not_its_own_input_in_a_replay():
    published: list[Message] = []
    bus, heard = ReplayBus(published.append), []
    bus.subscribe(Command, heard.append)
    bus.publish(command(1))
    assert heard == []
    assert len(published) == 1
