"""Good traffic whose order, rate, clock, last word or answers are wrong: each breaks one rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sim.kernel.clock import SECOND, Ns
from sim.probe.arrival import Arrival
from sim.probe.checks.commands import UNKNOWN_ACTION
from support.breaking import (
    BOTH,
    at,
    birth,
    breaks,
    first_birth,
    of,
    packs,
    put,
    shifted,
    victim,
    who,
)
from support.feed import Feed, small

# --- numbers and order --------------------------------------------------------------------


@breaks("sequence.gap")
def every_second_lost() -> Feed:
    return packs(lambda pack, n: pack if n % 2 else None)


@breaks("sequence.repeat")
def counter_that_stands() -> Feed:
    return packs(lambda pack, _: put(pack, "seq", 5))


@breaks("sequence.repeat")
def every_number_twice() -> Feed:
    return packs(lambda pack, _: put(pack, "seq", of(pack, "seq")["v"] // 2))


@breaks("sequence.back")
def restart_without_a_birth() -> Feed:
    return packs(lambda pack, n: put(pack, "seq", n % 25))


@breaks("sequence.duplicate")
def everything_twice() -> Feed:
    copies = [replace(a, at=Ns(a.at + 2 * SECOND)) for a in small().of(victim(), "telemetry")]
    return small().plus(*copies)


@breaks("order.late")
def overtaken_by_five_minutes() -> Feed:
    def late(arrival: Arrival, n: int) -> Arrival:
        return replace(arrival, at=Ns(arrival.at + 300 * SECOND)) if n == 30 else arrival

    return small().each(victim(), "telemetry", late)


# --- rates --------------------------------------------------------------------------------


@breaks("rate.slow")
def fewer_than_declared() -> Feed:
    return birth(interval_s=20.0, alarm_interval_s=20.0)


@breaks("rate.fast")
def more_than_declared() -> Feed:
    return birth(interval_s=300.0, alarm_interval_s=300.0)


@breaks("rate.fast")
def more_than_declared_in_alarm() -> Feed:
    return birth(interval_s=1_800.0, alarm_interval_s=300.0)


@breaks("rate.jitter")
def uneven() -> Feed:
    return packs(lambda pack, n: shifted(pack, -9.0 if n % 2 else 9.0))


@breaks("rate.silence")
def silent() -> Feed:
    return packs(lambda pack, n: pack if n < 20 else None)


@breaks("rate.silence")
def never_spoke() -> Feed:
    return packs(lambda *_: None)


@breaks("rate.flood")
def births_without_end() -> Feed:
    base = at(small(), 0.5)
    return small().plus(
        *(replace(first_birth(), at=Ns(base + n * SECOND // 100)) for n in range(300))
    )


# --- clocks -------------------------------------------------------------------------------


@breaks("time.missing")
def timeless() -> Feed:
    def no_time(pack: Any, _: int) -> Any:
        del pack[0]["bt"]
        return pack

    return packs(no_time)


@breaks("time.epoch")
def clock_never_set() -> Feed:
    def since_boot(pack: Any, n: int) -> Any:
        pack[0]["bt"] = 12.5 + 60.0 * n
        return pack

    return packs(since_boot)


@breaks("time.future")
def an_hour_ahead() -> Feed:
    return packs(lambda pack, _: shifted(pack, 3_600.0))


@breaks("time.offset")
def five_minutes_behind() -> Feed:
    return packs(lambda pack, _: shifted(pack, -300.0))


@breaks("time.offset")
def milliseconds_for_local_time() -> Feed:
    return packs(lambda pack, _: shifted(pack, -8 * 3_600.0))


@breaks("time.back")
def clock_runs_back_once() -> Feed:
    return packs(lambda pack, n: shifted(pack, -900.0) if n == 30 else pack)


# --- wills --------------------------------------------------------------------------------


def cut(*last_words: Arrival, **changes: Any) -> Feed:
    """Return the feed of a victim whose plug is pulled, with what is said of it then."""
    feed = small()
    pulled = at(feed, 0.6)
    topics = {a.topic for channel in BOTH for a in feed.of(victim(), channel)}
    kept = [a for a in feed.arrivals if a.topic not in topics or a.at < pulled]
    return replace(feed.with_([*kept, *last_words]), cut=(who(), pulled), **changes)


def will(payload: bytes = b'{"type":"device","status":"offline"}') -> Arrival:
    when = Ns(at(small(), 0.6) + 45 * SECOND)
    return replace(first_birth(), at=when, payload=payload)


@breaks("will.missing")
def no_will() -> Feed:
    return cut()


@breaks("will.wrong")
def will_that_says_online() -> Feed:
    return cut(will(first_birth().payload))


@breaks("will.wrong")
def will_elsewhere() -> Feed:
    topic = first_birth().topic.replace("/vehicle_detector/", "/detector/")
    return cut(replace(will(), topic=topic))


@breaks("will.not_retained")
def will_not_kept() -> Feed:
    kept = replace(first_birth(), retained=True)
    return cut(will(), keeps=(kept,))


# --- commands -----------------------------------------------------------------------------


def sign() -> str:
    """The first sign that the centre commands."""
    first = next(a for a in small().arrivals if a.topic.endswith("/command"))
    return first.topic.split("/")[5]


def first_command() -> Arrival:
    return small().of(sign(), "command")[0]


def first_acks(change: Callable[[Arrival, str], Arrival | None]) -> Feed:
    """Return the feed with the answers to the sign's first command changed."""
    command_id = json.loads(first_command().payload)["id"]

    def changed(arrival: Arrival, _: int) -> Arrival | None:
        ack = json.loads(arrival.payload)
        return change(arrival, ack["status"]) if ack["id"] == command_id else arrival

    return small().each(sign(), "ack", changed)


def said(channel: str, after_s: float, **fields: Any) -> Arrival:
    """Return a command to the sign or an answer of it, in the middle of the feed."""
    topic = first_command().topic.replace("/command", f"/{channel}")
    now = Ns(at(small(), 0.5) + int(after_s * SECOND))
    body = {"time": now / SECOND} | fields
    return replace(first_command(), at=now, topic=topic, payload=json.dumps(body).encode())


def told(action: str, life_s: float, *answers: str) -> Feed:
    expires = at(small(), 0.5) / SECOND + life_s
    order = said("command", 0, id="probe-1", action=action, expires=expires, args={})
    acks = [said("ack", 2 + n, id="probe-1", status=word) for n, word in enumerate(answers)]
    return small().plus(order, *acks)


@breaks("command.no_ack")
def deaf() -> Feed:
    return first_acks(lambda *_: None)


@breaks("command.ack_id")
def answers_another_command() -> Feed:
    def other(arrival: Arrival, _: str) -> Arrival:
        return replace(arrival, payload=arrival.payload.replace(b'"id":"', b'"id":"x'))

    return first_acks(other)


@breaks("command.early_ack")
def answers_before_it_is_asked() -> Feed:
    def early(arrival: Arrival, _: str) -> Arrival:
        return replace(arrival, at=Ns(first_command().at - 10 * SECOND))

    return first_acks(early)


@breaks("command.unknown")
def obeys_nonsense() -> Feed:
    return told(UNKNOWN_ACTION, 60.0, "accepted", "done")


@breaks("command.expired")
def obeys_too_late() -> Feed:
    return told("show", -600.0, "accepted", "done")


@breaks("command.copy")
def obeys_twice() -> Feed:
    feed = told("show", 600.0, "accepted", "done")
    copy = next(a for a in feed.arrivals if b'"probe-1"' in a.payload)
    again = [
        said("ack", 20 + n, id="probe-1", status=word)
        for n, word in enumerate(("accepted", "done"))
    ]
    return feed.plus(replace(copy, at=Ns(copy.at + 18 * SECOND)), *again)


@breaks("command.copy")
def no_answer_to_a_copy() -> Feed:
    feed = told("show", 600.0, "accepted", "done")
    copy = next(a for a in feed.arrivals if b'"probe-1"' in a.payload)
    return feed.plus(replace(copy, at=Ns(copy.at + 18 * SECOND)))


@breaks("command.unfinished")
def never_done() -> Feed:
    return first_acks(lambda arrival, status: arrival if status == "accepted" else None)
