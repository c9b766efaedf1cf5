import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cover import AIRTIME_S, COVER_LOSS, EDGE_LOSS, cover, expected_retries
from devices.link import FIBRE, FOUR_G, LORAWAN, NB_IOT, STREET_LOSS
from sim.kernel.rng import SeededStreams

STREAMS = SeededStreams(3)
RADIOS = [LORAWAN, NB_IOT, FOUR_G]


def at(network, *km, under=False, adr=True):
    return cover(
        network,
        1000.0 * np.array(km),
        is_under_cover=under,
        name="devices.x",
        streams=STREAMS,
        adr=adr,
    )


@pytest.mark.parametrize("network", RADIOS, ids=lambda network: network.name)
def test_beside_a_gateway_a_hundredth_is_lost_in_the_street_and_a_tenth_under_a_cover(network):
    assert at(network, 0.0).loss == pytest.approx([STREET_LOSS])
    assert at(network, 0.0, under=True).loss == pytest.approx([COVER_LOSS])
    assert at(network, network.range_m / 1000).loss == pytest.approx([EDGE_LOSS])


@pytest.mark.parametrize("network", RADIOS, ids=lambda network: network.name)
def test_nothing_is_heard_from_beyond_the_range_and_a_cover_nearly_halves_it(network):
    edge_km = network.range_m / 1000
    assert at(network, 0.99 * edge_km, 1.01 * edge_km).is_covered.tolist() == [True, False]
    under = at(network, 0.51 * edge_km, 0.53 * edge_km, under=True)
    assert under.is_covered.tolist() == [True, False]


def test_a_wire_reaches_anywhere_and_loses_nothing():
    wired = at(FIBRE, 0.0, 500.0, under=True)
    assert wired.is_covered.all()
    assert (wired.loss == 0).all()


def test_spreading_factor_rises_with_distance_and_with_it_airtime_energy_and_silence():
    found = at(LORAWAN, 0.1, 5.0, 6.0, 7.0, 8.5, 10.0, 11.9)
    assert found.grade.tolist() == [7, 7, 8, 9, 10, 11, 12]
    assert found.send_factor == pytest.approx((AIRTIME_S / AIRTIME_S[0])[found.grade - 7])
    # 1 % of the time on air: 6.2 s at SF7, 148 s at SF12, for 12 bytes.
    assert found.gap_s[[0, -1]] == pytest.approx([6.17, 148.3], abs=0.05)


def test_without_adaptive_data_rate_all_send_as_slowly_as_they_can():
    assert (at(LORAWAN, 0.1, 5.0, 11.0, adr=False).grade == 12).all()


def test_coverage_class_makes_an_exchange_dearer_and_slower():
    near, middle, far = (at(NB_IOT, *[km] * 20_000) for km in (1.0, 6.0, 12.0))
    assert [int(c.grade[0]) for c in (near, middle, far)] == [0, 1, 2]
    means = [float(c.send_factor.mean()) for c in (near, middle, far)]
    assert means == pytest.approx([1.016, 2.1 * 1.016, 16 * 1.016], rel=0.01)
    assert [float(c.slowness[0]) for c in (near, middle, far)] == [1.0, 2.0, 6.0]
    # Of what was measured, 95 % lie between 0.27 and 0.55 J.
    joule = 0.385 * near.send_factor
    assert np.mean((joule > 0.27) & (joule < 0.55)) == pytest.approx(0.954, abs=0.01)


@given(st.sampled_from(RADIOS), st.booleans(), st.floats(0, 20), st.floats(0, 20))
def test_nearer_is_never_worse(network, under, one, other):
    near, far = at(network, min(one, other), max(one, other), under=under).loss
    assert STREET_LOSS - 1e-12 <= near <= far + 1e-12 <= EDGE_LOSS + 2e-12


def test_retries_follow_from_loss():
    # 0.5 + 0.25 + 0.125 + 0.0625: a fifth try is not made.
    assert expected_retries(NB_IOT, np.array([0.0, 0.5])) == pytest.approx([0.0, 0.9375])
    assert expected_retries(LORAWAN, np.array([0.5])) == pytest.approx([0.0])
