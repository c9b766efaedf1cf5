"""How reports travel from a device to whatever hears it: lost, repeated, late, or twice.

Rare things are drawn as the gaps between them, so a tick costs as many draws as there are
losses, not as there are devices; and the first devices of a cohort still fare alike whatever
its size, as long as the greatest loss among the devices is the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernel.clock import MILLISECOND, Ns, next_multiple, seconds
from sim.kernel.rng import Streams
from sim.messages.telemetry import F64, I64

BoolArray = NDArray[np.bool_]

STREET_LOSS = 0.01
"""Share of radio packets lost at the roadside, near a gateway: domain facts, section 3."""

DUPLICATE_SHARE = 0.001
"""Share of reports that arrive twice; assumed: an acknowledgement lost, two gateways heard."""

REMEMBERED = 500
"""Readings that a cellular device keeps; assumed: 16 kB of its flash at 32 bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A way to carry reports.

    Attributes
    ----------
    name
        What it is called.
    low_s, high_s
        Delay of a report: log-normal, 95 % of it between these two [s].
    longest_s
        Delays are cut here [s].
    loss
        Share of transmissions lost.
    retries
        Most repetitions of one report; when the last is lost, so is the report.
    timeout_s
        Time to the first repetition; each further one waits twice as long [s].
    range_m
        Distance in the street beyond which nothing is heard [m]; infinite over a wire.
    duty
        Largest share of time that a device may be on air.
    remembers
        Readings that a device keeps while nobody answers it, the oldest dropped first; 0 where
        it cannot know, or has no memory.
    """

    name: str
    low_s: float
    high_s: float
    longest_s: float
    loss: float
    retries: int
    timeout_s: float
    range_m: float = math.inf
    duty: float = 1.0
    remembers: int = 0

    def delay_s(self, draws: F64, slowness: float | F64 = 1.0) -> F64:
        """Return delays for standard normal `draws`, so many times the usual [s]."""
        median_s = math.sqrt(self.low_s * self.high_s)
        sigma = math.log(self.high_s / self.low_s) / 4.0
        return np.minimum(median_s * np.exp(sigma * draws) * slowness, self.longest_s)


NB_IOT = Network(
    name="nb-iot",
    low_s=1.0,
    high_s=10.0,
    longest_s=60.0,
    loss=STREET_LOSS,
    # CoAP confirmable messages: MAX_RETRANSMIT and ACK_TIMEOUT of RFC 7252, section 4.8.
    retries=4,
    timeout_s=2.0,
    range_m=15_000.0,
    remembers=REMEMBERED,
)
"""Delay 1-10 s, to 60 s in bad cover (assumed). Range: 164 dB of coupling loss (3GPP TR 45.820,
6.1) reach so far from a mast in a city (assumed)."""

LORAWAN = Network(
    name="lorawan",
    low_s=1.0,
    high_s=2.0,
    longest_s=2.0,
    loss=STREET_LOSS,
    # Unconfirmed uplinks: nothing tells the device that it was not heard.
    retries=0,
    timeout_s=0.0,
    range_m=12_000.0,
    # ETSI EN 300 220-2, 1 % in the bands of the usual channels; China's SRRC has no such rule
    # for 470-510 MHz, and networks keep to it all the same (assumed).
    duty=0.01,
)
"""Delay 1-2 s (assumed): de-duplication at the network server. Range at SF12: of packets sent
from cars in Oulu, 67 % came through from 5-10 km, 26 % from 10-15 km (Petäjäjärvi et al. 2015,
doi:10.1109/ITST.2015.7377400; recalled, not read again)."""

FOUR_G = Network(
    name="4g",
    low_s=0.05,
    high_s=0.2,
    longest_s=0.2,
    loss=STREET_LOSS,
    # TCP repeats after 1 s, then 2 s, 4 s (RFC 6298, sections 2.1 and 5.5); given up after
    # five, when the modem is taken to be out of cover (assumed).
    retries=5,
    timeout_s=1.0,
    range_m=8_000.0,
    remembers=REMEMBERED,
)
"""Delay 50-200 ms (assumed). Range: a large cell below 1 GHz with an outdoor aerial (assumed)."""

FIBRE = Network(
    name="fibre", low_s=0.005, high_s=0.02, longest_s=0.02, loss=0.0, retries=5, timeout_s=1.0
)
"""Delay 5-20 ms (assumed), no losses that its own layers do not repair."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fate:
    """What becomes of the reports of one tick; rows count the reports sent.

    Attributes
    ----------
    arrivals
        When, and which rows then come in; rows None for all of them. A row that comes twice
        is in two.
    lost, duplicated
        How many never come, and how many come twice.
    repeated, repeats
        Devices that sent theirs more than once, and how many times more.
    """

    arrivals: Sequence[tuple[Ns, I64 | None]]
    lost: int
    duplicated: int
    repeated: I64
    repeats: I64


class Radio:
    """The uplinks of one cohort's devices.

    Arrival is resolved to the delivery period: a report comes in with the first delivery at
    or after its arrival. A network whose longest delay fits before the next delivery draws no
    delays, since they would change nothing.

    Parameters
    ----------
    network
        What carries the reports.
    name
        Stem of the stream names, ``"devices.<kind>"``.
    n
        Number of devices.
    delivery_s
        Delivery period [s].
    loss
        Share of transmissions lost, one for all or ``(n,)``; None for the network's own.
    duplicate_share
        Share of reports that arrive twice, the second one delivery later.
    slowness
        ``(n,)`` how many times the usual delay each device's reports take; None for once.
    """

    def __init__(
        self,
        network: Network,
        *,
        name: str,
        n: int,
        delivery_s: float,
        loss: float | F64 | None = None,
        duplicate_share: float = DUPLICATE_SHARE,
        slowness: F64 | None = None,
    ) -> None:
        share = network.loss if loss is None else loss
        self._network = network
        self._name = name
        self._n = n
        self._delivery_ns = seconds(delivery_s)
        self._loss = share if isinstance(share, np.ndarray) else None
        self._loss_max = float(np.max(share)) if n else 0.0
        self._duplicate_share = duplicate_share
        self._slowness = 1.0 if slowness is None else slowness

    def send(self, now: Ns, tick: int, due: I64 | None, streams: Streams) -> Fate:
        """Return the fate of the reports that the devices `due` (None: all) send now."""
        tries, devices, rows = self._failures(tick, due, streams)
        first = next_multiple(now, self._delivery_ns)
        is_drawn = now + seconds(self._network.longest_s) > first
        delay_s = self._delays_s(tick, streams) if is_drawn else None
        wait_s = self._network.longest_s if delay_s is None else delay_s[devices]
        late = self._delivery(now, wait_s + self._network.timeout_s * (np.exp2(tries) - 1.0))

        is_lost = tries > self._network.retries
        lost = rows[is_lost]
        arrivals: list[tuple[Ns, I64 | None]] = []
        if delay_s is None:
            is_stray = ~is_lost & (late != first)
            strays, at = rows[is_stray], late[is_stray]
            arrivals.append((first, self._all_but(rows[is_lost | is_stray], due)))
        else:
            at = self._delivery(now, delay_s if due is None else delay_s[due])
            at[rows] = late
            strays = np.delete(np.arange(len(at)), lost)
            at = at[strays]
        arrivals += [(Ns(when), strays[at == when]) for when in np.unique(at).tolist()]

        twice = self._duplicates(tick, due, streams)
        twice = twice[~np.isin(twice, lost)]
        arrivals.append((Ns(first + self._delivery_ns), twice))
        return Fate(
            arrivals=[(when, some) for when, some in arrivals if some is None or len(some)],
            lost=len(lost),
            duplicated=len(twice),
            repeated=devices,
            repeats=np.minimum(tries, self._network.retries),
        )

    def _failures(self, tick: int, due: I64 | None, streams: Streams) -> tuple[I64, I64, I64]:
        """Return tries that failed, devices and rows of reports whose first try failed."""
        generator = streams.at(f"{self._name}.loss", tick)
        devices = sparse_hits(generator, self._loss_max, self._n)
        retries = self._network.retries
        chances = streams.at(f"{self._name}.retry", tick).random((len(devices), retries + 1))
        if self._loss is not None:
            # Candidates were drawn at the greatest loss: keep each at its own share of it.
            kept = chances[:, -1] * self._loss_max < self._loss[devices]
            devices, chances = devices[kept], chances[kept]
        rows, here = _rows_of(devices, due)
        devices, chances = devices[here], chances[here]
        loss = self._loss_max if self._loss is None else self._loss[devices, None]
        tries = 1 + np.cumprod(chances[:, :retries] < loss, axis=1).sum(axis=1, dtype=np.int64)
        return tries, devices, rows

    def _delays_s(self, tick: int, streams: Streams) -> F64:
        """Return a delay for every device [s]."""
        draws = streams.at(f"{self._name}.delay", tick).standard_normal(self._n)
        return self._network.delay_s(draws, self._slowness)

    def _delivery(self, now: Ns, wait_s: F64) -> I64:
        """Return the time of the delivery that each report comes in with."""
        wait_ms = np.maximum(np.ceil(wait_s * 1000.0), 1.0).astype(np.int64)
        arrival_ns = int(now) + wait_ms * MILLISECOND
        return -(-arrival_ns // self._delivery_ns) * self._delivery_ns

    def _duplicates(self, tick: int, due: I64 | None, streams: Streams) -> I64:
        """Return the rows that arrive twice."""
        generator = streams.at(f"{self._name}.duplicate", tick)
        rows, _ = _rows_of(sparse_hits(generator, self._duplicate_share, self._n), due)
        return rows

    def _all_but(self, rows: I64, due: I64 | None) -> I64 | None:
        """Return the rows of what was sent but `rows`, or None for all of them."""
        if not len(rows):
            return None
        is_kept = np.ones(self._n if due is None else len(due), dtype=np.bool_)
        is_kept[rows] = False
        return np.flatnonzero(is_kept)


def sparse_hits(generator: np.random.Generator, share: float, n: int) -> I64:
    """Return the positions below `n` that are hit, each by chance `share`, ascending.

    The gaps between hits are geometric, so the cost goes with the hits. A smaller `n` gives
    the same hits as far as it reaches.
    """
    expected = share * n
    if expected < 1e-9:  # fewer than one in a billion ticks
        return np.empty(0, dtype=np.int64)
    chunk = int(expected + 4.0 * math.sqrt(expected) + 8.0)
    hits = np.cumsum(generator.geometric(share, chunk)) - 1
    while hits[-1] < n:
        more = np.cumsum(generator.geometric(share, chunk)) + hits[-1]
        hits = np.concatenate((hits, more))
    return hits[: np.searchsorted(hits, n)]


def _rows_of(devices: I64, due: I64 | None) -> tuple[I64, BoolArray]:
    """Return the rows of those of `devices` that are due, and which those are."""
    if due is None:
        return devices, np.ones(len(devices), dtype=np.bool_)
    rows = np.minimum(np.searchsorted(due, devices), len(due) - 1)
    is_due = due[rows] == devices
    return rows[is_due], is_due
