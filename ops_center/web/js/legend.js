// The legend is the layer switch: each row shows what its signs mean.
import { byId, h } from "./dom.js";
import { short, t, term } from "./i18n.js";
import { drawIcon } from "./icons.js";
import { DEPTH_LEVELS, SPEED_STOPS, SWITCHES } from "./layers.js";
import { shown } from "./format.js";
import { on, state, touch } from "./store.js";

const KEY_SIZE = 15;
export const visible = Object.fromEntries(Object.keys(SWITCHES).map((name) => [name, true]));

export function begin() {
  // A phone has no room to spare beside the map; a desk shows the key at all times.
  const wide = matchMedia("(min-width: 900px)");
  const fold = () => { byId("legend").open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();
  on(["language", "city"], draw);
  on(["devices"], drawOnce);
}

let kindsShown = "";

function drawOnce() {
  if (kinds().join() !== kindsShown) draw();
}

const kinds = () => [...new Set(state.devices?.kind ?? [])].sort();

function draw() {
  kindsShown = kinds().join();
  const colour = (tone, text, shape = "") => {
    const swatch = h("i", { class: shape });
    if (tone) swatch.style.setProperty("--tone", tone);
    return h("span", { class: "legend__key" }, swatch, text);
  };
  const icon = (name, text) => h("span", { class: "legend__key" }, drawIcon(name, KEY_SIZE), text);
  const levels = { blue: "#62a8ff", yellow: "#f4cd4b", orange: "#ff9a4d", red: "#ff6b61" };
  byId("legend-rows").replaceChildren(
    row("traffic", [colour(SPEED_STOPS[3][1], t("key_free")), colour(SPEED_STOPS[1][1], t("key_slow")),
      colour(SPEED_STOPS[0][1], t("key_jam")), colour(null, t("key_closed"), "is-closed")]),
    row("water", DEPTH_LEVELS.map(([from, level]) => colour(levels[level], `${shown(from, "m")}`, "is-dot"))),
    row("sensors", [...kinds().map((kind) => icon(`sensor-${kind}-online`, short(kind))),
      icon("sensor-vehicle_detector-faulty", t("key_trouble"))]),
    row("units", ["idle", "turnout", "en_route", "on_scene"].map((s) => icon(`unit-pump_unit-${s}`, term(s)))));
}

function row(name, keys) {
  const box = h("input", { type: "checkbox", onchange: (event) => {
    visible[name] = event.target.checked;
    touch("switches");
  } });
  box.checked = visible[name];
  return h("div", { class: "legend__row" },
    h("label", { class: "check" }, box, t(`layer_${name}`)),
    h("div", { class: "legend__keys" }, ...keys));
}
