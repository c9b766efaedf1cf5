"""Hold every message of a feed to its schema, until it is silent for so many seconds.

check_feed.py HOST PORT SCHEMAS SECONDS; counts what was sound and what was faulty.
"""

import collections
import gzip
import json
import pathlib
import sys
import time

import jsonschema_rs
import paho.mqtt.client as mqtt

host, port, folder, silence_s = sys.argv[1:]
checks = {f.stem: jsonschema_rs.validator_for(json.loads(f.read_text()))
          for f in pathlib.Path(folder).glob("*.json")}  # fmt: skip
counts = collections.Counter()


def on_message(_client, _data, message):
    kind, _, channel = message.topic.split("/")[-3:]
    packed = message.payload[:2] == b"\x1f\x8b"
    said = json.loads(gzip.decompress(message.payload) if packed else message.payload)
    name = {"event": "call-event"}.get(channel, channel)
    if channel == "state":
        name = f"{said['type']}-state"
    if channel == "telemetry" and kind == "gateway":
        name = "gateway-telemetry"
    counts[name if checks[name].is_valid(said) else f"faulty {name}"] += 1


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_connect = lambda client, *_: client.subscribe("city/v1/#", qos=1)
client.on_subscribe = lambda *_: print("listening", flush=True)
client.on_message = on_message
client.connect(host, int(port))
client.loop_start()
before = -1
while not counts or counts.total() != before:
    before = counts.total()
    time.sleep(float(silence_s))
print(json.dumps(counts))
sys.exit(any(name.startswith("faulty") for name in counts))
