"""What the API is told at its start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Limits and doors of the API.

    Attributes
    ----------
    hosts
        Values of the ``Host`` header that are answered. Only loopback names by default, so
        that a web page elsewhere cannot reach the centre by pointing its own name here.
    columns_interval_s
        Shortest wall time between two changes of device values or road speeds on the
        stream [s]. Assumed: an eye follows no faster.
    columns_max
        Most devices, and most links, in one such change; the others follow in the next.
    buffer_events, buffer_bytes
        How much of the stream is kept for readers who come back or fall behind.
    ping_s
        Wall time after which a silent stream sends a comment, below the 30 to 60 s at which
        common proxies close an idle connection [s].
    stale_s
        Wall time without a snapshot after which health says ``"stale"`` [s].
    idempotency_keys
        How many ``Idempotency-Key`` values are remembered, the oldest forgotten first.
    """

    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    columns_interval_s: float = 1.0
    columns_max: int = 5_000
    buffer_events: int = 2_048
    buffer_bytes: int = 16_000_000
    ping_s: float = 15.0
    stale_s: float = 30.0
    idempotency_keys: int = 1_000
