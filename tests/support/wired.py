"""Wire messages with one thing wrong."""

from __future__ import annotations

import gzip
import json
from typing import Any

from hypothesis import strategies as st

from sim.messages.encode import Encoder
from support.messages import batch, birth, one_of_each, order

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["n", "v", "bt", "t", "u", "type", "time", "id", "args", "map", "lon"])
            | st.text(max_size=4),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sound wire message with one value of it replaced, dropped, or one byte changed."""
    encoder = Encoder()
    messages = [birth(), batch(), *one_of_each(), order()]
    wired = [w for message in messages for w in encoder.encode(message)]
    chosen = draw(st.sampled_from(wired))
    if draw(st.booleans()):
        payload = bytearray(chosen.payload)
        payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
        return chosen.topic, bytes(payload)
    packed = chosen.payload.startswith(b"\x1f\x8b")
    document = json.loads(gzip.decompress(chosen.payload) if packed else chosen.payload)
    spot: Any = document
    while True:
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        key = draw(st.sampled_from(keys))
        if not isinstance(spot[key], dict | list) or not spot[key] or draw(st.booleans()):
            break
        spot = spot[key]
    if draw(st.booleans()):
        del spot[key]
    else:
        spot[key] = draw(json_values)
    return chosen.topic, json.dumps(document).encode()
