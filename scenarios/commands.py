"""What each command does: read, compose, run, tell."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ops_center.live.service import OpsService, ServiceSpec
from ops_center.live.settings import read_settings
from scenarios import output, recordings
from scenarios.build import build_city, center_config
from scenarios.cascade_effects import effects_of
from scenarios.fast import FastRun, run_fast
from scenarios.foreign import load_foreign
from scenarios.hazard_catalogue import entries, markdown
from scenarios.heads import head_document
from scenarios.live import LiveRun, run_feed, run_live
from scenarios.load import list_scenarios, load_scenario
from scenarios.options import Interrupt
from scenarios.report.material import LinkEffect
from scenarios.results import Outcome, headline
from scenarios.schema import PoliciesPart, Scenario
from sim.kernel.errors import InputError
from sim.messages.packing import TelemetryForm
from sim.transport.broker_url import BrokerUrl, parse_broker_url
from sim.transport.brokers.base import Broker
from sim.transport.brokers.external import ExternalBroker
from sim.transport.brokers.nats import NatsBroker
from sim.world.city.cache import CityCache
from sim.world.city.model import City

Answer = dict[str, Any] | None
Options = argparse.Namespace


def scenarios(options: Options, _interrupt: Interrupt) -> Answer:
    """List the library."""
    listed = [{"name": s.name, "title": s.title} for s in list_scenarios()]
    if not options.json:
        width = max(len(entry["name"]) for entry in listed)
        for entry in listed:
            _say(options, f"{entry['name']:<{width}}  {entry['title']}")
    return {"scenarios": listed}


def hazards(options: Options, _interrupt: Interrupt) -> Answer:
    """List what a scenario may order, or one type with its keys."""
    if options.markdown:
        sys.stdout.write(markdown())
        return None
    found = entries()
    if options.type is not None:
        found = [entry for entry in found if entry.word == options.type]
        if not found:
            known = ", ".join(entry.word for entry in entries())
            raise InputError("hazard", value=options.type, expected=f"one of {known}")
    if not options.json:
        width = max(len(entry.word) for entry in found)
        for entry in found:
            _say(options, f"{entry.word:<{width}}  {entry.summary}")
            for key in entry.keys if options.type is not None else ():
                unit = f"  ({key.unit})" if key.unit else ""
                _say(options, f"  {key.key}: {key.default}{unit}")
    return {"hazards": [entry.document() for entry in found]}


def check(options: Options, _interrupt: Interrupt) -> Answer:
    """Read a scenario and its city, and say what would run."""
    scenario, city, seed = _read(options)
    basemap = city.basemap
    answer: dict[str, Any] = {
        "scenario": scenario.name,
        "title": scenario.title,
        "seed": seed,
        "length_s": scenario.clock.length,
        "city": {
            "name": basemap.name,
            "source": basemap.source,
            "nodes": len(basemap.roads.node_xy_m),
            "links": len(basemap.roads),
            "districts": len(basemap.districts),
            "underpasses": [p.place_id for p in basemap.places if p.kind == "underpass"],
            "stations": len(basemap.stations),
            "population": round(float(city.cells.people.sum())),
            "assumed": list(city.assumed),
        },
        "hazards": {name: hazard.type for name, hazard in scenario.hazards.items()},
        "plan": scenario.policies.plan,
    }
    if not options.json:
        found = answer["city"]
        _say(options, f"{scenario.name}: {scenario.title}")
        _say(
            options,
            f"seed {seed}, {scenario.clock.length / 3600:g} h, plan {scenario.policies.plan}",
        )
        _say(
            options,
            f"city {found['name']} ({found['source']}): {found['nodes']} nodes,"
            f" {found['links']} links, {found['districts']} districts,"
            f" {len(found['underpasses'])} underpasses, {found['stations']} stations,"
            f" {found['population']} people",
        )
        for sentence in city.assumed:
            _say(options, f"  assumed: {sentence}")
        _say(options, "ok")
    return answer


def run(options: Options, interrupt: Interrupt) -> Answer:
    """Run a scenario as fast as it goes."""
    scenario, city, seed = _read(options)
    folder = _folder(options, f"{scenario.name}-{seed}")
    spec = FastRun(
        scenario=scenario,
        city=city,
        seed=seed,
        until_s=options.until or scenario.clock.length,
        codec=options.codec,
    )
    links: list[LinkEffect] = []
    if options.cascades:
        with _progress(options, f"{scenario.name}, links") as progress:
            links = effects_of(spec, on_progress=progress)
    with _progress(options, scenario.name) as progress:
        outcome = run_fast(
            spec,
            folder,
            command=_command_line(options),
            links=links,
            on_progress=progress,
            should_stop=interrupt,
        )
    return _tell_outcome(options, outcome, folder, interrupt)


def live(options: Options, interrupt: Interrupt) -> Answer:
    """Run city, broker and centre with the dashboard."""
    scenario, city, seed = _read(options)
    folder = _folder(options, f"live-{scenario.name}-{seed}")
    with _broker(options) as broker:

        def on_open(url: str | None) -> None:
            _say(options, f"broker     {broker.url}")
            _say(options, f"dashboard  {url}")
            _say(options, "Ctrl-C ends it.")

        with _progress(options, scenario.name) as progress:
            outcome = run_live(
                _live_run(options, scenario, city, seed, broker.url),
                folder,
                port=options.port or 0,
                should_stop=interrupt,
                on_open=on_open,
                on_progress=progress,
            )
    return _tell_outcome(options, outcome, folder, interrupt)


def feed(options: Options, interrupt: Interrupt) -> Answer:
    """Run the city alone."""
    scenario, city, seed = _read(options)
    folder = _folder(options, None)
    with _broker(options) as broker:
        _say(options, f"broker  {broker.url}")
        _say(options, "topics  city/v1/#")
        with _progress(options, scenario.name) as progress:
            summary = run_feed(
                _live_run(options, scenario, city, seed, broker.url),
                folder,
                should_stop=interrupt,
                on_progress=progress,
            )
    if not options.json:
        _say(options, f"{summary['delivered']} readings of {summary['sensors']} sensors sent")
    return summary


def ops(options: Options, interrupt: Interrupt) -> Answer:
    """Run the operations centre alone."""
    settings = read_settings(os.environ)
    policies = PoliciesPart(acknowledge_after=None)
    foreign = load_foreign(options.foreign)
    folder = _folder(options, "ops")
    with _broker(options) as broker:
        service = OpsService(
            ServiceSpec(
                broker=broker.url,
                client_id=options.client_id or settings.client_id,
                config=center_config(policies),
                folder=folder,
                about=head_document(policies, foreign),
                port=settings.port if options.port is None else options.port,
                foreign=foreign,
            )
        )
        try:
            service.open()
            _say(options, f"broker     {broker.url}")
            _say(options, f"dashboard  {service.url}")
            watcher = threading.Thread(
                target=_stop_when_heard, args=(service, interrupt), daemon=True
            )
            watcher.start()
            service.run()
        finally:
            service.close()
    return {"messages": service.counters()}


def record(options: Options, interrupt: Interrupt) -> Answer:
    """Record a broker's city traffic."""
    url = _broker_url(options)
    if url is None:
        raise InputError("--broker", expected="the broker to record, mqtt[s]://host:port")
    foreign = load_foreign(options.foreign)
    count = recordings.record(url, Path(options.file), options.span, interrupt, foreign)
    if not options.json:
        _say(options, f"{count} messages in {options.file}")
    return {"file": options.file, "messages": count}


def replay(options: Options, interrupt: Interrupt) -> Answer:
    """Decide again on a recording, or publish it again."""
    path = Path(options.file)
    if options.broker is not None:
        url = parse_broker_url(options.broker)
        count = recordings.republish(path, url, options.speed, interrupt)
        if not options.json:
            _say(options, f"{count} messages published to {url}")
        return {"file": options.file, "messages": count}
    folder = _folder(options, "replay")
    counters = recordings.decide_again(path, folder, load_foreign(options.foreign))
    if not options.json:
        _say(options, f"{counters['decisions']} decisions in {folder / output.DECISIONS}")
    return {"file": options.file, **counters}


# --- what commands share ------------------------------------------------------------------


def _say(options: Options, text: str) -> None:
    """Tell a person; on standard error when standard output is for JSON."""
    stream = sys.stderr if options.json else sys.stdout
    stream.write(text + "\n")
    stream.flush()


def _read(options: Options) -> tuple[Scenario, City, int]:
    scenario = load_scenario(options.scenario)
    seed = scenario.seed if options.seed is None else options.seed
    if not 0 <= seed < 2**63:
        raise InputError("--seed", value=seed, expected="a whole number from 0")
    cache = CityCache.of_user(os.environ)
    city = build_city(scenario, seed, options.city, scale=options.scale, cache=cache)
    return scenario, city, seed


def _folder(options: Options, default: str | None) -> Any:
    if options.out is not None:
        return output.make_folder(Path(options.out))
    settings = read_settings(os.environ)
    if settings.directory is not None:
        return output.make_folder(settings.directory)
    return output.make_folder(Path("out") / default) if default is not None else None


def _live_run(
    options: Options, scenario: Scenario, city: City, seed: int, url: BrokerUrl
) -> LiveRun:
    return LiveRun(
        scenario=scenario,
        city=city,
        seed=seed,
        until_s=options.until or scenario.clock.length,
        speed=options.speed,
        broker=url,
        ends=options.exit or options.until is not None,
        form=TelemetryForm(payload=options.payload, packs=options.packs),
        command=_command_line(options),
        foreign=load_foreign(getattr(options, "foreign", None)),
    )


def _broker(options: Options) -> Broker:
    url = _broker_url(options)
    return NatsBroker() if url is None else ExternalBroker(url)


def _broker_url(options: Options) -> BrokerUrl | None:
    """Return the broker of the command line or the environment, or None for one of our own."""
    if options.broker is not None:
        return parse_broker_url(options.broker)
    return read_settings(os.environ).broker


def _stop_when_heard(service: OpsService, interrupt: Interrupt) -> None:
    interrupt.wait()
    service.stop()


def _progress(options: Options, name: str) -> AbstractContextManager[Any]:
    """Return a context that gives a function to tell the share done to."""
    console = Console(stderr=True)
    if options.json or not console.is_terminal:
        return nullcontext(None)
    return _Bar(console, name)


class _Bar:
    """A progress bar for a share of simulated time."""

    def __init__(self, console: Console, name: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(name, total=1.0)

    def __enter__(self) -> Any:
        self._progress.start()
        return lambda share: self._progress.update(self._task, completed=share)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _tell_outcome(
    options: Options, outcome: Outcome, folder: Path, interrupt: Interrupt
) -> dict[str, Any]:
    if not options.json:
        if interrupt.heard:
            _say(options, "stopped early: these are the results so far")
        for line in headline(outcome):
            _say(options, line)
        _say(options, f"report     {folder / output.REPORT}")
    return outcome.summary


def _command_line(options: Options) -> str:
    """Return the command that repeats this run."""
    words = ["chengmai", options.command.__name__, options.scenario]
    for name in ("city", "scale", "seed"):
        value = getattr(options, name)
        if value is not None:
            words += [f"--{name}", str(value)]
    if getattr(options, "foreign", None) is not None:
        words += ["--foreign", options.foreign]
    if getattr(options, "cascades", False):
        words.append("--cascades")
    if options.until is not None:
        words += ["--until", f"{options.until:g}s"]
    return shlex.join(words)
