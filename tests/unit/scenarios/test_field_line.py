import numpy as np
import pytest

from scenarios.field_line import WAITING_LIMIT, FieldLine
from sim.kernel.clock import Ns
from sim.messages.field import Ack, ActuatorStatus, Command
from sim.transport.memory import MemoryBus


@pytest.fixture
def wired():
    """Return a line to two places, of which one hangs on gateway 0, and what is heard where."""
    bus, local, is_down = MemoryBus(), MemoryBus(), np.zeros(2, dtype=np.bool_)
    line = FieldLine(bus, local, {"near": 0}, is_down)
    heard = {"centre": [], "gateway": [], "field": []}
    for kind in (ActuatorStatus, Ack):
        bus.subscribe(kind, heard["centre"].append)
        local.subscribe(kind, heard["gateway"].append)
    line.subscribe(Command, heard["field"].append)
    for place in ("near", "far"):
        line.publish(status(place, "open"))
    for told in heard.values():
        told.clear()
    return line, bus, local, is_down, heard


def status(place, position, cause=None):
    return ActuatorStatus(
        ts_event=Ns(0), cause=cause, actuator_id=f"barrier-{place}", kind="barrier",
        domain="traffic", district="east", place_id=place, lon=116.0, lat=40.0,
        position=position, actions=("close", "open"),
    )  # fmt: skip


def command(place, command_id="cmd-1"):
    return Command(
        ts_event=Ns(0), command_id=command_id, target_id=f"barrier-{place}",
        target_kind="barrier", target_domain="traffic", target_district="east",
        action="close", expires_at=Ns(9),
    )  # fmt: skip


def ack(place, command_id):
    return Ack(
        ts_event=Ns(0), command_id=command_id, source_id=f"barrier-{place}",
        source_kind="barrier", source_domain="traffic", source_district="east", status="done",
    )  # fmt: skip


def test_while_the_line_is_up_everything_gets_through(wired):
    line, bus, _, _, heard = wired
    bus.publish(command("near"))
    line.publish(status("near", "closed"))
    line.publish(ack("near", "cmd-1"))
    assert [c.target_id for c in heard["field"]] == ["barrier-near"]
    assert [type(m) for m in heard["centre"]] == [ActuatorStatus, Ack]
    assert line.lost == 0


def test_while_it_is_down_commands_are_lost_and_words_wait_in_order(wired):
    line, bus, _, is_down, heard = wired
    is_down[0] = True
    bus.publish(command("near"))
    bus.publish(command("far"))
    assert [c.target_id for c in heard["field"]] == ["barrier-far"]
    assert line.lost == 1
    for position in ("closed", "open"):
        line.publish(status("near", position))
    line.publish(ack("near", "cmd-0"))
    line.publish(status("far", "closed"))
    assert [m.place_id for m in heard["centre"]] == ["far"]
    is_down[0] = False
    line.turned(0, up=True)
    assert [getattr(m, "position", None) for m in heard["centre"][1:]] == ["closed", "open", None]
    line.turned(0, up=True)
    assert len(heard["centre"]) == 4


def test_local_commands_are_heard_in_the_field_and_their_answers_stay_local(wired):
    line, _, local, is_down, heard = wired
    is_down[0] = True
    local.publish(command("near", "edge-gateway-01-1"))
    assert [c.command_id for c in heard["field"]] == ["edge-gateway-01-1"]
    line.publish(ack("near", "edge-gateway-01-1"))
    is_down[0] = False
    line.turned(0, up=True)
    assert heard["centre"] == []
    assert [type(m) for m in heard["gateway"]] == [Ack]


def test_a_dead_line_keeps_so_much_and_no_more(wired):
    line, _, _, is_down, heard = wired
    is_down[0] = True
    for number in range(WAITING_LIMIT + 3):
        line.publish(ack("near", f"cmd-{number}"))
    assert line.lost == 3
    line.turned(0, up=True)
    assert len(heard["centre"]) == WAITING_LIMIT
