// The incident room: everything about one incident, and the orders people may give.
import { getIncident, order } from "./api.js";
import { byId, h, say, svg } from "./dom.js";
import { expected, hhmm, hhmmss, millis, percent, shown } from "./format.js";
import { half, named, position, read, t, term, write } from "./i18n.js";
import { close, isOver } from "./incidents.js";
import { drawIcon } from "./icons.js";
import { cityNow, on, state } from "./store.js";

const STAGES = ["suspected", "confirmed", "acknowledged", "dispatched", "on_scene", "controlled", "closed"];
const TONES = {
  commanded: "going", accepted: "going", acting: "going", done: "good", verified: "good",
  failed: "bad", refused: "bad", expired: "bad", unverified: "bad",
};
const MARKS = {
  idle: "M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2",
  going: "M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2M8 5v3.2l2.2 1.6",
  good: "M2.5 8.5l3.8 4 7.2-9",
  bad: "M3.5 3.5l9 9M12.5 3.5l-9 9",
};
const OPERATOR = "chengmai.operator";
const CONFIRM_MS = 4_000;
const DUE_MS = 5_000;
const FETCH_GAP_MS = 400;

let detail = null;
let nodes = null;
let fetching = null;
const sent = new Set();
let presses = 0;

export function begin() {
  on(["open"], show);
  on(["incidents"], () => { if (state.openIncident) refresh(); });
  on(["units", "actuators"], () => { if (detail) draw(); });
  on(["language"], () => { if (nodes) { build(); if (detail) draw(); } });
  setInterval(() => { if (detail) draw(); }, DUE_MS);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.openIncident) close();
  });
}

function show() {
  const id = state.openIncident;
  byId("room").hidden = id == null;
  byId("list-pane").hidden = id != null;
  if (id == null) {
    detail = nodes = null;
    return;
  }
  if (detail?.id === id) return;
  detail = null;
  build();
  nodes.title.focus();
  refresh();
}

/** Fetch the open incident anew, not more often than people can read. */
async function refresh() {
  if (fetching) { fetching.again = true; return; }
  fetching = { again: false };
  const id = state.openIncident;
  try {
    const found = await getIncident(id);
    if (state.openIncident === id) { detail = found; draw(); }
  } catch { /* The stream brings the next change, or the link shows that it is lost. */ }
  await new Promise((resolve) => setTimeout(resolve, FETCH_GAP_MS));
  const { again } = fetching;
  fetching = null;
  if (again && state.openIncident) refresh();
}

function section(title, body) {
  return h("section", { class: "section" }, h("h3", {}, t(title)), body);
}

/** Put the empty room up; `draw` fills it, and fills it again, without moving the focus. */
function build() {
  nodes = {
    title: h("h2", { id: "room-title", tabindex: "-1" }),
    more: h("p"),
    badge: h("span", { class: "badge" }),
    stages: h("ol", { class: "stages", "aria-hidden": "true" }, ...STAGES.map(() => h("li"))),
    stage: h("b"),
    sure: h("span"),
    buttons: h("div", { class: "room__buttons" }),
    steps: h("ol"), units: h("ul"), actuators: h("ul"), evidence: h("ul"),
    moments: h("ol", { class: "moments" }),
  };
  const operator = h("input", {
    id: "operator", maxlength: 64, autocomplete: "off", value: read(OPERATOR) ?? "duty officer",
    onchange: (event) => write(OPERATOR, event.target.value.trim()),
  });
  nodes.operator = operator;
  for (const [action, label, main] of [["acknowledge", "acknowledge", true], ["close", "close"], ["false-alarm", "false_alarm_do"]]) {
    nodes[action] = h("button", {
      type: "button", class: `button${main ? " button--main" : ""}`, "data-action": action,
      onclick: () => press(action, main),
    }, t(label));
    if (!main) nodes[action].title = `${t(label)}: ${t("this_incident")}`;
    nodes.buttons.append(nodes[action]);
  }
  byId("room").replaceChildren(
    h("header", { class: "room__head" },
      h("button", { class: "room__back", type: "button", onclick: close }, t("back")),
      h("div", { class: "room__title" }, nodes.badge, nodes.title, nodes.more),
      nodes.stages,
      h("p", { class: "room__stage" }, nodes.stage, nodes.sure)),
    h("div", { class: "room__actions" },
      nodes.buttons,
      h("label", { class: "room__who" }, t("operator"), operator)),
    h("div", { class: "panel__body room__body", tabindex: "0", role: "region", "aria-labelledby": "room-title" },
      section("plan", nodes.steps), section("units", nodes.units), section("actuators", nodes.actuators),
      section("evidence", nodes.evidence), section("timeline", nodes.moments)));
}

function draw() {
  if (!nodes || !detail) return;
  const now = cityNow() ?? millis(detail.updated_at);
  nodes.badge.dataset.level = detail.level;
  nodes.badge.setAttribute("aria-label", t("level", detail.level));
  say(nodes.badge, detail.level);
  say(nodes.title, `${term(detail.type)} · ${named(detail.place_name)}`);
  say(nodes.more, `${detail.id} · ${named(districtName(detail.district))} · ${t("opened", hhmm(detail.opened_at))}`);
  const reached = STAGES.indexOf(detail.state);
  [...nodes.stages.children].forEach((node, n) => {
    node.dataset.reached = n <= reached;
    node.dataset.now = n === reached;
  });
  say(nodes.stage, term(detail.state));
  say(nodes.sure, `${t("probability")} ${percent(detail.probability, 1)}`);
  drawButtons();
  drawSteps(now);
  drawUnits(now);
  drawActuators();
  drawEvidence();
  drawMoments();
}

const districtName = (id) => state.city?.layers.districts.features.find((d) => d.id === id)?.properties.name ?? id;

function drawButtons() {
  const over = isOver(detail);
  const taken = detail.acknowledged_by;
  nodes.close.hidden = nodes["false-alarm"].hidden = over;
  const main = nodes.acknowledge;
  main.hidden = over && !taken;
  if (taken) sent.delete(`${detail.id} acknowledge`);
  main.disabled = Boolean(taken) || sent.has(`${detail.id} acknowledge`);
  say(main, taken ? t("acknowledged_by", taken)
    : sent.has(`${detail.id} acknowledge`) ? t("queued") : t("acknowledge"));
}

/** One press orders; what ends an incident wants a second press. */
async function press(action, once) {
  const button = nodes[action];
  if (!once && button.dataset.armed !== "true") {
    const label = button.textContent;
    button.dataset.armed = "true";
    say(button, t("really"));
    setTimeout(() => {
      delete button.dataset.armed;
      if (button.isConnected) say(button, label);
    }, CONFIRM_MS);
    return;
  }
  const id = detail.id;
  const operator = nodes.operator.value.trim() || "duty officer";
  presses += 1;
  const key = `${id}-${action}-${Math.round(performance.timeOrigin)}-${presses}`;
  sent.add(`${id} ${action}`);
  button.disabled = true;
  try {
    await order(id, action, operator, key);
    toast(t("queued"));
  } catch (problem) {
    sent.delete(`${id} ${action}`);
    toast(t("order_failed", problem.message));
  }
  button.disabled = false;
  if (detail?.id === id) draw();
}

let toastTimer = 0;

function toast(text) {
  const node = byId("toast");
  say(node, text);
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, CONFIRM_MS);
}

function drawSteps(now) {
  rows(nodes.steps, detail.steps, (step) => {
    const tone = TONES[step.status] ?? "idle";
    return h("li", { class: "step", "data-tone": tone, "data-status": step.status },
      svg("svg", { class: "step__mark", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: MARKS[tone] })),
      h("div", {}, h("p", { class: "step__title" }, half(step.title)),
        h("p", { class: "step__who" }, [term(step.department), step.target].filter(Boolean).join(" · "))),
      h("p", { class: "step__status" }, term(step.status),
        step.eta && tone === "going" && h("time", { datetime: step.eta }, expected(step.eta, now))));
  });
}

function drawUnits(now) {
  const steps = detail.steps.filter((s) => s.target && state.units.has(s.target));
  const mine = steps.map((s) => ({ ...state.units.get(s.target), eta: s.eta }));
  rows(nodes.units, mine, (unit) => h("li", { class: "crew" },
    drawIcon(`unit-${unit.kind}-${unit.state}`, 22),
    h("div", {}, term(unit.kind), h("p", { class: "crew__more" }, unit.id)),
    h("div", { class: "crew__eta" }, term(unit.state),
      h("p", { class: "crew__more" }, unit.eta && ["turnout", "en_route"].includes(unit.state) ? expected(unit.eta, now) : seen(unit)))));
}

function seen(unit) {
  return Object.entries(unit.observed)
    .map(([key, value]) => `${term(key.replace(/_m$/, ""))} ${key.endsWith("_m") ? shown(value, "m") : value}`).join(", ");
}

function drawActuators() {
  const mine = [...state.actuators.values()].filter((a) => a.place === detail.place);
  rows(nodes.actuators, mine, (actuator) => h("li", { class: "crew" },
    drawIcon(`actuator-${actuator.kind}`, 22),
    h("div", {}, term(actuator.kind), h("p", { class: "crew__more" }, actuator.id)),
    h("div", { class: "crew__eta" }, position(actuator.position))));
}

function drawEvidence() {
  const most = Math.max(...detail.evidence.map((e) => Math.abs(e.llr)), 1);
  rows(nodes.evidence, detail.evidence, (entry) => {
    const fill = h("div", { class: "evidence__fill", "data-against": entry.llr < 0 });
    fill.style.width = `${(Math.abs(entry.llr) / most) * 100}%`;
    return h("li", { class: "evidence" },
      h("div", { class: "evidence__top" }, h("span", {}, term(entry.signal)), h("b", {}, shown(entry.value, entry.unit))),
      h("div", { class: "evidence__bar" }, fill),
      h("div", { class: "evidence__foot" }, h("span", {}, entry.source),
        h("span", {}, `${hhmm(entry.at)} · ${t("weight", `${entry.llr < 0 ? "−" : "+"}${Math.abs(entry.llr).toFixed(1)}`)}`)));
  });
}

function drawMoments() {
  const newest = [...detail.timeline].reverse();
  rows(nodes.moments, newest, (entry) => h("li", {
    class: "moment", "data-state": STAGES.includes(entry.what),
  }, h("time", { datetime: entry.at }, hhmmss(entry.at)), term(entry.what), h("p", {}, entry.detail)));
}

/** Rows hold nothing that takes the focus, so they are simply written anew. */
function rows(parent, items, make) {
  if (!items.length) {
    parent.replaceChildren(h("li", { class: "crew__more" }, t("none_yet")));
    return;
  }
  parent.replaceChildren(...items.map(make));
}
