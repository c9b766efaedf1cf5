"""The page of hazards is what the program prints."""

from __future__ import annotations

from conftest import ROOT
from scenarios.hazard_catalogue import markdown


def test_page_of_hazards_is_current():
    page = ROOT / "docs" / "hazards.md"
    hint = "make it again: chengmai hazards --markdown > docs/hazards.md"
    assert page.read_text(encoding="utf-8") == markdown(), hint
