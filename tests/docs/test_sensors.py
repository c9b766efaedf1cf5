"""The pages of sensors say what the program does."""

from __future__ import annotations

from typing import get_args

import pytest
import yaml

from conftest import ROOT
from devices.catalogue import GATEWAY, KINDS
from devices.faults import FaultKind
from scenarios.batteries import life_table
from scenarios.network_parts import NetworkPart
from scenarios.schema import SensingPart
from scenarios.sensors_command import described, document, markdown, table
from scenarios.site_rules import NETWORKS


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_page_of_sensors_is_current_and_has_a_line_for_every_kind():
    hint = "make it again: chengmai sensors --markdown > docs/sensors.md"
    assert page("sensors.md") == markdown(), hint
    assert all(page("sensors.md").count(f"| `{kind}`") >= 2 for kind in KINDS)


def test_sensing_of_the_page_is_one_the_program_takes():
    example = page("sensing.md").split("```yaml\n")[1].split("```")[0]
    part = SensingPart.model_validate(yaml.safe_load(example)["sensing"])
    assert set(part.kinds) <= set(KINDS)
    assert part.kinds["water_pressure"].along in NETWORKS


def test_page_of_sensing_names_every_fault():
    assert all(f"| `{fault}` |" in page("sensing.md") for fault in get_args(FaultKind))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_in_full_tells_each_channel_and_where_it_stands(kind):
    text = "\n".join(described(kind))
    assert all(f"  {channel.name}: " in text for channel in kind.channels)
    assert (kind is GATEWAY) == (document(kind)["sited"] is None)
    assert all(failure in text for failure in kind.failures)


def test_table_has_a_line_for_every_kind_of_one_width():
    head, *rows = table()
    assert [row.split()[0] for row in rows] == list(KINDS)
    assert max(map(len, rows)) < 140
    assert head.startswith("kind")


def test_page_of_networks_has_the_current_battery_lives_and_takes_its_example():
    lines = page("networks.md").splitlines()
    assert [line for line in life_table() if line not in lines] == []
    example = yaml.safe_load(page("networks.md").split("```yaml\n")[1].split("```")[0])
    assert NetworkPart.model_validate(example["network"]).edge
    reporting = SensingPart.model_validate(example["sensing"]).reporting_of("road_water_gauge")
    assert (reporting.mode, reporting.deadband) == ("exception", pytest.approx(0.02))
