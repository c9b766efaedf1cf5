"""A controller of message signs at underpasses, driven by road water gauges."""

from flood_sign.controller import FloodSign
from flood_sign.logic import Underpass

__all__ = ["FloodSign", "Underpass"]
