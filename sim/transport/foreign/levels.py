"""Topic patterns whose wildcards have names: ``pilot/+site/+device/up``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sim.messages import topics

_NAME = re.compile(r"\+[a-z][a-z0-9_]*")
OURS = (topics.ROOT, topics.ORDER.partition("/")[0], topics.RECORDING_START.partition("/")[0])
"""First levels that are the project's own; no foreign feed may lie below them."""


@dataclass(frozen=True, slots=True)
class TopicPattern:
    """A topic with named single-level wildcards.

    Attributes
    ----------
    levels
        Each a literal, a ``+name``, or a bare ``+``; the last may be ``#``.
    """

    levels: tuple[str, ...]

    @property
    def filter(self) -> str:
        """The MQTT topic filter that subscribes to it."""
        return "/".join("+" if level.startswith("+") else level for level in self.levels)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its wildcards, with their ``+``."""
        return tuple(level for level in self.levels if _NAME.fullmatch(level))

    def match(self, topic: str) -> Mapping[str, str] | None:
        """Return what the named wildcards stand for in `topic`; None where it does not match."""
        found = topic.split("/")
        levels = self.levels
        if levels[-1] == "#":
            levels = levels[:-1]
            if len(found) < len(levels):
                return None
            found = found[: len(levels)]
        if len(found) != len(levels):
            return None
        said: dict[str, str] = {}
        for level, text in zip(levels, found, strict=True):
            if level.startswith("+"):
                said[level] = text
            elif level != text:
                return None
        return said


def parse_topic(text: str) -> TopicPattern:
    """Return the pattern; raises ValueError when it is none, or leads into our own topics."""
    levels = tuple(text.split("/"))
    named = [level for level in levels if level.startswith("+") and level != "+"]
    for level in levels[:-1]:
        if level == "#":
            raise ValueError("expected '#' at the end only")
    for level in levels:
        if level.startswith("+") and level != "+" and not _NAME.fullmatch(level):
            raise ValueError("expected wildcards such as +device: a '+' and a name [a-z0-9_]")
        if level not in {"#"} and not level.startswith("+") and ("+" in level or "#" in level):
            raise ValueError("expected a wildcard to be a level of its own")
    if len(named) != len(set(named)):
        raise ValueError("expected every wildcard to have a name of its own")
    first = levels[0]
    if not first or first == "#" or first.startswith("+") or first in OURS:
        raise ValueError(f"expected a first level that is spelled out, and none of {list(OURS)}")
    return TopicPattern(levels)


def is_ours(topic: str) -> bool:
    """Return whether a topic is one of the project's own."""
    return topic.partition("/")[0] in OURS
