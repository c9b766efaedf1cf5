// Names and beacons on the map: elements of the page, so they need no glyph server and the
// keyboard reaches them.
import { h, say } from "./dom.js";
import { shown } from "./format.js";
import { named, t, term } from "./i18n.js";
import { isOver, open, title } from "./incidents.js";
import { DEPTH_LEVELS, depthLevel } from "./layers.js";
import { state } from "./store.js";

const WET_M = 0.03;

/** Keeps one set of MapLibre markers in step with a list. */
class Pins {
  #pins = new Map();

  constructor(map, make, options) {
    this.map = map;
    this.make = make;
    this.options = options;
  }

  show(items, update) {
    const left = new Set(this.#pins.keys());
    for (const item of items) {
      left.delete(item.id);
      let pin = this.#pins.get(item.id);
      if (!pin) {
        const element = this.make(item);
        pin = new maplibregl.Marker({ element, ...this.options }).setLngLat(item.at).addTo(this.map);
        this.#pins.set(item.id, pin);
      }
      update?.(pin.getElement(), item);
    }
    for (const id of left) {
      this.#pins.get(id).remove();
      this.#pins.delete(id);
    }
  }
}

/** The centre of gravity of a closed outline. */
function middle(ring) {
  let area = 0;
  let lon = 0;
  let lat = 0;
  const [x0, y0] = ring[0]; // Near the outline, so that small areas keep their digits.
  for (let n = 1; n < ring.length; n += 1) {
    const [ax, ay, bx, by] = [ring[n - 1][0] - x0, ring[n - 1][1] - y0, ring[n][0] - x0, ring[n][1] - y0];
    const cross = ax * by - bx * ay;
    area += cross;
    lon += (ax + bx) * cross;
    lat += (ay + by) * cross;
  }
  return area ? [x0 + lon / (3 * area), y0 + lat / (3 * area)] : ring[0];
}

export function createLabels(map) {
  const districts = new Pins(map, (d) => h("div", { class: "district" }), {});
  const places = new Pins(map, () => h("div", { class: "place" }, h("b"), h("span")), { anchor: "top" });
  const beacons = new Pins(map, (incident) => h("button",
    { class: "beacon", type: "button", onclick: (event) => { event.stopPropagation(); open(incident.id); } },
    h("span", { class: "beacon__ring" }), h("span", { class: "beacon__core" })), {});

  return {
    city() {
      districts.show(state.city.layers.districts.features.map((d) => ({
        id: d.id, name: d.properties.name, at: middle(d.geometry.coordinates[0]),
      })), (node, d) => say(node, named(d.name)));
    },
    water(visible) {
      const items = visible
        ? state.city.layers.places.features.filter((p) => p.properties.kind === "underpass")
        : [];
      places.show(items.map((p) => ({ id: p.id, name: p.properties.name, at: p.geometry.coordinates })), (node, place) => {
        const depth = state.depth.get(place.id);
        node.dataset.wet = depth >= WET_M;
        node.dataset.level = depthLevel(depth);
        node.style.setProperty("--drop", `${12 + 16 * Math.min(depth ?? 0, 1)}px`);
        say(node.firstChild, depth >= WET_M ? shown(depth, "m") : "");
        node.dataset.deep = depth >= DEPTH_LEVELS[0][0];
        say(node.lastChild, named(place.name));
      });
    },
    incidents() {
      const items = [...state.incidents.values()].filter((i) => !isOver(i));
      beacons.show(items.map((i) => ({ ...i, at: [i.lon, i.lat] })), (node, incident) => {
        node.dataset.level = incident.level;
        node.dataset.state = incident.state;
        node.setAttribute("aria-pressed", state.openIncident === incident.id);
        node.setAttribute("aria-label", `${title(incident)}, ${t("level", incident.level)}, ${term(incident.state)}`);
        say(node.lastChild, incident.level);
      });
    },
  };
}
