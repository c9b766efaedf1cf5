// The decision log at the foot: what the centre decided, newest first, in plain sentences.
import { byId, h, keyed } from "./dom.js";
import { hhmmss, percent, shown } from "./format.js";
import { named, position, t, term } from "./i18n.js";
import { open } from "./incidents.js";
import { on, state } from "./store.js";

const ROWS_MAX = 80;
const NOISE = new Set(["finding", "device"]);

export function begin() {
  byId("show-findings").addEventListener("change", draw);
  on(["decisions", "language"], draw);
}

function draw() {
  const all = byId("show-findings").checked;
  const records = state.decisions.filter((r) => all || !NOISE.has(r.type)).slice(-ROWS_MAX).reverse();
  const list = byId("log");
  if (!records.length) {
    list.replaceChildren(h("li", { class: "empty" }, t("no_decisions")));
    return;
  }
  list.querySelector(".empty")?.remove();
  // The language is part of the key, so that a switch writes every row anew.
  keyed(list, records, (r) => `${r.seq}${t("close")}`, make);
}

function make(record) {
  const row = h("li", { class: "entry", "data-type": record.type },
    h("time", { datetime: record.at }, hhmmss(record.at)),
    h("span", { class: "entry__type" }, term(record.type)),
    h("span", { class: "entry__text" }, sentence(record)));
  if (record.incident) {
    row.lastChild.append(" ", h("button", { type: "button", onclick: () => open(record.incident) }, record.incident));
  }
  return row;
}

const place = (id) => named(state.city?.layers.places.features.find((p) => p.id === id)?.properties.name ?? id);

const joined = (...parts) => parts.filter((part) => part != null && part !== "" && part !== false).join(" · ");

const SENTENCES = {
  finding: (r) => joined(`${term(r.signal)} ${shown(r.value, r.unit)}${r.active ? "" : " ✓"}`, r.place && place(r.place), r.device),
  incident: (r) => joined(`${term(r.incident_type)}: ${r.from ? `${term(r.from)} → ` : ""}${term(r.state)}`,
    place(r.place), t("level", r.level), percent(r.probability), r.by !== "centre" && r.by),
  level: (r) => `${t("level", r.from)} → ${t("level", r.level)}`,
  command: (r) => joined(`${term(r.action)} → ${r.target}`, term(r.department)),
  ack: (r) => joined(`${r.source}: ${term(r.status)}`, r.reason),
  unit: (r) => `${r.unit}: ${term(r.state)}`,
  verified: (r) => joined(r.step, `${term(r.fact)}: ${position(r.value)}`),
  unverified: (r) => joined(r.step, `${term(r.fact)}: ${position(r.value)}`),
  escalation: (r) => joined(r.step, r.why),
  device: (r) => joined(`${r.device}: ${term(r.status)}`, r.reason),
  call: (r) => joined(r.line, term(r.topic), r.place && place(r.place), r.people),
  order: (r) => `${r.operator}: ${term(r.action)}`,
  plan: (r) => joined(r.plan, r.version),
};

/** One record in words; a type this page does not know is shown by its fields. */
function sentence(record) {
  const write = SENTENCES[record.type];
  if (write) return write(record);
  return Object.entries(record)
    .filter(([key]) => !["seq", "at", "t_ns", "type", "incident"].includes(key))
    .map(([key, value]) => `${key} ${value}`).join(" · ");
}
