"""Lifelines that stand without any hazard: power, water, gas, sewers, heat, telephony."""
