// The map: roads by believed speed, water, sensors, units on the move, incidents.
import { byId, h } from "./dom.js";
import { shown } from "./format.js";
import { named, position, t, term } from "./i18n.js";
import { isOver } from "./incidents.js";
import { iconPixels } from "./icons.js";
import { createLabels } from "./labels.js";
import { collection, depthLevel, style, SWITCHES } from "./layers.js";
import { visible } from "./legend.js";
import { createFleet } from "./fleet.js";
import { on, state } from "./store.js";

const FAR_ZOOM = 13.2;
const CLICKED = ["units", "sensors", "places", "stations", "roads"];

let map;
let labels;
let fleet;
let popup;
let framed = false;

export function begin() {
  try {
    map = new maplibregl.Map({
      container: "map", style: style(), attributionControl: false, maxZoom: 18, minZoom: 8,
      dragRotate: false, pitchWithRotate: false, touchPitch: false, center: [116.4, 39.9], zoom: 10,
    });
  } catch {
    byId("map").append(h("p", { class: "map-failed" }, t("map_failed")));
    byId("legend").hidden = true;
    return;
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 110 }), "bottom-left");
  map.on("styleimagemissing", ({ id }) => {
    if (map.hasImage(id)) return;
    const { data, pixelRatio } = iconPixels(id);
    map.addImage(id, data, { pixelRatio });
  });
  map.on("zoom", markFar);
  map.on("click", inspect);
  map.on("mousemove", (event) => { map.getCanvas().style.cursor = pick(event.point) ? "pointer" : ""; });
  map.once("load", ready);
}

function ready() {
  labels = createLabels(map);
  fleet = createFleet(map.getSource("units"));
  const whenCity = (fn) => () => { if (state.city) fn(); };
  on(["city"], whenCity(drawCity));
  on(["traffic"], whenCity(drawTraffic));
  on(["places", "language"], whenCity(drawWater));
  on(["language"], whenCity(() => labels.city()));
  on(["device-status"], drawSensors);
  on(["units"], () => fleet.update([...state.units.values()]));
  on(["incidents", "open", "language"], () => labels.incidents());
  on(["open"], showOpen);
  on(["switches"], whenCity(drawSwitches));
  if (state.city) drawCity();
  drawSensors();
  fleet.update([...state.units.values()]);
  labels.incidents();
}

function drawCity() {
  const { layers, attribution, bounds } = state.city;
  for (const name of ["districts", "roads", "stations"]) map.getSource(name).setData(layers[name]);
  map.removeFeatureState({ source: "roads" });
  state.traffic.changed = null;
  labels.city();
  drawWater();
  drawTraffic();
  const [west, south, east, north] = bounds;
  map.setMaxBounds(grown(west, south, east, north));
  if (!framed) map.fitBounds([[west, south], [east, north]], { padding: 36, animate: false });
  framed = true;
  markFar();
  showCredit(attribution);
}

function grown(west, south, east, north) {
  const dx = Math.max(east - west, 0.01);
  const dy = Math.max(north - south, 0.01);
  return [[west - dx, south - dy], [east + dx, north + dy]];
}

let credit;

function showCredit(attribution) {
  if (credit) map.removeControl(credit);
  credit = new maplibregl.AttributionControl({ compact: false, customAttribution: escape(attribution) });
  map.addControl(credit, "bottom-right");
}

/** MapLibre takes the credit as HTML; a map file must not be able to bring any. */
function escape(text) {
  return h("span", {}, text ?? "").innerHTML;
}

function drawTraffic() {
  const { speed_mps: speeds, closed, changed } = state.traffic;
  const roads = state.city.layers.roads.features;
  const links = changed ?? speeds.keys();
  for (const link of links) {
    if (!roads[link]) continue;
    const speed = speeds[link];
    const ratio = speed == null ? -1 : Math.min(speed / roads[link].properties.free_mps, 1);
    map.setFeatureState({ source: "roads", id: link }, { ratio });
  }
  state.traffic.changed = [];
  const shut = closed.map((link) => roads[link]).filter(Boolean);
  map.getSource("closed").setData(collection(shut));
  map.getSource("barred").setData(collection(shut.map((road) => ({
    type: "Feature", properties: {},
    geometry: { type: "Point", coordinates: road.geometry.coordinates[0] },
  }))));
}

function drawWater() {
  const low = state.city.layers.places.features.filter((place) => place.properties.kind === "underpass");
  const places = low.map((place) => {
    const depth = state.depth.get(place.id) ?? null;
    const level = depthLevel(depth);
    return { ...place, properties: { id: place.id, depth_m: depth, level, wet: depth >= 0.03 } };
  });
  map.getSource("places").setData(collection(places));
  labels.water(visible.water);
}

function drawSensors() {
  const table = state.devices;
  if (!table) return;
  map.getSource("sensors").setData(collection(table.id.map((_, row) => ({
    type: "Feature",
    properties: { row, kind: table.kind[row], status: table.statuses[table.status[row]] },
    geometry: { type: "Point", coordinates: [table.lon[row], table.lat[row]] },
  }))));
}

function drawSwitches() {
  for (const [name, ids] of Object.entries(SWITCHES)) {
    for (const id of ids) map.setLayoutProperty(id, "visibility", visible[name] ? "visible" : "none");
  }
  // The street plan stays when its speeds are switched off.
  map.setPaintProperty("road-bed", "line-color", visible.traffic ? "#1d2933" : "#2b3a46");
  labels.water(visible.water);
}

function markFar() {
  byId("map").classList.toggle("is-far", map.getZoom() < FAR_ZOOM);
}

function showOpen() {
  const incident = state.incidents.get(state.openIncident);
  if (!incident || isOver(incident)) return;
  map.easeTo({ center: [incident.lon, incident.lat], zoom: Math.max(map.getZoom(), 14), duration: 600 });
}

function pick(point) {
  const box = [[point.x - 4, point.y - 4], [point.x + 4, point.y + 4]];
  const found = map.queryRenderedFeatures(box, { layers: CLICKED });
  return found.sort((a, b) => CLICKED.indexOf(a.layer.id) - CLICKED.indexOf(b.layer.id))[0];
}

function inspect(event) {
  const feature = pick(event.point);
  popup?.remove();
  if (!feature) return;
  popup = new maplibregl.Popup({ maxWidth: "280px", focusAfterOpen: false })
    .setLngLat(feature.geometry.type === "Point" ? feature.geometry.coordinates : event.lngLat)
    .setDOMContent(CARDS[feature.layer.id](feature.properties, feature.id))
    .addTo(map);
}

function card(title, rows) {
  return h("div", { class: "card" }, h("h3", {}, title),
    h("dl", {}, ...rows.filter(([, v]) => v).flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])));
}

const CARDS = {
  units: ({ id }) => {
    const unit = state.units.get(id);
    return card(unit.id, [[t("kind"), term(unit.kind)], [t("state"), term(unit.state)],
      [t("station"), unit.station], [t("order"), unit.order]]);
  },
  sensors: ({ row }) => {
    const d = state.devices;
    return card(d.id[row], [[t("kind"), term(d.kind[row])], [t("state"), term(d.statuses[d.status[row]])],
      [t("value"), shown(d.value[row], d.unit[row])],
      [t("battery"), d.battery[row] == null ? null : `${d.battery[row]} %`]]);
  },
  places: ({ id }) => {
    const place = state.city.layers.places.features.find((p) => p.id === id).properties;
    const depth = state.depth.get(id);
    return card(named(place.name), [[t("kind"), term(place.kind)], [t("depth"), depth > 0 ? shown(depth, "m") : t("dry")],
      ...[...state.actuators.values()].filter((a) => a.place === id).map((a) => [term(a.kind), position(a.position)])]);
  },
  stations: (station) => card(named(station.name), [[t("kind"), term(station.kind)], [t("units"), String(station.units)]]),
  roads: (road, link) => {
    const speed = state.traffic.speed_mps[link];
    return card(named(road.name) || t("unnamed_road"), [
      [t("speed_now"), state.traffic.closed.includes(link) ? t("key_closed") : speed == null ? t("unknown_speed") : shown(speed, "m/s")],
      [t("speed_free"), shown(road.free_mps, "m/s")]]);
  },
};
