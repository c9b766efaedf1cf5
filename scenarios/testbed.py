"""A seeded city on a broker of its own, for somebody else's tests.

The city runs on a thread of its own at the speed asked for; the test talks to it as any client
of the broker would, waits on what it says, lets things go wrong, and knows the truth.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import compress
from types import TracebackType
from typing import Any, Self

import msgspec

from scenarios.build import build_city
from scenarios.city_thread import OPEN_S, CityThread
from scenarios.injection import Injected
from scenarios.listener import Heard, Listener, NotHeardError
from scenarios.live import LiveCity, LiveRun
from scenarios.load import load_scenario
from scenarios.orders import check_known
from scenarios.testbed_plan import Plan
from sim.kernel.clock import monotonic_s, to_seconds
from sim.messages import topics
from sim.messages.envelope import WireMessage
from sim.messages.field import Scalar
from sim.messages.wire import CommandWire
from sim.transport.broker_url import BrokerUrl
from sim.transport.brokers.nats import Guard, NatsBroker
from sim.transport.link import MqttLink
from sim.world.city.model import City

WITHIN_S = 10.0
"""Wall time that a helper waits unless told otherwise [s]."""

EXPIRES_S = 86_400.0
"""City time after which a test's command expires; assumed: longer than any test [s]."""

__all__ = ["Heard", "NotHeardError", "Plan", "Testbed"]


class Testbed:
    """One city on one broker, from ``with`` until its end.

    What a helper waits for must have come since the last `mark`; `inject`, `command` and
    `publish` each set one, so that what they brought about is seen however soon it came.

    Parameters
    ----------
    plan
        Which city.
    """

    # The name begins as pytest's own classes of tests do.
    __test__ = False

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self._broker = NatsBroker(guard=Guard())
        self._thread: CityThread | None = None
        self._opened = ExitStack()
        self._mark = self._commands = 0

    # --- its life -------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Start broker and city; return when the city has said all its births.

        Raises
        ------
        InputError
            When the plan does not make sense.
        TransportError
            When the broker does not start.
        """
        plan = self.plan
        scenario = load_scenario(plan.scenario)
        seed = scenario.seed if plan.seed is None else plan.seed
        city = _built(plan.scenario, seed, plan.scale)
        with ExitStack() as opened:
            opened.enter_context(self._broker)
            self._listener = Listener(self.broker, ("#",), check=self._check)
            self._listener.open()
            opened.callback(self._listener.close)
            self._talker = MqttLink(self.broker, "chengmai-testbed-talks")
            self._talker.open()
            opened.callback(self._talker.close)
            self._thread = CityThread(
                LiveRun(
                    scenario=scenario,
                    city=city,
                    seed=seed,
                    until_s=plan.until_s or scenario.clock.length,
                    speed=plan.speed,
                    broker=self._broker.city_url,
                    ends=plan.until_s is not None,
                    replaced=plan.replace,
                    truth_topic=True,
                )
            )
            opened.callback(self._thread.stop)
            self._thread.start()
            self._hear_births()
            self._opened = opened.pop_all()

    def _hear_births(self) -> None:
        """Wait until everybody's birth has come."""
        hidden = {
            device_id
            for cohort in self._city.side.cohorts
            for device_id in compress(cohort.roster.ids, cohort.upkeep.is_hidden.tolist())
        }
        missing = set(self.devices) - set(self.plan.replace) - hidden
        deadline_s = monotonic_s() + OPEN_S
        while missing:
            seen = self._listener.count
            missing -= {topic.split("/")[-2] for topic in self._listener.told() if "/" in topic}
            if missing and monotonic_s() >= deadline_s:
                raise NotHeardError(f"{len(missing)} births did not come within {OPEN_S:g} s")
            if missing:
                self._listener.wait_for_change(seen, deadline_s)

    def close(self) -> None:
        """Stop city and broker; harmless before `open`."""
        self._opened.close()

    @property
    def _city(self) -> LiveCity:
        assert self._thread is not None, "the testbed was not opened"
        return self._thread.city

    def _check(self) -> None:
        if self._thread is not None:
            self._thread.check()

    # --- where and when -------------------------------------------------------------------

    @property
    def broker(self) -> BrokerUrl:
        """The broker, as a device under test is to know it: it cannot read the truth."""
        return self._broker.url

    @property
    def truth_broker(self) -> BrokerUrl:
        """The broker with the name and password that may read ``city-truth/v1/#``."""
        return self._broker.truth_url

    @property
    def now_s(self) -> float:
        """City time since the scenario's start [s]."""
        return to_seconds(self._city.engine.now() - self._city.engine.start)

    @property
    def devices(self) -> tuple[str, ...]:
        """Identifiers of all sensors, gateways and actuators, in that order."""
        side = self._city.side
        sensors = [d.device_id for deployment in side.deployments for d in deployment.devices]
        gateways = [device.device_id for device in side.gateway_births.devices]
        return (*sensors, *gateways, *side.world.actuators.ids)

    def pass_time(self, span_s: float) -> None:
        """Wait until so much more city time has passed.

        Raises
        ------
        NotHeardError
            When the machine is so slow that it takes thrice as long as it should.
        """
        due_s = self.now_s + span_s
        deadline_s = monotonic_s() + 3.0 * span_s / self.plan.speed + WITHIN_S
        while self.now_s < due_s:
            self._listener.wait_for_change(self._listener.count, deadline_s)
            if monotonic_s() >= deadline_s:
                raise NotHeardError(f"city time stands at {self.now_s:.0f} s, {due_s:.0f} wanted")

    # --- what it says ---------------------------------------------------------------------

    def mark(self) -> int:
        """Let helpers wait only for what comes from now on; return how many came before."""
        self._mark = self._listener.count
        return self._mark

    def wait_for(
        self,
        topic_filter: str,
        predicate: Callable[[Heard], object] | None = None,
        *,
        within_s: float = WITHIN_S,
        since: int | None = None,
    ) -> Heard:
        """Return the first message since the mark that matches, waiting for it.

        Parameters
        ----------
        topic_filter
            As in a subscription, with ``+`` and ``#``.
        predicate
            Given each such message; true ends the wait.
        within_s
            Wall time to wait at most [s].
        since
            A number that `mark` gave, instead of the last one.

        Raises
        ------
        NotHeardError
            When nothing came in time; it says what did come.
        """
        since = self._mark if since is None else since
        return self._listener.wait_for(topic_filter, predicate, within_s=within_s, since=since)

    def heard(self, topic_filter: str = "#", *, since: int = 0) -> list[Heard]:
        """Return all that came so far on topics that match, in order."""
        return self._listener.heard(topic_filter, since=since)

    def telemetry(
        self,
        device: str,
        predicate: Callable[[dict[str, float]], object] | None = None,
        *,
        within_s: float = WITHIN_S,
    ) -> dict[str, float]:
        """Return a device's first report since the mark that fits, waiting for it.

        Returns
        -------
        dict
            Names and values of its channels, with ``seq`` and ``sim_time``.

        Raises
        ------
        InputError
            When the city has no such device.
        NotHeardError
            When nothing fitting came in time.
        """
        check_known("device", device, self.devices)
        pattern = topics.topic("+", "+", "+", device, topics.TELEMETRY)
        fits = None if predicate is None else lambda heard: predicate(heard.reading)
        return self.wait_for(pattern, fits, within_s=within_s).reading

    def state(
        self,
        device: str,
        predicate: Callable[[dict[str, Any]], object] | None = None,
        *,
        within_s: float = WITHIN_S,
    ) -> dict[str, Any]:
        """Return a device's retained state, once it fits: a birth, a position, a clock.

        The newest is looked at first, so a state that holds already is returned at once.

        Raises
        ------
        NotHeardError
            When none fits in time.
        """
        pattern = topics.topic("+", "+", "+", device, topics.STATE)
        latest = self._listener.latest(pattern)
        if latest is not None and (predicate is None or predicate(latest.json)):
            state: dict[str, Any] = latest.json
            return state
        since = 0 if latest is None else latest.number + 1
        fits = None if predicate is None else lambda heard: predicate(heard.json)
        found: dict[str, Any] = self.wait_for(pattern, fits, within_s=within_s, since=since).json
        return found

    def topic_of(self, device: str, channel: str) -> str:
        """Return a channel's topic of a device that has said its birth.

        Raises
        ------
        InputError
            When the city has no such device.
        NotHeardError
            When it has said nothing yet.
        """
        check_known("device", device, self.devices)
        pattern = topics.topic("+", "+", "+", device, topics.STATE)
        heard = self._listener.latest(pattern) or self.wait_for(pattern, since=0)
        levels = topics.parse(heard.topic)
        return topics.topic(levels.district, levels.domain, levels.kind, device, channel)

    # --- what is done to it ---------------------------------------------------------------

    def publish(self, topic: str, payload: bytes | str | Any, *, retain: bool = False) -> None:
        """Publish at QoS 1, as a device or a centre would; what is no text is sent as JSON."""
        if isinstance(payload, str):
            payload = payload.encode()
        elif not isinstance(payload, bytes):
            payload = msgspec.json.encode(payload)
        self.mark()
        self._talker.publish(WireMessage(topic, payload, qos=1, retain=retain))

    def command(
        self,
        device: str,
        action: str,
        *,
        status: str = "done",
        within_s: float = WITHIN_S,
        **args: Scalar,
    ) -> dict[str, Any]:
        """Give an order to a sensor or actuator and return its answer of the wanted status.

        Raises
        ------
        NotHeardError
            When that answer does not come in time; it says which came instead.
        """
        self._commands += 1
        now_s = to_seconds(self._city.engine.now())
        order = CommandWire(
            id=f"testbed-{self._commands}",
            action=action,
            time=now_s,
            expires=now_s + EXPIRES_S,
            args=args,
        )
        self.publish(self.topic_of(device, topics.COMMAND), order)
        answer: dict[str, Any] = self.wait_for(
            self.topic_of(device, topics.ACK),
            lambda heard: heard.json["id"] == order.id and heard.json["status"] == status,
            within_s=within_s,
        ).json
        return answer

    def inject(self, type: str, **keys: Any) -> Injected:  # noqa: A002 -- the file's own word
        """Let a hazard or fault happen now, with keys as in a scenario file.

        Raises
        ------
        InputError
            When a scenario would refuse it, or it does not fit the city.
        """
        self.mark()
        return self._city.injector.inject({"type": type, **keys})

    # --- what is true ---------------------------------------------------------------------

    def truth(self, type: str | None = None, **fields: Any) -> list[dict[str, Any]]:  # noqa: A002
        """Return the truth's records so far, of one type and with these fields, or all."""
        records = list(self._city.truth.records)
        return [dict(r) for r in records if _is_such(r, type, fields)]

    def wait_for_truth(
        self,
        type: str,  # noqa: A002
        *,
        within_s: float = WITHIN_S,
        **fields: Any,
    ) -> dict[str, Any]:
        """Return the first record of a type and with these fields, waiting for it.

        Raises
        ------
        NotHeardError
            When none is written in time.
        """
        deadline_s = monotonic_s() + within_s
        while True:
            found = self.truth(type, **fields)
            if found:
                return found[0]
            if monotonic_s() >= deadline_s:
                wanted = ", ".join(f"{name}={value!r}" for name, value in fields.items())
                raise NotHeardError(f"no {type} with {wanted} came true within {within_s:g} s")
            self._listener.wait_for_change(self._listener.count, deadline_s)


def _is_such(record: Mapping[str, Any], type_: str | None, fields: Mapping[str, Any]) -> bool:
    if type_ is not None and record["type"] != type_:
        return False
    return all(name in record and record[name] == value for name, value in fields.items())


@functools.lru_cache(maxsize=8)
def _built(source: str, seed: int, scale: float | None) -> City:
    """Return a scenario's city, built once a session."""
    return build_city(load_scenario(source), seed, scale=scale)
