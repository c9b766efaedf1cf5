from __future__ import annotations

import gzip
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.clock import Ns, seconds
from sim.kernel.errors import InputError
from sim.transport.inbox import Inbound
from sim.transport.recorder import (
    Recorded,
    Recorder,
    groups,
    read_recording,
    recording_start,
    republish,
)
from support.town import START

GROUPS = [
    (START, [Inbound("city/a", b'{"v": 1}'), Inbound("city/b", "积水".encode())]),
    (Ns(START + 1), [Inbound("city/c", b"\x1f\x8b\xff")]),
]


def record(path: Path, together=GROUPS) -> None:
    with Recorder(path) as recorder:
        for at, group in together:
            recorder.write(at, group)


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.gz"])
def test_groups_come_back_as_they_were_written(tmp_path, name):
    record(tmp_path / name)
    assert list(groups(read_recording(tmp_path / name))) == GROUPS


def test_the_name_decides_whether_it_is_packed_and_text_stays_readable(tmp_path):
    record(tmp_path / "r.jsonl")
    record(tmp_path / "r.jsonl.gz")
    assert "积水" in (tmp_path / "r.jsonl").read_text("utf-8")
    assert (
        gzip.decompress((tmp_path / "r.jsonl.gz").read_bytes())
        == (tmp_path / "r.jsonl").read_bytes()
    )


messages = st.builds(Inbound, st.text(st.characters(exclude_categories=["Cs"])), st.binary())
spans = st.lists(st.tuples(st.integers(1, 10**9), st.lists(messages, min_size=1, max_size=4)))


@given(spans, st.booleans())
def test_any_payload_and_topic_comes_back(tmp_path_factory, steps, packed):
    path = tmp_path_factory.mktemp("r") / ("r.gz" if packed else "r")
    at, written = START, []
    for step, group in steps:
        at = Ns(at + step)
        written.append((at, group))
    record(path, written)
    assert list(groups(read_recording(path))) == written


def test_a_group_is_on_disk_as_soon_as_it_is_written(tmp_path):
    path = tmp_path / "r"
    recorder = Recorder(path)
    recorder.write(*GROUPS[0])
    assert len(list(read_recording(path))) == 2
    recorder.close()


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.gz"])
def test_a_torn_end_is_tolerated_and_told(tmp_path, caplog, name):
    path = tmp_path / name
    record(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-12])
    with caplog.at_level(logging.WARNING):
        read = list(read_recording(path))
    assert len(read) < 3
    assert [record.message.split()[0] for record in caplog.records] == ["recording_torn"]


@given(st.integers(min_value=0))
def test_a_recording_cut_anywhere_gives_a_beginning_of_itself(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("r") / "r"
    record(path)
    whole, complete = path.read_bytes(), list(read_recording(path))
    path.write_bytes(whole[: cut % len(whole)])
    read = list(read_recording(path))
    assert read == complete[: len(read)]


@pytest.mark.parametrize(
    "damage",
    [b"{}", b"nonsense", b'{"t": 1, "topic": "a", "payload": {"b64": "%"}}', b"\xff", b""],
)
def test_damage_before_the_end_is_named_by_its_line(tmp_path, damage):
    path = tmp_path / "r"
    record(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + damage + b"\n" + lines[1])
    with pytest.raises(InputError, match=r"r: line 2:"):
        list(read_recording(path))


def test_time_that_runs_back_is_refused(tmp_path):
    record(tmp_path / "r", list(reversed(GROUPS)))
    with pytest.raises(InputError, match="line 2: was"):
        list(read_recording(tmp_path / "r"))


@pytest.mark.parametrize("name", ["missing", "folder", "missing.gz", "no/such/place"])
def test_a_file_that_is_not_there_is_refused_in_one_line(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=name):
        list(read_recording(tmp_path / name))


def test_a_place_where_nothing_can_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match="can be written"):
        Recorder(tmp_path / "no" / "r")


def test_a_plain_file_under_a_packed_name_is_refused_or_read_as_torn(tmp_path, caplog):
    (tmp_path / "r.gz").write_bytes(b"plain text\n")
    assert list(read_recording(tmp_path / "r.gz")) == []
    assert "recording_torn" in caplog.text


def test_a_recording_begins_with_its_mark(tmp_path):
    with Recorder(tmp_path / "r") as recorder:
        recorder.start(START)
        recorder.write(*GROUPS[1])
    assert recording_start(tmp_path / "r") == START


def test_an_empty_recording_has_no_beginning(tmp_path):
    (tmp_path / "r").touch()
    with pytest.raises(InputError, match="at least one line"):
        recording_start(tmp_path / "r")


class ScriptedPace:
    """Wall time that passes only by being waited for, at ten city seconds a wall second."""

    def __init__(self) -> None:
        self.city = int(START)
        self.waits_s: list[float] = []

    def wall_seconds_until(self, when: int) -> float:
        return (when - self.city) / 1e10

    def wait(self, wall_s: float) -> bool:
        self.waits_s.append(wall_s)
        self.city += round(wall_s * 1e10)
        return len(self.waits_s) == 4


def test_republishing_keeps_the_pace_and_leaves_out_what_is_not_the_citys(tmp_path):
    with Recorder(tmp_path / "r") as recorder:
        recorder.start(START)
        for second in (10, 30, 60):
            recorder.write(
                Ns(START + seconds(second)),
                [Inbound(f"city/{second}", b"x"), Inbound("ops/v1/order", b"y")],
            )
    pace, sent = ScriptedPace(), []
    count = republish(
        tmp_path / "r", lambda topic, payload: sent.append(topic), pace=pace, wait=pace.wait
    )
    assert sent == ["city/10", "city/30"]
    assert count == 2
    assert pace.waits_s == [0.0, 1.0, 2.0, 3.0]


def test_republishing_without_a_pace_takes_no_time(tmp_path):
    record(tmp_path / "r")
    sent: list[Recorded] = []
    assert republish(tmp_path / "r", lambda *args: sent.append(args)) == 3
    assert sent[2] == ("city/c", b"\x1f\x8b\xff")
