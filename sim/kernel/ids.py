"""Identifiers that are the same on every run: a namespace and a count, never chance."""

from __future__ import annotations

import re

LEVEL = re.compile(r"[a-z0-9_-]+")


class Counter:
    """Hand out ``inc-000001``, ``inc-000002``, … for one namespace."""

    def __init__(self, namespace: str, start: int = 0) -> None:
        self.namespace = namespace
        self.last = start

    def take(self) -> str:
        """Return the next identifier."""
        self.last += 1
        return f"{self.namespace}-{self.last:06d}"

    def seen(self, identifier: str) -> None:
        """Skip past an identifier that an earlier run handed out."""
        namespace, _, number = identifier.rpartition("-")
        if namespace == self.namespace and number.isdigit():
            self.last = max(self.last, int(number))


def is_level(text: str) -> bool:
    """Return whether `text` may be a topic level: ``[a-z0-9_-]+``."""
    return LEVEL.fullmatch(text) is not None


def slug(text: str, fallback: str) -> str:
    """Return `text` as a topic level, or `fallback` when nothing of it can be kept."""
    kept = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return kept or fallback
