"""Drawing: what comes out is escaped, short, and where it should be."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scenarios.report.svg import Scale, Space, el, path, round_step, text, time_ticks


def points_of(data: str) -> np.ndarray:
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", data)]
    steps = np.array(numbers[: len(numbers) // 2 * 2]).reshape(-1, 2)
    return np.cumsum(steps, axis=0)


@given(arrays(float, (6, 2), elements=st.floats(-900, 900)))
def test_path_passes_through_its_points_to_a_tenth(xy):
    data = path(xy)
    tenths = np.round(xy * 10) / 10
    kept = np.vstack([tenths[:1], tenths[1:][np.any(np.diff(tenths, axis=0) != 0, axis=1)]])
    if len(kept) > 1:
        assert np.allclose(points_of(data), kept)


def test_path_of_one_spot_is_still_a_path():
    assert path(np.array([[1.04, 2.0], [1.0, 2.0]])) == "M1 2h0"


def test_text_and_attributes_are_escaped():
    assert (
        text(1, 2, "<b> & co", "a")
        == '<text x="1" y="2" class="a" text-anchor="start">&lt;b&gt; &amp; co</text>'
    )
    assert 'd="&#34;"' in el("path", d='"')


def test_attribute_without_value_is_left_out():
    assert el("g", class_=None, stroke_width=1.25) == '<g stroke-width="1.2"></g>'


def test_scale_maps_ends_and_clips_beyond():
    up = Scale(0, 2, 100, 0)
    assert (up(0), up(1), up(2)) == (100, 50, 0)
    assert up.clipped(5) == 0
    assert not up.holds(5)


@given(st.floats(0.01, 1e6), st.integers(2, 12))
def test_round_step_parts_a_span_at_most_so_often(span, at_most):
    assert span / round_step(span, at_most) <= at_most * (1 + 1e-9)


@given(st.integers(0, 10**8), st.integers(60_000, 10**9))
def test_time_ticks_lie_within_and_are_few(from_ms, length_ms):
    from_s, to_s = from_ms / 1000, (from_ms + length_ms) / 1000
    ticks = time_ticks(from_s, to_s, 9)
    assert all(from_s <= t <= to_s for t in ticks)
    assert len(ticks) <= 10


def test_taken_space_is_not_free():
    space = Space(100, 100)
    space.take(10, 10, 20, 20)
    assert not space.is_free(25, 25, 10, 10)
    assert space.is_free(40, 40, 10, 10)
    assert not space.is_free(95, 10, 10, 10)
