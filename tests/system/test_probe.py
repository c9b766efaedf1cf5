"""``chengmai probe`` as its users run it: our own feed, somebody's device, a recording."""

from __future__ import annotations

import json

from scenarios.__main__ import main
from sim.probe.rules import RULES
from sim.transport.brokers.nats import NatsBroker
from sim.transport.inbox import Inbound
from sim.transport.recorder import Recorder
from support import breaking, broken_flow, broken_form
from support.feed import small
from support.long import long_run
from support.programs import Chengmai
from support.scripted import DEVICE, ScriptedDevice, offline


@long_run
def test_our_own_live_feed_passes(tmp_path):
    with NatsBroker() as broker:
        url = f"mqtt://127.0.0.1:{broker.url.port}"
        feed = Chengmai(tmp_path, "feed", "storm", "--broker", url, "--speed", "30")
        try:
            feed.until(lambda: "topics" in feed.output(), "feed")
            probe = Chengmai(
                tmp_path, "probe", "--broker", url, "--for", "15s", "--json", "verdict.json"
            )
            assert probe.wait() == 0, probe.output()
            probe.close()
            assert feed.interrupt() == 0
        finally:
            feed.close()
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert verdict["verdict"] == "pass"
    assert not [f for f in verdict["findings"] if f["severity"] == "fail"]
    assert verdict["devices"] > 400
    assert "PASS" in probe.output()
    assert [check["check"] for check in verdict["checks"]] == list(RULES)


def test_a_bad_device_fails_and_an_absent_one_cannot_be_judged(tmp_path, capsys):
    with NatsBroker() as broker:
        url = f"mqtt://127.0.0.1:{broker.url.port}"
        device = ScriptedDevice(broker.url, will=offline())
        device.open(retain=True)
        device.report(3, retain=True)
        path = tmp_path / "verdict.json"
        look = ["probe", "--broker", url, "--device", DEVICE, "--for", "2s"]
        assert main([*look, "--json", str(path)]) == 1
        device.close()
        assert "retain.unwanted" in capsys.readouterr().out
        assert json.loads(path.read_text())["exit_status"] == 1
        assert main(["probe", "--broker", url, "--device", "nobody", "--for", "0.5s"]) == 2
        assert "nothing was heard" in capsys.readouterr().err
    assert main(["probe", "--broker", url, "--for", "1s"]) == 2
    assert "refused the connection" in capsys.readouterr().err


def recorded(path, feed):
    with Recorder(path) as file:
        file.start(feed.start)
        for arrival in feed.arrivals:
            file.write(arrival.at, [Inbound(arrival.topic, arrival.payload)])
        file.end(feed.end)
    return str(path)


def test_recordings_are_judged_by_all_that_they_hold(tmp_path, capsys):
    good = recorded(tmp_path / "good.jsonl", small())
    assert main(["probe", "--recording", good, "--json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    standing = {check["check"]: check["standing"] for check in verdict["checks"]}
    assert standing["rate.slow"] == "pass"
    assert standing["qos.low"] == "not judged"
    bad = recorded(tmp_path / "bad.jsonl", broken_flow.five_minutes_behind())
    assert main(["probe", "--recording", bad]) == 1
    assert "time.offset" in capsys.readouterr().out
    warned = recorded(tmp_path / "warned.jsonl", broken_form.stuck())
    assert main(["probe", "--recording", warned]) == 0
    assert main(["probe", "--recording", warned, "--strict"]) == 1
    one = ["probe", "--recording", bad, "--device"]
    assert main([*one, breaking.victim()]) == 1
    other = next(a.topic.split("/")[5] for a in small().arrivals if "/rain_gauge/" in a.topic)
    assert main([*one, other]) == 0
    assert main([*one, "nobody"]) == 2


def test_options_that_make_no_sense_are_told(tmp_path, capsys):
    path = recorded(tmp_path / "good.jsonl", small())
    for options in (
        ["--recording", path, "--command"],
        ["--recording", str(tmp_path / "none.jsonl")],
        ["--broker", "mqtt://127.0.0.1:1", "--cut"],
        ["--recording", path, "--json", str(tmp_path / "no" / "where.json")],
    ):
        assert main(["probe", *options]) == 2
        error = capsys.readouterr().err
        assert error.startswith("chengmai: ")
        assert "expected" in error
