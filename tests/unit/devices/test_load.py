import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from devices.load import Load
from sim.kernel.clock import SECOND, Ns

BURSTS = st.lists(
    st.tuples(st.integers(0, 20), st.lists(st.integers(-1, 2), max_size=40)), min_size=1, max_size=8
)


@given(BURSTS, st.floats(0.5, 10.0), st.integers(1, 30))
def test_reports_are_served_in_order_at_the_capacity_and_no_more_wait_than_fit(
    bursts, per_s, limit
):
    load = Load(3, capacity_per_s=per_s, limit=limit)
    now_s = 0
    done_s = {gateway: [] for gateway in range(3)}
    for wait, sent in bursts:
        now_s += wait
        gateway = np.array(sent, dtype=np.int32)
        wait_s, is_dropped = load.admit(Ns(now_s * SECOND), gateway)
        assert not is_dropped[gateway < 0].any(), "who has no gateway needs no room there"
        assert (wait_s[gateway < 0] == 0).all()
        assert (wait_s[~is_dropped] < limit / per_s).all()
        assert (load.waiting < limit + 1).all()
        for which in range(3):
            done_s[which] += (now_s + wait_s[(gateway == which) & ~is_dropped]).tolist()
    for times in done_s.values():
        assert (np.diff(times) >= 1.0 / per_s - 1e-6).all()
