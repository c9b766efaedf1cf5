"""Columns to packs: the only place that splits a batch into readings of devices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sim.kernel.clock import SECOND
from sim.messages import senml, topics
from sim.messages.envelope import About, WireMessage
from sim.messages.senml import BATTERY, QUALITY, SEQ, SIM_TIME
from sim.messages.telemetry import DeviceInfo, TelemetryBatch
from sim.messages.wire import Record

Packs = Literal["device", "gateway"]
"""Who sends packs: each device its own, or a gateway one for all that speak through it."""

MAX_REPORTS = 500
"""Reports that a gateway puts into one pack: some 100 kB of JSON, below the 128 kB that hosted
brokers take (AWS IoT Core's limit)."""

EXPIRES_S = 3600.0
"""City time after which a broker need not deliver a reading (assumed: an hour late, it changes
no decision any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryForm:
    """How readings go over the wire.

    Attributes
    ----------
    payload
        JSON or CBOR; a reader tells them apart by itself.
    packs
        Who sends packs. A device without a gateway, or of a kind with a hyphen in its name,
        always sends its own.
    """

    payload: senml.Form = "json"
    packs: Packs = "device"


@dataclass(frozen=True, slots=True)
class _Sender:
    """How a device's reports are addressed."""

    topic: str
    base_name: str
    gateway_id: str | None
    is_packable: bool


class Packer:
    """Turn telemetry into packs; remembers births, which give devices their topics."""

    def __init__(self, form: TelemetryForm) -> None:
        self._form = form
        self._senders: dict[str, _Sender] = {}
        media = senml.MEDIA_TYPES[form.payload]
        self._about, self._about_many = (
            About(schema=name, content_type=media, expires_s=EXPIRES_S)
            for name in ("telemetry", "gateway-telemetry")
        )

    def learn(self, device: DeviceInfo) -> None:
        """Remember where a device's readings go."""
        self._senders[device.device_id] = _Sender(
            topics.topic(
                device.district, device.domain, device.kind, device.device_id, topics.TELEMETRY
            ),
            senml.base_name(device.kind, device.device_id),
            device.gateway_id,
            senml.is_packable(device.kind),
        )

    def pack(self, batch: TelemetryBatch) -> list[WireMessage]:
        """Return the packs of a batch: in its order, or a gateway at a time."""
        if self._form.packs == "device":
            return [self._alone(sender, records) for sender, records in self._reports(batch)]
        out: list[WireMessage] = []
        together: dict[str, list[list[Record]]] = {}
        for sender, records in self._reports(batch):
            if sender.is_packable and sender.gateway_id in self._senders:
                together.setdefault(sender.gateway_id, []).append(records)
            else:
                out.append(self._alone(sender, records))
        for gateway_id, reports in together.items():
            out += [
                self._together(gateway_id, reports[start : start + MAX_REPORTS])
                for start in range(0, len(reports), MAX_REPORTS)
            ]
        return out

    def _reports(self, batch: TelemetryBatch) -> Iterator[tuple[_Sender, list[Record]]]:
        """Yield the records of each reading, the first with its base name and base time."""
        ids = batch.roster.ids
        battery = [None] * len(batch) if batch.battery is None else batch.battery.tolist()
        rows = zip(
            batch.device.tolist(),
            batch.values.T.tolist(),
            batch.time_ns.tolist(),
            batch.seq.tolist(),
            batch.sim_time_ns.tolist(),
            battery,
            batch.quality.tolist(),
            strict=True,
        )
        for position, values, time_ns, seq, sim_ns, left, quality in rows:
            sender = self._senders[ids[position]]
            records = [
                Record(n=channel.name, u=channel.unit, v=value)
                for channel, value in zip(batch.channels, values, strict=True)
                if not math.isnan(value)
            ]
            records.append(Record(n=SEQ, u="/", v=seq))
            records.append(Record(n=SIM_TIME, u="s", v=sim_ns / SECOND))
            if left is not None:
                records.append(Record(n=BATTERY, u="%EL", v=left))
            if quality:
                records.append(Record(n=QUALITY, u="/", v=quality))
            records[0].bn = sender.base_name
            records[0].bt = time_ns / SECOND
            yield sender, records

    def _alone(self, sender: _Sender, records: list[Record]) -> WireMessage:
        payload = senml.write(records, self._form.payload)
        return WireMessage(sender.topic, payload, via=sender.gateway_id, about=self._about)

    def _together(self, gateway_id: str, reports: list[list[Record]]) -> WireMessage:
        records = [record for report in reports for record in report]
        payload = senml.write(records, self._form.payload)
        topic = self._senders[gateway_id].topic
        return WireMessage(topic, payload, via=gateway_id, about=self._about_many)
