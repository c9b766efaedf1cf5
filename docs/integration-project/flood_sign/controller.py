"""The same on MQTT: gauges in, commands to signs out."""

from __future__ import annotations

import json
import threading
from typing import Any

import paho.mqtt.client as mqtt

from flood_sign.logic import Underpass

GAUGES = "city/v1/+/municipal/road_water_gauge/+/"
SIGNS = "city/v1/+/traffic/message_sign/+/state"
EXPIRES_S = 600
ANSWER_S = 10
TEXT = "积水危险 绕行"


class FloodSign:
    """Listens on one broker until it is stopped."""

    def __init__(self, host: str, port: int) -> None:
        self._underpasses: dict[str, Underpass] = {}
        self._place_of: dict[str, str] = {}
        self._sign_at: dict[str, str] = {}
        self._orders = 0
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="flood-sign")
        self._client.on_connect = self._when_connected
        self._client.on_subscribe = self._when_subscribed
        self._client.on_message = self._when_message
        self._listens = threading.Event()
        self._client.connect(host, port)

    def start(self) -> None:
        """Begin on a thread of its own; return when it listens."""
        self._client.loop_start()
        if not self._listens.wait(ANSWER_S):
            raise TimeoutError(f"the broker granted no subscription within {ANSWER_S} s")

    def stop(self) -> None:
        """End."""
        self._client.disconnect()
        self._client.loop_stop()

    def _when_connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(GAUGES + "state", 1), (SIGNS, 1), (GAUGES + "telemetry", 0)])

    def _when_subscribed(self, *_: Any) -> None:
        self._listens.set()

    def _when_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        *levels, device, channel = message.topic.split("/")
        body = json.loads(message.payload)
        if channel == "telemetry":
            self._on_reading(device, body)
        elif body["type"] == "actuator":
            self._sign_at[body["place"]] = "/".join([*levels, device])
        elif body.get("place"):
            self._place_of[device] = body["place"]

    def _on_reading(self, gauge: str, pack: list[dict[str, Any]]) -> None:
        values = {record["n"]: record["v"] for record in pack}
        place = self._place_of.get(gauge)
        if place is None:
            return
        underpass = self._underpasses.setdefault(place, Underpass())
        warn = underpass.take(gauge, values["depth"], values["sim_time"])
        if warn is not None:
            self._order(place, values["sim_time"], warn=warn)

    def _order(self, place: str, now_s: float, *, warn: bool) -> None:
        sign = self._sign_at.get(place)
        if sign is None:
            return
        self._orders += 1
        order = {
            "id": f"flood-sign-{self._orders}",
            "action": "show" if warn else "clear",
            "time": now_s,
            "expires": now_s + EXPIRES_S,
            "args": {"text": TEXT} if warn else {},
        }
        self._client.publish(f"{sign}/command", json.dumps(order), qos=1)
