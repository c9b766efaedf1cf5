"""What every part of a scenario file is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of a scenario: frozen, strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
