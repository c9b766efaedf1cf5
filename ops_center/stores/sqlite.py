"""The centre's memory in one SQLite file, through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sql
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from ops_center.core.incidents.incident import Incident
from ops_center.core.response.run import PlanRun
from ops_center.core.store import Saved
from sim.kernel.errors import StoreError
from sim.messages.field import Command

T = TypeVar("T")

SCHEMA_VERSION = 1

_metadata = sql.MetaData()
_documents = {
    name: sql.Table(
        name,
        _metadata,
        sql.Column("id", sql.String, primary_key=True),
        sql.Column("document", sql.LargeBinary, nullable=False),
    )
    for name in ("incidents", "runs", "commands")
}
_counters = sql.Table(
    "counters",
    _metadata,
    sql.Column("name", sql.String, primary_key=True),
    sql.Column("value", sql.Integer, nullable=False),
)
_journal = sql.Table(
    "journal",
    _metadata,
    sql.Column("seq", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("type", sql.String, nullable=False, index=True),
    sql.Column("document", sql.LargeBinary, nullable=False),
)


class SqliteStore:
    """Store on one file; each save is one transaction, synced before it returns.

    Parameters
    ----------
    path
        The file; created when missing.

    Raises
    ------
    StoreError
        When the file cannot be opened, is no database, or is of another version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = sql.create_engine(f"sqlite:///{path}")
        sql.event.listen(self._engine, "connect", _configure)
        try:
            _metadata.create_all(self._engine)
            with self._engine.begin() as connection:
                self._check_version(connection)
        except sql.exc.SQLAlchemyError as error:
            raise StoreError(f"store {path}: cannot be opened: {_cause(error)}") from error

    def load(self) -> Saved | None:
        """Return what was last saved, or None when nothing was."""
        try:
            with self._engine.connect() as connection:
                counters = {row.name: row.value for row in connection.execute(_counters.select())}
                if set(counters) <= {"schema"}:
                    return None
                return Saved(
                    incidents=_read(connection, "incidents", Incident),
                    runs=_read(connection, "runs", PlanRun),
                    commands=_read(connection, "commands", Command),
                    counters=counters,
                )
        except (sql.exc.SQLAlchemyError, msgspec.MsgspecError) as error:
            raise StoreError(f"store {self._path}: cannot be read: {_cause(error)}") from error

    def save(self, changed: Saved, records: Sequence[Mapping[str, Any]]) -> None:
        """Keep what changed together with its journal records."""
        try:
            with self._engine.begin() as connection:
                _upsert(connection, "incidents", changed.incidents)
                _upsert(connection, "runs", changed.runs)
                runs = _documents["runs"]
                connection.execute(runs.delete().where(runs.c.id.in_(changed.runs_over)))
                connection.execute(_documents["commands"].delete())
                _upsert(connection, "commands", changed.commands)
                for name, value in changed.counters.items():
                    statement = insert(_counters).values(name=name, value=value)
                    connection.execute(
                        statement.on_conflict_do_update(
                            index_elements=["name"], set_={"value": value}
                        )
                    )
                if records:
                    rows = [
                        {"seq": r["seq"], "type": r["type"], "document": msgspec.json.encode(r)}
                        for r in records
                    ]
                    connection.execute(_journal.insert(), rows)
        except sql.exc.SQLAlchemyError as error:
            raise StoreError(f"store {self._path}: cannot be written: {_cause(error)}") from error

    def journal(self, after: int = 0) -> Iterator[bytes]:
        """Yield the journal's records after number `after`, each one line of JSON."""
        query = sql.select(_journal.c.document).where(_journal.c.seq > after).order_by("seq")
        with self._engine.connect() as connection:
            for (document,) in connection.execute(query):
                yield document

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _check_version(self, connection: Connection) -> None:
        found = connection.execute(
            sql.select(_counters.c.value).where(_counters.c.name == "schema")
        ).scalar()
        if found is None:
            connection.execute(_counters.insert().values(name="schema", value=SCHEMA_VERSION))
        elif found != SCHEMA_VERSION:
            raise StoreError(f"store {self._path}: version was {found}, expected {SCHEMA_VERSION}")


def _configure(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _upsert(connection: Connection, table: str, items: Mapping[str, object]) -> None:
    for identifier, item in items.items():
        document = msgspec.json.encode(item)
        statement = insert(_documents[table]).values(id=identifier, document=document)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={"document": document})
        )


def _read(connection: Connection, table: str, kind: type[T]) -> dict[str, T]:
    rows = connection.execute(_documents[table].select().order_by("id"))
    return {row.id: msgspec.json.decode(row.document, type=kind) for row in rows}


def _cause(error: Exception) -> str:
    original = getattr(error, "orig", None)
    return str(original if original is not None else error).splitlines()[0]
