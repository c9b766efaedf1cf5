"""How one domain's trouble becomes another's: every link in one place, each can be cut.

A link is physics, not a script: it reads the state of one domain and sets an input of another,
or hands a happening on. Domains know nothing of each other; only this file knows both ends.
"""

from __future__ import annotations

from collections.abc import Iterable

from sim.kernel.errors import InputError

LINKS: dict[str, str] = {}
"""Name of each link, and what it joins."""


class Cascades:
    """Which links hold in a run.

    Parameters
    ----------
    off
        Names of links that are cut.

    Raises
    ------
    InputError
        When there is no such link.
    """

    def __init__(self, off: Iterable[str] = ()) -> None:
        self._off = frozenset(off)
        for name in sorted(self._off):
            if name not in LINKS:
                raise InputError("cascades.off", value=name, expected=f"one of {', '.join(LINKS)}")

    def hold(self, name: str) -> bool:
        """Return whether a link holds."""
        assert name in LINKS, f"no link is called {name}"
        return name not in self._off
