"""Which city a test wants."""

from __future__ import annotations

from dataclasses import dataclass

from sim.kernel.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which city a test wants.

    Attributes
    ----------
    scenario
        A library name or a file.
    seed
        None for the scenario's own.
    speed
        City seconds per wall second, 0.1 to 1,000.
    until_s
        City time after which it stands still [s]; None lets it run as long as the test.
    scale
        Share of the synthetic Beijing; None for the scenario's own city.
    replace
        Devices that the test itself plays.
    """

    scenario: str = "storm"
    seed: int | None = None
    speed: float = 60.0
    until_s: float | None = None
    scale: float | None = 0.002
    replace: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0.1 <= self.speed <= 1000:
            raise InputError("speed", value=self.speed, expected="a number from 0.1 to 1000")
