"""How well each device is heard: by its distance to the gateway, and by what lies over it.

Signals fade with the power 3.5 of distance, so a decibel is a share of distance, and a cover
that takes 10 dB is as if the gateway stood 1.9 times as far away. From that one length follow
loss, spreading factor or coverage class, and with them the energy and the delay of a report.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.energy import lora_airtime_s
from devices.link import LORAWAN, NB_IOT, Network
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64, I64

FADING = 3.5
"""Power of distance with which a signal fades; assumed: 2 in the open, 4 among buildings."""
COVER_DB = 10.0
"""What an iron cover or a wall takes of a signal [dB]; assumed: 10 to 20 dB are measured."""
COVER_LOSS = 0.10
"""Share of packets lost under a cover, near a gateway: domain facts, section 3."""
EDGE_LOSS = 0.5
"""Share lost at the edge of the range; assumed: there the mean signal is what can just be read,
so half of the time it is weaker."""
EDGE_POWER = 4.0
"""Steepness of loss towards the edge (assumed)."""

SPREADING = np.arange(7, 13)
SPREADING_STEP_DB = 2.5
"""What a spreading factor more can do without: Semtech AN1200.22, table of sensitivities."""
LORA_BYTES = 12 + 13
"""A report of 12 bytes and LoRaWAN's own (assumed): a few channels of two or four bytes."""
AIRTIME_S: F64 = np.array([lora_airtime_s(LORA_BYTES, int(factor)) for factor in SPREADING])

CLASS_DB = 10.0
"""Coverage classes CE0, CE1, CE2 end at 144, 154, 164 dB of coupling loss (3GPP TR 45.820)."""
CLASS_ENERGY: F64 = np.array([1.0, 2.1, 16.0])
"""Energy of an exchange by coverage class, over CE0's: a report a day lasts 25, 18 and 4 years
on 5 Wh (Jörke et al. 2018, Power Consumption Analysis of NB-IoT and eMTC in Challenging Smart
City Environments), less 15 µW of sleep (3GPP TR 45.820)."""
CLASS_SLOWNESS: F64 = np.array([1.0, 2.0, 6.0])
"""Delay by coverage class, over CE0's; assumed: 10 s become the 60 s of bad cover."""
ENERGY_SIGMA = math.log(0.55 / 0.27) / 4.0
"""Spread of an exchange's energy between sites of one class, log-normal: 0.27 to 0.55 J were
measured with one board and network (boaks/zephyr-coaps-client), taken as 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """How well the devices of a cohort are heard.

    Attributes
    ----------
    is_covered
        ``(n,)`` whether anything of it is heard at all.
    loss
        ``(n,)`` share of transmissions lost.
    grade
        ``(n,)`` spreading factor on LoRaWAN, coverage class on NB-IoT, else 0.
    send_factor
        ``(n,)`` energy of a transmission over that in the best cover.
    slowness
        ``(n,)`` delay over that in the best cover.
    gap_s
        ``(n,)`` least time between the beginnings of two transmissions [s].
    """

    is_covered: NDArray[np.bool_]
    loss: F64
    grade: I64
    send_factor: F64
    slowness: F64
    gap_s: F64


def cover(
    network: Network,
    distance_m: F64,
    *,
    is_under_cover: bool,
    name: str,
    streams: Streams,
    adr: bool = True,
) -> Cover:
    """Return how well devices at ``(n,)`` distances from their gateways are heard.

    Parameters
    ----------
    distance_m
        0 for a device that needs no gateway [m].
    is_under_cover
        Whether they sit in manholes or behind walls.
    name
        Stem of the stream name; the energy of NB-IoT is drawn from ``<name>.exchange``.
    adr
        Whether LoRaWAN's network sets the fastest rate that is heard (adaptive data rate);
        without it all devices send as slowly as they can.
    """
    n = len(distance_m)
    fade = distance_m * (10.0 ** (COVER_DB / 10.0 / FADING) if is_under_cover else 1.0)
    share = fade / network.range_m
    usual, none = np.ones(n), np.zeros(n)
    grade, send_factor, slowness, gap_s = none.astype(np.int64), usual, usual, none
    base = COVER_LOSS if is_under_cover and network.loss > 0 else network.loss
    edge = EDGE_LOSS if network.loss > 0 else network.loss
    margin_db = -10.0 * FADING * np.log10(np.clip(share, 1e-9, 1.0))
    if network is LORAWAN:
        steps = np.floor(margin_db / SPREADING_STEP_DB).astype(np.int64) if adr else grade
        step = np.clip(len(SPREADING) - 1 - steps, 0, len(SPREADING) - 1)
        grade, gap_s = SPREADING[step], AIRTIME_S[step] / network.duty
        send_factor = AIRTIME_S[step] / AIRTIME_S[0]
    elif network is NB_IOT:
        grade = np.clip(2 - np.floor(margin_db / CLASS_DB).astype(np.int64), 0, 2)
        spread = streams.at(f"{name}.exchange", 0).standard_normal(n)
        send_factor = CLASS_ENERGY[grade] * np.exp(ENERGY_SIGMA * spread)
        slowness = CLASS_SLOWNESS[grade]
    return Cover(
        is_covered=share <= 1.0,
        loss=base + (edge - base) * np.minimum(share, 1.0) ** EDGE_POWER,
        grade=grade,
        send_factor=send_factor,
        slowness=slowness,
        gap_s=gap_s,
    )


def expected_retries(network: Network, loss: F64) -> F64:
    """Return ``(n,)`` the mean number of repetitions of a report at each loss."""
    powers = np.power.outer(loss, np.arange(1, network.retries + 1))
    retries: F64 = powers.sum(axis=1)
    return retries
