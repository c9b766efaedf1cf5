"""JSON pointers (RFC 6901), with ``*`` for every element of an array."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

EVERY: Final = "*"
_INDEX = re.compile(r"0|[1-9]\d*")
_ESCAPE = re.compile(r"~(?![01])")


class Missing:
    """What a pointer finds where the document has nothing."""


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in a JSON document.

    Attributes
    ----------
    tokens
        Reference tokens, unescaped; `EVERY` stands for all elements of an array, one after
        the other. A member that is really called ``*`` cannot be pointed at.
    """

    tokens: tuple[str, ...]

    @property
    def stem(self) -> tuple[str, ...]:
        """The tokens up to the last ``*``; empty where there is none."""
        stars = [i for i, token in enumerate(self.tokens) if token == EVERY]
        return self.tokens[: stars[-1] + 1] if stars else ()

    def find(self, document: Any, at: Sequence[int] = ()) -> Any:
        """Return the value, null as `MISSING`.

        Parameters
        ----------
        at
            The element that each ``*`` stands for, in order; more than there are is no harm.
        """
        found, star = document, 0
        for token in self.tokens:
            if isinstance(found, dict):
                found = found.get(token, MISSING)
            elif isinstance(found, list):
                if token == EVERY:
                    index, star = at[star], star + 1
                elif _INDEX.fullmatch(token):
                    index = int(token[:9])
                else:
                    return MISSING
                found = found[index] if index < len(found) else MISSING
            else:
                return MISSING
        return MISSING if found is None else found

    def __str__(self) -> str:
        return "".join("/" + t.replace("~", "~0").replace("/", "~1") for t in self.tokens)


def parse_pointer(text: str) -> Pointer:
    """Return the pointer; raises ValueError when it is none."""
    if not text.startswith("/") or _ESCAPE.search(text):
        raise ValueError("expected a JSON pointer such as /data/level (RFC 6901)")
    tokens = text[1:].split("/")
    return Pointer(tuple(t.replace("~1", "/").replace("~0", "~") for t in tokens))


def elements(document: Any, stem: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """Yield what each ``*`` of a stem may stand for, in the order of the arrays.

    Without a ``*`` that is the document itself, once; where an array is missing, nothing.
    """
    if not stem:
        yield ()
        return
    star = list(stem).index(EVERY)
    array = Pointer(tuple(stem[:star])).find(document)
    if isinstance(array, list):
        rest = stem[star + 1 :]
        for index, element in enumerate(array):
            for more in elements(element, rest):
                yield (index, *more)
