"""Good traffic with one thing wrong: each entry breaks one rule, by its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sim.kernel.clock import SECOND, Ns
from sim.messages import senml
from sim.probe.arrival import Arrival
from sim.probe.checks.commands import UNKNOWN_ACTION
from support.feed import Feed, small, whole

Break = Callable[[], Feed]
Edit = Callable[[Any, int], Any]

BROKEN: dict[str, list[tuple[str, Break]]] = {}
"""By rule: how else a feed breaks it, and the feed."""


def breaks(rule: str) -> Callable[[Break], Break]:
    def enter(make: Break) -> Break:
        BROKEN.setdefault(rule, []).append((make.__name__, make))
        return make

    return enter


def victim() -> str:
    """A vehicle detector: on battery, over LoRaWAN, a report a minute, always."""
    return next(a.topic.split("/")[5] for a in small().arrivals if "/vehicle_detector/" in a.topic)


def who() -> str:
    return f"vehicle_detector/{victim()}"


def edited(channel: str, edit: Edit, *, feed: Feed | None = None) -> Feed:
    """Return the feed with the victim's JSON of one channel edited; None drops the message."""

    def change(arrival: Arrival, number: int) -> Arrival | None:
        document = edit(json.loads(arrival.payload), number)
        if document is None:
            return None
        return replace(arrival, payload=json.dumps(document).encode())

    return (feed or small()).each(victim(), channel, change)


def packs(edit: Edit) -> Feed:
    return edited("telemetry", edit)


def birth(**fields: Any) -> Feed:
    return edited("state", lambda state, _: state | fields)


def raw(change: Callable[[bytes], bytes], channel: str = "telemetry", every: int = 7) -> Feed:
    """Return the feed with the bytes of some of the victim's messages changed."""

    def changed(arrival: Arrival, number: int) -> Arrival:
        return replace(arrival, payload=change(arrival.payload)) if number % every == 3 else arrival

    return small().each(victim(), channel, changed)


def of(pack: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(record for record in pack if record["n"] == name)


def without(pack: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [record for record in pack if record["n"] != name]


def put(pack: Any, name: str, value: Any, key: str = "v") -> Any:
    of(pack, name)[key] = value
    return pack


def shifted(pack: Any, by_s: float) -> Any:
    pack[0]["bt"] += by_s
    return pack


def renamed(place: int, level: str, channels: Iterable[str] = ("telemetry",)) -> Feed:
    """Return the feed with one level of the victim's topics replaced."""
    device = victim()

    def moved(arrival: Arrival) -> Arrival:
        levels = arrival.topic.split("/")
        if levels[5] != device or levels[6] not in channels:
            return arrival
        levels[place] = level
        return replace(arrival, topic="/".join(levels))

    return small().with_(moved(arrival) for arrival in small().arrivals)


def at(feed: Feed, share: float) -> Ns:
    return Ns(feed.start + int((feed.end - feed.start) * share))


def first_birth() -> Arrival:
    return small().of(victim(), "state")[0]


BOTH = ("telemetry", "state")


# --- topics and payloads ------------------------------------------------------------------


@breaks("topic.form")
def upper_case_level() -> Feed:
    return renamed(5, victim().upper())


@breaks("topic.form")
def level_too_many() -> Feed:
    return renamed(6, "telemetry/v2")


@breaks("topic.form")
def unknown_channel() -> Feed:
    return renamed(6, "data")


@breaks("topic.domain")
def foreign_domain() -> Feed:
    return renamed(3, "ecology", BOTH)


@breaks("topic.district")
def district_off_the_map() -> Feed:
    the_map = next(a for a in whole().arrivals if "/map/" in a.topic)
    return renamed(2, "atlantis", BOTH).plus(the_map)


@breaks("payload.utf8")
def latin_1() -> Feed:
    return raw(lambda payload: payload.replace(b'"m/s"', b'"m\xb2"'))


@breaks("payload.json")
def torn() -> Feed:
    return raw(lambda payload: payload[: len(payload) // 2])


@breaks("payload.json")
def empty() -> Feed:
    return raw(lambda _: b"")


@breaks("payload.json")
def trailing_comma() -> Feed:
    return raw(lambda payload: payload[:-1] + b",]")


@breaks("payload.cbor")
def torn_cbor() -> Feed:
    def as_cbor(arrival: Arrival, number: int) -> Arrival:
        whole_pack = senml.write(senml.read(arrival.payload), "cbor")
        payload = whole_pack[:-9] if number % 7 == 3 else whole_pack
        return replace(arrival, payload=payload)

    return small().each(victim(), "telemetry", as_cbor)


@breaks("payload.number")
def not_a_number() -> Feed:
    return raw(lambda payload: payload.replace(b'"v":', b'"v":NaN,"x":', 1))


@breaks("payload.number")
def infinity() -> Feed:
    return raw(lambda payload: payload.replace(b'"v":', b'"v":-Infinity,"x":', 1))


@breaks("payload.number")
def beyond_double() -> Feed:
    return raw(lambda payload: payload.replace(b'"v":', b'"v":1e999,"x":', 1))


@breaks("payload.schema")
def number_as_text() -> Feed:
    return packs(lambda pack, _: put(pack, "speed", "8.3"))


@breaks("payload.schema")
def object_for_a_pack() -> Feed:
    return packs(lambda pack, n: {"e": pack} if n % 7 == 3 else pack)


@breaks("payload.schema")
def field_that_must_be_understood() -> Feed:
    return packs(lambda pack, _: put(pack, "speed", 1, key="secret_"))


@breaks("payload.schema")
def state_of_no_type() -> Feed:
    state = replace(first_birth(), at=at(small(), 0.5), payload=b'{"status":"online"}')
    return small().plus(state)


@breaks("payload.size")
def padded() -> Feed:
    return raw(lambda payload: payload + b" " * 30_000)


# --- retained, quality of service ---------------------------------------------------------


@breaks("retain.unwanted")
def retained_telemetry() -> Feed:
    last = small().of(victim(), "telemetry")[-1]
    return replace(small(), keeps=(replace(last, retained=True),))


@breaks("retain.unwanted")
def retained_command() -> Feed:
    sign = next(a for a in small().arrivals if a.topic.endswith("/command"))
    return small().plus(replace(sign, at=small().start, retained=True))


@breaks("retain.missing")
def birth_not_retained() -> Feed:
    return replace(small(), forgets=frozenset({first_birth().topic}))


@breaks("qos.low")
def birth_at_most_once() -> Feed:
    return small().each(victim(), "state", lambda arrival, _: replace(arrival, qos=0))


# --- who it is ----------------------------------------------------------------------------


@breaks("pack.sequence")
def no_sequence() -> Feed:
    return packs(lambda pack, _: without(pack, "seq"))


@breaks("pack.sequence")
def sequence_of_fractions() -> Feed:
    return packs(lambda pack, n: put(pack, "seq", n + 0.5))


@breaks("pack.base_name")
def no_base_name() -> Feed:
    def nameless(pack: Any, _: int) -> Any:
        del pack[0]["bn"]
        return pack

    return packs(nameless)


@breaks("pack.base_name")
def name_of_another() -> Feed:
    def stolen(pack: Any, _: int) -> Any:
        pack[0]["bn"] = "urn:dev:ops:chengmai-vehicle_detector-another:"
        return pack

    return packs(stolen)


@breaks("pack.base_name")
def name_that_changes() -> Feed:
    def new(pack: Any, n: int) -> Any:
        pack[0]["bn"] = f"urn:dev:mac:0024befffe80{n // 20:04x}:"
        return pack

    return packs(new)


@breaks("birth.missing")
def never_born() -> Feed:
    return edited("state", lambda *_: None)


@breaks("birth.position")
def nowhere() -> Feed:
    return birth(lon=None, lat=None)


@breaks("birth.position")
def null_island() -> Feed:
    return birth(lon=0.0, lat=0.0)


@breaks("birth.position")
def lat_and_lon_in_metres() -> Feed:
    return birth(lon=441_234.0, lat=4_417_000.0)


@breaks("birth.incomplete")
def no_channels() -> Feed:
    return birth(channels=[])


@breaks("birth.incomplete")
def no_interval() -> Feed:
    return birth(interval_s=None, alarm_interval_s=None)


@breaks("identity.topic")
def telemetry_under_another_district() -> Feed:
    return renamed(2, "elsewhere")


@breaks("identity.topic")
def telemetry_under_another_kind() -> Feed:
    return renamed(4, "loop_detector")


def reborn(**fields: Any) -> Feed:
    again = json.loads(first_birth().payload) | fields
    arrival = replace(first_birth(), at=at(small(), 0.5), payload=json.dumps(again).encode())
    return small().plus(arrival)


@breaks("identity.changed")
def another_place() -> Feed:
    return reborn(lon=116.9, lat=40.4)


@breaks("identity.changed")
def another_unit() -> Feed:
    # The birth comes after every report, so that these are held to it in vain as well.
    channels = json.loads(first_birth().payload)["channels"]
    extra = [*channels, {"n": "axles", "u": "count"}]
    last = json.loads(first_birth().payload) | {"channels": channels}
    first = replace(first_birth(), payload=json.dumps(last | {"channels": extra}).encode())
    return (
        small()
        .each(victim(), "state", lambda *_: first)
        .plus(replace(first_birth(), at=at(small(), 0.5)))
    )


# --- what it reads ------------------------------------------------------------------------


@breaks("channel.unknown")
def channel_of_no_birth() -> Feed:
    return packs(lambda pack, _: [*pack, {"n": "axles", "u": "count", "v": 2}])


@breaks("channel.unit")
def km_an_hour() -> Feed:
    return packs(lambda pack, _: put(pack, "speed", "km/h", key="u"))


@breaks("channel.mixed_units")
def now_this_now_that() -> Feed:
    return packs(lambda pack, n: put(pack, "speed", "km/h", key="u") if n % 2 else pack)


@breaks("channel.silent")
def channel_that_never_comes() -> Feed:
    return packs(lambda pack, _: without(pack, "speed"))


@breaks("value.range")
def more_than_all() -> Feed:
    return packs(lambda pack, n: put(pack, "occupancy", 1.7) if n == 9 else pack)


@breaks("value.range")
def below_nothing() -> Feed:
    return packs(lambda pack, n: put(pack, "vehicles", -1) if n == 9 else pack)


@breaks("value.battery")
def fuller_than_full() -> Feed:
    return packs(lambda pack, _: put(pack, "battery", 3_600))


@breaks("value.stuck")
def stuck() -> Feed:
    def same(pack: Any, _: int) -> Any:
        for name, value in (("vehicles", 7), ("speed", 8.3), ("occupancy", 0.2)):
            put(pack, name, value)
        return pack

    return packs(same)


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
