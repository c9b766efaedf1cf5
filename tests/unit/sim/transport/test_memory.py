from __future__ import annotations

import dataclasses

import pytest

from sim.kernel.errors import PayloadError
from sim.messages.field import Ack, Command
from sim.messages.telemetry import TelemetryBatch
from sim.transport.memory import MemoryBus
from support.messages import ack, batch, birth, command


def test_what_a_handler_publishes_comes_after_the_other_handlers_of_its_cause():
    bus, seen = MemoryBus(), []

    def answer(message: Command) -> None:
        seen.append("first hears command")
        bus.publish(ack(1))
        seen.append("first is done")

    bus.subscribe(Command, answer)
    bus.subscribe(Command, lambda _: seen.append("second hears command"))
    bus.subscribe(Ack, lambda _: seen.append("ack"))
    bus.publish(command(1))
    assert seen == ["first hears command", "first is done", "second hears command", "ack"]


def test_handlers_that_answer_each_other_without_end_stop_the_program():
    bus = MemoryBus(limit=100)

    def twice(message: Ack) -> None:
        bus.publish(message)
        bus.publish(message)

    bus.subscribe(Ack, twice)
    with pytest.raises(AssertionError, match="at most 100"):
        bus.publish(ack(1))


def test_after_a_handler_raised_nothing_of_the_past_is_delivered():
    bus, seen = MemoryBus(), []

    def fail(message: Command) -> None:
        bus.publish(ack(1))
        raise RuntimeError(message.command_id)

    bus.subscribe(Command, fail)
    bus.subscribe(Ack, seen.append)
    with pytest.raises(RuntimeError):
        bus.publish(command(1))
    bus.publish(ack(2))
    assert [message.command_id for message in seen] == ["cmd-000002"]


def test_the_tap_sees_every_message_just_before_its_subscribers():
    seen = []
    bus = MemoryBus(tap=lambda message: seen.append(("tap", type(message))))
    bus.subscribe(Ack, lambda message: seen.append(("handler", type(message))))
    bus.publish(ack(1))
    bus.publish(command(1))
    assert seen == [("tap", Ack), ("handler", Ack), ("tap", Command)]


def test_a_plain_bus_hands_over_the_very_message():
    bus, seen = MemoryBus(), []
    bus.subscribe(Ack, seen.append)
    sent = ack(1)
    bus.publish(sent)
    assert seen[0] is sent


def test_a_subclass_goes_to_nobody_who_asked_for_its_base():
    class Special(Ack):
        __slots__ = ()

    bus, seen = MemoryBus(), []
    bus.subscribe(Ack, seen.append)
    bus.publish(Special(**{f.name: getattr(ack(1), f.name) for f in dataclasses.fields(Ack)}))
    assert seen == []


def test_through_the_codec_a_batch_of_unborn_devices_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        MemoryBus(codec=True).publish(batch())


def test_through_the_codec_a_message_that_its_wire_form_cannot_hold_is_told():
    bus = MemoryBus(codec=True)
    with pytest.raises(PayloadError, match="WGS 84"):
        bus.publish(
            dataclasses.replace(
                birth(1), devices=[dataclasses.replace(birth(1).devices[0], lon=500.0)]
            )
        )


def test_through_the_codec_a_batch_stays_one_batch():
    bus, seen = MemoryBus(codec=True), []
    bus.subscribe(TelemetryBatch, seen.append)
    bus.publish(birth(3))
    bus.publish(batch(3))
    assert [len(message) for message in seen] == [3]
