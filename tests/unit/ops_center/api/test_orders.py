"""Orders reach the centre once, whole, and only where they make sense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_center.api.orders import OrderDesk, Request
from ops_center.api.problems import Problem
from sim.messages.operator import OperatorOrder
from support.centre import at, fake_incident, fake_snapshot, next_snapshot
from support.centre_map import fake_map

API = "/api/v1/incidents"
LI = {"operator": "Li Wei"}


@pytest.mark.parametrize(
    ("verb", "action"),
    [("acknowledge", "acknowledge"), ("close", "close"), ("false-alarm", "false_alarm")],
)
def test_order_is_queued_with_who_what_and_when(centre, client, verb, action):
    answer = client.post(f"{API}/inc-000001/{verb}", json=LI)
    assert answer.status_code == 202
    (order,) = centre.orders
    assert answer.json() == {"order": order.order_id, "status": "queued", "repeated": False}
    assert (order.operator, order.action, order.incident_id) == ("Li Wei", action, "inc-000001")
    assert order.ts_event == at(30)


def test_repeated_key_is_one_order_and_the_same_answer(centre, client):
    key = {"Idempotency-Key": "k-1"}
    first = client.post(f"{API}/inc-000001/acknowledge", json=LI, headers=key).json()
    again = client.post(f"{API}/inc-000001/acknowledge", json=LI, headers=key).json()
    assert (first["order"], first["repeated"]) == (again["order"], False)
    assert again["repeated"]
    assert len(centre.orders) == 1


def test_key_used_for_another_order_is_refused(centre, client):
    key = {"Idempotency-Key": "k-1"}
    client.post(f"{API}/inc-000001/acknowledge", json=LI, headers=key)
    other = client.post(f"{API}/inc-000001/close", json=LI, headers=key)
    assert other.status_code == 422
    assert "k-1" in other.json()["detail"]
    assert len(centre.orders) == 1


def test_orders_without_a_key_are_orders_of_their_own(centre, client):
    for _ in range(2):
        client.post(f"{API}/inc-000001/acknowledge", json=LI)
    assert len({order.order_id for order in centre.orders}) == 2


@pytest.mark.parametrize(
    "body", [{}, {"operator": ""}, {"operator": "   "}, {"operator": "x" * 65},
             {"operator": "a", "more": 1}, [], "x"]
)  # fmt: skip
def test_order_without_a_proper_operator_is_refused(centre, client, body):
    assert client.post(f"{API}/inc-000001/acknowledge", json=body).status_code == 422
    assert centre.orders == []


def test_order_in_a_form_another_page_could_send_is_refused(centre, client):
    answer = client.post(
        f"{API}/inc-000001/acknowledge",
        content='{"operator": "x"}',
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code == 422
    assert centre.orders == []


@pytest.mark.parametrize("key", ["", "a b", "x" * 129, "é".encode()])
def test_malformed_key_is_refused(centre, client, key):
    answer = client.post(f"{API}/inc-000001/acknowledge", json=LI, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert centre.orders == []


def test_order_about_no_incident_is_not_found(centre, client):
    assert client.post(f"{API}/inc-7/close", json=LI).status_code == 404
    assert centre.orders == []


@pytest.mark.parametrize("state", ["closed", "false_alarm"])
def test_incident_that_is_over_takes_no_orders_but_a_repetition_gets_its_answer(
    centre, client, state
):
    key = {"Idempotency-Key": "k-1"}
    assert client.post(f"{API}/inc-000001/close", json=LI, headers=key).status_code == 202
    over = fake_incident(fake_map(), 1, minutes=12, state=state)
    centre.source.publish(next_snapshot(fake_snapshot(), incidents=(over,)))
    assert client.post(f"{API}/inc-000001/close", json=LI).status_code == 409
    again = client.post(f"{API}/inc-000001/close", json=LI, headers=key)
    assert (again.status_code, again.json()["repeated"]) == (202, True)
    assert len(centre.orders) == 1


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(["close", "acknowledge"]))))
def test_desk_hands_over_each_remembered_key_once(requests):
    placed: list[OperatorOrder] = []
    desk = OrderDesk(placed.append, keys_max=10)
    first: dict[str, str] = {}
    for key, action in requests:
        request = Request(operator="x", action=action, incident_id="inc-1")
        if first.setdefault(key, action) == action:
            desk.place(request, at(0), key)
        else:
            with pytest.raises(Problem, match="used for another"):
                desk.place(request, at(0), key)
    assert [order.order_id for order in placed] == [f"key-{key}" for key in first]


def test_desk_forgets_the_oldest_key_beyond_its_limit():
    placed: list[OperatorOrder] = []
    desk = OrderDesk(placed.append, keys_max=2)
    request = Request(operator="x", action="close", incident_id="inc-1")
    for key in ("a", "b", "c"):
        desk.place(request, at(0), key)
    assert [desk.is_known(request, key) for key in "abc"] == [False, True, True]
