"""The durable store: what is saved is there again, whole, or an error says why not."""

from __future__ import annotations

import multiprocessing
import sqlite3

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.core.store import Saved
from ops_center.stores.sqlite import SqliteStore
from sim.kernel.errors import StoreError
from support.memory import command, incident, run, save_for_ever


def same(one: object, other: object) -> bool:
    return msgspec.json.encode(one) == msgspec.json.encode(other)


def test_new_store_holds_nothing(tmp_path):
    assert SqliteStore(tmp_path / "s.sqlite").load() is None


def test_saved_state_is_there_after_reopening(tmp_path):
    path = tmp_path / "s.sqlite"
    saved = Saved(
        incidents={"inc-000001": incident(1)},
        runs={"inc-000001": run(1)},
        commands={"cmd-000001": command(1)},
        counters={"inc": 1, "cmd": 1, "journal": 2},
    )
    records = [{"seq": 1, "type": "incident"}, {"seq": 2, "type": "command", "x": [1.5, None]}]
    store = SqliteStore(path)
    store.save(saved, records)
    store.close()
    again = SqliteStore(path)
    loaded = again.load()
    assert loaded is not None
    assert same(loaded.incidents, saved.incidents)
    assert same(loaded.runs, saved.runs)
    assert same(loaded.commands, saved.commands)
    assert {k: loaded.counters[k] for k in saved.counters} == saved.counters
    assert [msgspec.json.decode(line) for line in again.journal()] == records
    again.close()


def test_later_saves_replace_and_remove(tmp_path):
    store = SqliteStore(tmp_path / "s.sqlite")
    store.save(
        Saved(
            incidents={"inc-000001": incident(1)},
            runs={"inc-000001": run(1)},
            commands={"cmd-000001": command(1)},
        ),
        [],
    )
    closed = incident(1, "closed")
    store.save(
        Saved(
            incidents={"inc-000001": closed},
            runs_over=("inc-000001",),
            commands={"cmd-000002": command(2)},
            counters={"inc": 1},
        ),
        [],
    )
    loaded = store.load()
    assert loaded is not None
    assert same(loaded.incidents, {"inc-000001": closed})
    assert loaded.runs == {}
    assert list(loaded.commands) == ["cmd-000002"]
    store.close()


@given(counts=st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_journal_comes_back_in_order_whatever_the_batches(tmp_path_factory, counts):
    store = SqliteStore(tmp_path_factory.mktemp("store") / "s.sqlite")
    records, seq = [], 0
    for count in counts:
        batch = [{"seq": seq + i + 1, "type": "finding"} for i in range(count)]
        seq += count
        store.save(Saved(counters={"journal": seq}), batch)
        records += batch
    assert [msgspec.json.decode(line) for line in store.journal()] == records
    assert [msgspec.json.decode(line) for line in store.journal(after=1)] == records[1:]
    store.close()


def test_killed_process_loses_nothing_it_had_saved(tmp_path):
    path = tmp_path / "s.sqlite"
    receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=save_for_ever, args=(path, sender)
    )
    process.start()
    confirmed = 0
    while confirmed < 20:
        assert receiver.poll(30), "the writer made no progress"
        confirmed = receiver.recv()
    process.kill()
    process.join(30)
    while receiver.poll(0):
        confirmed = receiver.recv()
    store = SqliteStore(path)
    loaded = store.load()
    assert loaded is not None
    journal = [msgspec.json.decode(line)["seq"] for line in store.journal()]
    assert journal == list(range(1, len(journal) + 1))
    assert len(journal) >= confirmed
    assert len(loaded.incidents) == len(journal) == loaded.counters["journal"]
    store.close()


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to look like one" * 4]
)
def test_file_that_is_no_database_is_refused_by_name(tmp_path, content):
    path = tmp_path / "s.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"s\.sqlite"):
        SqliteStore(path)


def test_store_of_another_version_is_refused(tmp_path):
    path = tmp_path / "s.sqlite"
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("update counters set value = 99 where name = 'schema'")
    connection.close()
    with pytest.raises(StoreError, match="version was 99"):
        SqliteStore(path)


def test_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path)
