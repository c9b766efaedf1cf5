from dataclasses import replace

import numpy as np
import pytest

from devices.catalogue import ROAD_WATER_GAUGE
from devices.edge import EdgeAct, EdgeControl, EdgeRule
from devices.gateway import GatewayOutage, Gateways
from devices.uplink import Uplink
from sim.kernel.clock import SECOND, Ns
from sim.messages.field import LOCAL_PREFIX, ActuatorStatus, Command
from sim.transport.memory import MemoryBus

WEST = "gateway-0000"
PLACE = "underpass-01"
RULE = EdgeRule(
    kind="road_water_gauge",
    warn_at=0.15,
    act_at=0.27,
    clear_below=0.10,
    acts=(
        EdgeAct(kind="barrier", action="close", undo="open"),
        EdgeAct(kind="gas_valve", action="close", undo=None),
        EdgeAct(kind="siren", action="start", undo="stop"),
    ),
)


def status(kind, start):
    return ActuatorStatus(
        ts_event=start,
        actuator_id=f"{kind}-{PLACE}",
        kind=kind,
        domain="traffic",
        district="east",
        place_id=PLACE,
        lon=116.0,
        lat=40.0,
        position="open",
        actions=("close", "open"),
    )


@pytest.fixture
def underpass(start, births, gateway_births, street, clock, bus):
    """Return two gauges behind a gateway that is down from 600 s to 4,200 s, and what it did."""
    local, events, commands = MemoryBus(), [], []
    gateways = Gateways(
        gateway_births,
        np.zeros((2, 2)),
        clock=clock,
        bus=bus,
        outages=[
            GatewayOutage(
                gateway_id=WEST, start=Ns(start + 600 * SECOND), end=Ns(start + 4200 * SECOND)
            )
        ],
    )
    control = EdgeControl([RULE], gateways, clock=clock, bus=local, on_event=events.append)
    local.subscribe(Command, commands.append)
    for kind in ("barrier", "gas_valve"):
        local.publish(status(kind, start))
    devices = [replace(device, place_id=PLACE, gateway_id=WEST)
               for device in births(ROAD_WATER_GAUGE, 2)]  # fmt: skip
    uplink = Uplink(gateways=gateways, loss=0.0, duplicate_share=0.0, control=control)
    gateways.start()
    made = street(devices=devices, bus=bus, uplink=uplink)
    made.cohort.start()
    return made, local, events, commands


def given(commands):
    return [(command.target_id, command.action) for command in commands]


def wet(made, at_s, depth_m):
    made.at(at_s)
    made.truth.values = [depth_m]


def test_with_its_line_up_a_gateway_leaves_everything_to_the_centre(underpass):
    made, _, events, commands = underpass
    wet(made, 60, 0.5)
    made.at(500)
    assert (events, commands) == ([], [])


def test_with_its_line_down_it_warns_closes_what_there_is_and_opens_when_all_is_dry(underpass):
    made, _, events, commands = underpass
    wet(made, 700, 0.20)
    made.at(900)
    assert [event.what for event in events] == ["alarm"]
    wet(made, 900, 0.35)
    made.at(1000)
    # No siren stands there.
    assert given(commands) == [(f"barrier-{PLACE}", "close"), (f"gas_valve-{PLACE}", "close")]
    assert all(c.command_id.startswith(LOCAL_PREFIX) and c.cause == WEST for c in commands)
    assert len({c.command_id for c in commands}) == 2
    wet(made, 1500, 0.12)
    made.at(1800)
    assert len(commands) == 2, "0.12 m is not dry"
    wet(made, 1800, 0.02)
    made.at(3000)
    # A person opens a gas valve again.
    assert given(commands)[2:] == [(f"barrier-{PLACE}", "open")]
    assert [event.what for event in events] == ["alarm", "act", "act", "undo", "alarm_over"]
    assert {event.gateway_id for event in events} == {WEST}
    assert events[1].value >= 0.27


def test_it_undoes_after_the_line_is_back_unless_the_centre_has_commanded_since(underpass):
    made, local, _, commands = underpass
    wet(made, 700, 0.5)
    made.at(4300)
    assert len(commands) == 2
    local.publish(replace(commands[0], command_id="cmd-000001", action="open"))
    wet(made, 4400, 0.0)
    made.at(6000)
    assert [c.command_id for c in commands[2:]] == ["cmd-000001"]


def test_the_line_comes_back_and_it_acts_no_more(underpass):
    made, _, _, commands = underpass
    wet(made, 4100, 0.20)
    wet(made, 4300, 0.5)
    made.at(5000)
    assert commands == []
