"""What the feed demands, one row a rule: the table that code, verdict and page share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["fail", "warn", "info"]

SENML = "RFC 8428"
MQTT = "MQTT 3.1.1"
FEED = "feed"
"""Prefix of clauses in ``docs/probe.md``, "What the feed demands"."""

STREAM = "a message"
REPORT = "a report"
REPORTS = "several reports of one device whose birth is known"
FLAGS = "a live broker; a recording has no such flags"
AGAIN = "a second look at a live broker, and news of a device while listening"
BIRTH = "a birth"
CUT = "--cut"
FOREIGN = "--foreign"
COMMAND = "a command, such as those of --command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One demand on a feed.

    Attributes
    ----------
    name
        ``group.fault``, the identifier in verdicts.
    severity
        What a breach is: ``"fail"`` makes the verdict a failure, ``"warn"`` only a strict one,
        ``"info"`` never.
    demand
        What is expected, in a sentence that begins small.
    clause
        Where that stands: a standard and its section, or ``feed`` and its clause.
    needs
        What must be heard for it to be judged at all.
    """

    name: str
    severity: Severity
    demand: str
    clause: str
    needs: str


def _rule(name: str, severity: Severity, demand: str, clause: str, needs: str) -> Rule:
    return Rule(name=name, severity=severity, demand=demand, clause=clause, needs=needs)


_ROWS = (
    _rule(
        "foreign.unfit",
        "fail",
        "what the mapping file says: identity, time, place, values, units",
        f"{FEED} 14",
        FOREIGN,
    ),
    _rule(
        "topic.form",
        "fail",
        "city/v1/{district}/{domain}/{kind}/{device}/{channel}, each level of [a-z0-9_-]+",
        f"{FEED} 1",
        STREAM,
    ),
    _rule(
        "topic.domain", "fail", "the domain of the catalogue for a known kind", f"{FEED} 1", STREAM
    ),
    _rule(
        "topic.district",
        "fail",
        "a district of the published map",
        f"{FEED} 1",
        "the city's map on the feed",
    ),
    _rule("payload.utf8", "fail", "UTF-8", "RFC 8259, 8.1", STREAM),
    _rule("payload.json", "fail", "one JSON document", "RFC 8259, 2", STREAM),
    _rule(
        "payload.cbor",
        "fail",
        "one CBOR array of maps, where telemetry is not JSON",
        "RFC 8949, 3; RFC 8428, 6",
        "telemetry in CBOR",
    ),
    _rule(
        "payload.number",
        "fail",
        "finite numbers; JSON has no NaN and no Infinity",
        "RFC 8259, 6",
        STREAM,
    ),
    _rule("payload.schema", "fail", "the schema of its channel", f"{FEED} 2", STREAM),
    _rule(
        "payload.size",
        "fail",
        "a payload that small brokers take, at most the limit",
        f"{FEED} 2",
        STREAM,
    ),
    _rule(
        "retain.unwanted",
        "fail",
        "nothing retained but state: an old reading or command is not news",
        f"{MQTT}, 3.3.1.3; {FEED} 3",
        FLAGS,
    ),
    _rule(
        "retain.missing",
        "fail",
        "state that the broker keeps for those who come later",
        f"{MQTT}, 3.3.1.3; {FEED} 3",
        AGAIN,
    ),
    _rule(
        "qos.low",
        "fail",
        "QoS 1 or more for state, event, command and ack",
        f"{MQTT}, 4.3; {FEED} 4",
        FLAGS,
    ),
    _rule("qos.high", "info", "QoS 0 for telemetry", f"{FEED} 4", FLAGS),
    _rule(
        "pack.sequence",
        "fail",
        "a record 'seq' in every pack, a whole number from 0",
        f"{FEED} 5",
        REPORT,
    ),
    _rule(
        "pack.base_name",
        "fail",
        "a base name 'bn' of the device's own, the same in every pack",
        f"{SENML}, 4.5.1",
        REPORT,
    ),
    _rule(
        "pack.sim_time",
        "info",
        "a record 'sim_time', which a simulated feed has and a real device lacks",
        f"{FEED} 5",
        REPORT,
    ),
    _rule(
        "birth.missing",
        "fail",
        "a birth (state, status online) of every device that reports",
        f"{FEED} 6",
        REPORT,
    ),
    _rule(
        "birth.position",
        "fail",
        "WGS 84 'lon' and 'lat' in a birth, not both 0",
        f"{FEED} 6",
        BIRTH,
    ),
    _rule(
        "birth.incomplete",
        "fail",
        "'channels' and an 'interval_s' above 0 in a birth",
        f"{FEED} 6",
        BIRTH,
    ),
    _rule(
        "identity.topic",
        "fail",
        "one district, domain and kind for all of a device's topics",
        f"{FEED} 1",
        REPORT,
    ),
    _rule(
        "identity.changed",
        "fail",
        "births of one device that agree on place and channels",
        f"{FEED} 6",
        BIRTH,
    ),
    _rule(
        "channel.unknown",
        "fail",
        "only channels that the birth names",
        f"{SENML}, 4.5.1; {FEED} 7",
        "a report of a device whose birth is known",
    ),
    _rule(
        "channel.unit",
        "fail",
        "the unit that the birth gives the channel",
        f"{SENML}, 12.1; {FEED} 7",
        "a report of a device whose birth is known",
    ),
    _rule("channel.mixed_units", "fail", "one unit a channel, always", f"{SENML}, 12.1", REPORT),
    _rule(
        "channel.silent",
        "warn",
        "every channel of the birth among the readings sooner or later",
        f"{FEED} 7",
        REPORTS,
    ),
    _rule(
        "value.range",
        "fail",
        "readings within the range of the kind",
        f"{FEED} 8",
        "a report of a kind whose range is known (--range)",
    ),
    _rule(
        "value.battery",
        "fail",
        "'battery' from 0 to 100 %EL",
        f"{SENML}, 12.1",
        "a battery reading",
    ),
    _rule(
        "value.stuck",
        "warn",
        "an output that moves a little, as every measurement does",
        f"{FEED} 8",
        REPORTS,
    ),
    _rule(
        "sequence.gap",
        "fail",
        "no more reports missing than radio loses",
        f"{FEED} 5",
        REPORTS,
    ),
    _rule(
        "sequence.repeat",
        "fail",
        "a sequence number of its own for every report",
        f"{FEED} 5",
        REPORTS,
    ),
    _rule(
        "sequence.back",
        "fail",
        "numbers that rise; after a restart a birth comes first",
        f"{FEED} 5",
        REPORTS,
    ),
    _rule(
        "sequence.duplicate",
        "fail",
        "a report twice only now and then",
        f"{FEED} 5",
        REPORTS,
    ),
    _rule(
        "order.late",
        "fail",
        "overtaken reports within the lateness, or marked as stored (quality 2)",
        f"{FEED} 9",
        REPORTS,
    ),
    _rule("rate.slow", "fail", "a report an 'interval_s', not fewer", f"{FEED} 10", REPORTS),
    _rule(
        "rate.fast",
        "fail",
        "a report an 'interval_s' (in alarm an 'alarm_interval_s'), not more",
        f"{FEED} 10",
        REPORTS,
    ),
    _rule("rate.jitter", "warn", "reports evenly apart", f"{FEED} 10", REPORTS),
    _rule(
        "rate.silence",
        "fail",
        "a device that reports, or a death that explains its silence",
        f"{MQTT}, 3.1.2.5; {FEED} 10",
        "a device whose birth is known, for several of its intervals",
    ),
    _rule(
        "rate.flood",
        "fail",
        "no more messages than a network of sensors bears",
        f"{FEED} 10",
        STREAM,
    ),
    _rule("time.missing", "fail", "a time in every pack, 'bt' or 't'", f"{SENML}, 4.5.3", REPORT),
    _rule(
        "time.epoch",
        "fail",
        "an absolute time, above 2^28 s; a clock that was never set says 1970",
        f"{SENML}, 4.5.3",
        REPORT,
    ),
    _rule("time.future", "fail", "no reading of the future", f"{FEED} 11", "a report with a time"),
    _rule(
        "time.offset",
        "fail",
        "a clock that agrees with ours, but for the network's delay",
        f"{FEED} 11",
        "several reports of one device with a time",
    ),
    _rule(
        "time.back",
        "fail",
        "a clock that runs forward: later sequence numbers, later times",
        f"{FEED} 11",
        REPORTS,
    ),
    _rule(
        "will.missing",
        "fail",
        "a will: state offline once the plug is pulled",
        f"{MQTT}, 3.1.2.5; {FEED} 12",
        CUT,
    ),
    _rule(
        "will.wrong",
        "fail",
        "a will on the device's own state topic, of type device, status offline",
        f"{MQTT}, 3.1.2.5; {FEED} 12",
        CUT,
    ),
    _rule(
        "will.not_retained",
        "fail",
        "a will that the broker keeps, in place of the birth",
        f"{MQTT}, 3.1.2.7; {FEED} 12",
        CUT,
    ),
    _rule("command.no_ack", "fail", "an ack to every command in time", f"{FEED} 13", COMMAND),
    _rule("command.ack_id", "fail", "the command's own 'id' in its ack", f"{FEED} 13", COMMAND),
    _rule("command.early_ack", "fail", "an ack after its command", f"{FEED} 13", COMMAND),
    _rule(
        "command.unknown",
        "fail",
        "'refused' for an action that the device does not know",
        f"{FEED} 13",
        "--command",
    ),
    _rule(
        "command.expired",
        "fail",
        "'refused' for a command whose 'expires' has passed",
        f"{FEED} 13",
        COMMAND,
    ),
    _rule(
        "command.copy",
        "fail",
        "the same answer to a copy of a command, which is not carried out again",
        f"{FEED} 13",
        "a command that was sent twice, as --command does",
    ),
    _rule(
        "command.unfinished",
        "warn",
        "'done' or 'failed' after 'accepted'",
        f"{FEED} 13",
        "an accepted command",
    ),
)

RULES = {row.name: row for row in _ROWS}
"""Every rule by its name, in the order in which a verdict tells of them."""
