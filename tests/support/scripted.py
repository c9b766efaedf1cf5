"""A small device of somebody else's on a real broker, as well or as badly behaved as told."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Thread
from typing import Any

from sim.kernel.clock import SECOND, WallClock
from sim.messages.envelope import WireMessage
from sim.transport.broker_url import BrokerUrl
from sim.transport.inbox import Inbox
from sim.transport.link import MqttLink

DEVICE = "pm-17"
TOPIC = f"city/v1/haidian/ecology/air_monitor/{DEVICE}"
KNOWN = ("self_test", "set_interval")

Answer = Callable[[dict[str, Any], bool], list[str]]
"""What statuses to answer to a command, told whether its identifier was seen before."""


def obedient(command: dict[str, Any], seen: bool) -> list[str]:
    """Answer as the feed demands."""
    if command["action"] not in KNOWN or command["expires"] < WallClock().now() / SECOND:
        return ["refused"]
    return ["done"] if seen else ["accepted", "done"]


def offline(topic: str = f"{TOPIC}/state", *, retain: bool = True) -> WireMessage:
    payload = json.dumps({"type": "device", "status": "offline"}).encode()
    return WireMessage(topic, payload, qos=1, retain=retain)


class ScriptedDevice:
    """Says its birth, reports when told, answers commands on a thread of its own."""

    def __init__(
        self, url: BrokerUrl, *, will: WireMessage | None, answer: Answer = obedient
    ) -> None:
        self._inbox = Inbox()
        self._answer = answer
        self._seen: set[str] = set()
        self._seq = 0
        self._link = MqttLink(url, "somebodys-device", will=will, on_message=self._inbox.put)
        self._over = False
        self._thread = Thread(target=self._obey, daemon=True)

    def open(self, *, retain: bool = True) -> None:
        self._link.open()
        self._link.subscribe([f"{TOPIC}/command"])
        self._thread.start()
        birth = {
            "type": "device",
            "status": "online",
            "lon": 116.3,
            "lat": 39.9,
            "channels": [{"n": "pm25", "u": "ug/m3"}],
            "interval_s": 5.0,
        }
        self.say("state", birth, qos=1, retain=retain)

    def say(self, channel: str, body: Any, *, qos: int = 0, retain: bool = False) -> None:
        payload = json.dumps(body).encode()
        self._link.publish(WireMessage(f"{TOPIC}/{channel}", payload, qos=qos, retain=retain))

    def report(self, count: int, *, retain: bool = False) -> None:
        """Send reports that end now, an interval apart."""
        now_s = WallClock().now() / SECOND
        for place in range(count):
            self._seq += 1
            pack = [
                {
                    "bn": "urn:dev:mac:0024befffe804ff1:",
                    "bt": now_s - 5.0 * (count - 1 - place),
                    "n": "pm25",
                    "u": "ug/m3",
                    "v": 35.0 + self._seq % 7,
                },
                {"n": "seq", "u": "/", "v": self._seq},
            ]
            self.say("telemetry", pack, retain=retain)

    def cut(self) -> None:
        """Lose its power."""
        self._over = True
        self._link.cut()

    def close(self) -> None:
        self._over = True
        self._inbox.wake()
        self._thread.join()
        self._link.close()

    def _obey(self) -> None:
        while not self._over:
            for item in self._inbox.take(10, 0.05):
                command = json.loads(item.payload)
                for status in self._answer(command, command["id"] in self._seen):
                    now_s = WallClock().now() / SECOND
                    self.say("ack", {"id": command["id"], "status": status, "time": now_s}, qos=1)
                self._seen.add(command["id"])
                if item.receipt is not None:
                    item.receipt.acknowledge()
