// The list of incidents, the announcement of new ones, and which one is open.
import { byId, h, keyed, say } from "./dom.js";
import { age, millis, percent } from "./format.js";
import { named, t, term } from "./i18n.js";
import { cityNow, on, state, touch } from "./store.js";

const OVER = new Set(["closed", "false_alarm"]);
const GRAVITY = ["IV", "III", "II", "I"];
const FRESH_MS = 2_600;
const AGES_MS = 5_000;

let known = null;
let opener = null;

export const isOver = (incident) => OVER.has(incident.state);

export function begin() {
  byId("show-closed").addEventListener("change", draw);
  on(["incidents", "language"], () => { announce(); draw(); });
  on(["open"], draw);
  setInterval(draw, AGES_MS);
}

export function open(id) {
  opener = document.activeElement;
  state.openIncident = id;
  touch("open");
}

/** Close the room and give the focus back to where it was opened from. */
export function close() {
  const id = state.openIncident;
  state.openIncident = null;
  touch("open");
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const row = byId("incident-list").querySelector(`[data-key="${CSS.escape(id)}"] button`);
    (opener?.isConnected && opener !== document.body ? opener : row ?? byId("incidents")).focus();
  }));
}

export function title(incident) {
  return `${term(incident.type)}, ${named(incident.place_name)}`;
}

function announce() {
  const ids = [...state.incidents.keys()];
  if (known) {
    for (const id of ids.filter((i) => !known.has(i))) {
      const incident = state.incidents.get(id);
      incident.fresh = performance.now();
      say(byId("announcer"),
        t("new_incident", term(incident.type), incident.level, named(incident.place_name)));
    }
  }
  if (ids.length || known || state.clock) known = new Set(ids);
}

function draw() {
  const all = [...state.incidents.values()];
  say(byId("incident-count"), all.filter((i) => !isOver(i)).length);
  const shown = all
    .filter((i) => !isOver(i) || byId("show-closed").checked)
    .sort((a, b) => isOver(a) - isOver(b)
      || GRAVITY.indexOf(b.level) - GRAVITY.indexOf(a.level)
      || millis(b.opened_at) - millis(a.opened_at));
  const list = byId("incident-list");
  if (!shown.length) {
    list.replaceChildren(h("li", { class: "empty" }, t("no_incidents")));
    return;
  }
  list.querySelector(".empty")?.remove();
  keyed(list, shown, (i) => i.id, make, update);
}

function make(incident) {
  return h("li", { class: "incident" },
    h("button", { class: "incident__button", type: "button", onclick: () => open(incident.id) },
      h("span", { class: "badge" }),
      h("span", { class: "incident__place" }),
      h("span", { class: "incident__age" }),
      h("span", { class: "incident__state" }),
      h("span", { class: "incident__sure" })));
}

function update(node, incident) {
  const [badge, place, when, stage, sure] = node.firstChild.children;
  node.dataset.over = isOver(incident);
  node.dataset.fresh = performance.now() - (incident.fresh ?? -Infinity) < FRESH_MS;
  badge.dataset.level = incident.level;
  badge.setAttribute("aria-label", t("level", incident.level));
  say(badge, incident.level);
  say(place, named(incident.place_name));
  say(when, age(millis(incident.opened_at), cityNow() ?? millis(incident.updated_at)));
  const needs = !incident.acknowledged_by && !isOver(incident);
  const words = `${term(incident.type)} · ${term(incident.state)}`;
  if (stage.dataset.words !== words + needs + t("needs_ack")) {
    stage.dataset.words = words + needs + t("needs_ack");
    stage.replaceChildren(words, needs ? h("span", { class: "needs" }, t("needs_ack")) : "");
  }
  say(sure, percent(incident.probability));
  sure.title = t("probability");
}
