"""What a scenario may order, told from the orders themselves: for the terminal and the docs."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scenarios.hazard_parts import key_of, quantity_of, unit_of
from scenarios.schema import PARTS
from sim.world.families import ORDERS
from sim.world.hazards.order import Order
from sim.world.kinds import KINDS

LEVELS = ("IV", "III", "II", "I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a hazard in a scenario file.

    Attributes
    ----------
    unit
        Unit that its values are written with, or the words it may be; may be empty.
    default
        As it would be written; ``"required"`` where there is none.
    """

    key: str
    unit: str
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One type of hazard: its word, what it does, its keys."""

    word: str
    summary: str
    keys: tuple[Key, ...]

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return dataclasses.asdict(self)


def entries() -> list[Entry]:
    """Return every type of hazard that a scenario may name, by its word."""
    own = [part for part in PARTS if not hasattr(part, "order_type")]
    found = [_entry_of_order(order) for order in ORDERS]
    for part in own:
        (word,) = typing.get_args(part.model_fields["type"].annotation)
        keys = tuple(
            Key(
                key=field.alias or name,
                unit=unit_of(field.metadata),
                default=_written(field.default, unit_of(field.metadata)),
            )
            for name, field in part.model_fields.items()
            if name != "type"
        )
        found.append(Entry(word=word, summary=_first_line(part), keys=keys))
    return sorted(found, key=lambda entry: entry.word)


def markdown() -> str:
    """Return the page of the docs that lists hazards and kinds of events."""
    return "\n".join([*_orders_page(), *_kinds_page()]) + "\n"


def _entry_of_order(order: type[Order]) -> Entry:
    hints = typing.get_type_hints(order, include_extras=True)
    keys = []
    for field in dataclasses.fields(order):
        hint = hints[field.name]
        unit = quantity_of(hint)
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        keys.append(
            Key(
                key=key_of(field.name, hint),
                unit=_words(hint) if unit is None else unit.unit.removeprefix("1"),
                default=_written(default, "" if unit is None else unit.unit),
            )
        )
    return Entry(word=order.word, summary=_first_line(order), keys=tuple(keys))


def _words(hint: Any) -> str:
    """Return the words a key may be, for one that may only be some."""
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(str(word) for word in typing.get_args(hint))
    return ""


def _written(default: Any, unit: str) -> str:
    if default is dataclasses.MISSING or repr(default) == "PydanticUndefined":
        return "required"
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        shown = f"{default:g}"
        return shown if unit in ("", "1") else f"{shown} {unit}"
    return str(default)


def _first_line(thing: type) -> str:
    return (inspect.getdoc(thing) or "").splitlines()[0]


def _orders_page() -> Iterator[str]:
    yield "# Hazards"
    yield ""
    yield "Made by `chengmai hazards --markdown`. A scenario orders hazards under `hazards:`, each"
    yield "with a name of your own and a `type`; every key has a default unless it says required."
    yield ""
    for entry in entries():
        yield f"## `{entry.word}`"
        yield ""
        yield entry.summary
        yield ""
        yield "| key | default | unit or words |"
        yield "|---|---|---|"
        for key in entry.keys:
            yield f"| `{key.key}` | {key.default} | {key.unit} |"
        yield ""


def _kinds_page() -> Iterator[str]:
    yield "# Kinds of events"
    yield ""
    yield "What `truth.jsonl` calls an event, what its severity measures, where its levels begin."
    yield ""
    yield "| kind | title | domain | severity | IV | III | II | I | source |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for kind in sorted(KINDS.values(), key=lambda kind: kind.kind):
        limits = dict(kind.levels)
        levels = " | ".join(
            f"{limits[n]:g}" if n in limits else "" for n in ("IV", "III", "II", "I")
        )
        title = f"{kind.title} (decoy)" if kind.decoy else kind.title
        yield (
            f"| `{kind.kind}` | {title} | {kind.domain} | {kind.quantity} [{kind.unit}] | {levels} "
            f"| {kind.source} |"
        )
