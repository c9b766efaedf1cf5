"""Batteries that devices are sold with, and what a report costs them."""

from __future__ import annotations

from devices.catalogue.model import EnergySpec

AA_WH, C_WH, D_WH = 8.64, 30.6, 68.4
"""Li-SOCl2 cells of 3.6 V: 2.4, 8.5 and 19 Ah; typical datasheets."""

NB_IOT_SEND_J = 0.4
"""One exchange of some 200 bytes, wake-up included: 0.27 to 0.55 J were measured, more in bad
cover (boaks/zephyr-coaps-client, nRF9160)."""

LORAWAN_SEND_J = 23.3e-3
"""1.8 µAh a 12-byte message at SF7, with its receive windows."""


def nb_iot(
    battery_wh: float, idle_w: float, sample_j: float = 0.0, *, watch_w: float = 0.0
) -> EnergySpec:
    """Return the budget of a battery device on NB-IoT."""
    return EnergySpec(
        battery_wh=battery_wh,
        idle_w=idle_w,
        sample_j=sample_j,
        send_j=NB_IOT_SEND_J,
        watch_w=watch_w,
    )


def lorawan(battery_wh: float, idle_w: float, sample_j: float = 0.0) -> EnergySpec:
    """Return the budget of a battery device on LoRaWAN."""
    return EnergySpec(
        battery_wh=battery_wh, idle_w=idle_w, sample_j=sample_j, send_j=LORAWAN_SEND_J
    )
