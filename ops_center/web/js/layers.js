// What MapLibre draws: sources, layers, and the colours that mean something.
export const SPEED_STOPS = [[0.15, "#e2493f"], [0.4, "#e8903a"], [0.65, "#c9b458"], [0.9, "#3f8f7d"]];
export const SPEED_UNKNOWN = "#2b3a46";

/** Beijing's ponding levels [m] and the level that begins there; below the first it is dry. */
export const DEPTH_LEVELS = [[0.1, "blue"], [0.15, "yellow"], [0.27, "orange"], [0.5, "red"]];
const DEPTH_COLOURS = { normal: "#3d5363", blue: "#62a8ff", yellow: "#f4cd4b", orange: "#ff9a4d", red: "#ff6b61" };

export function depthLevel(depth) {
  let level = depth == null ? "unknown" : "normal";
  for (const [from, name] of DEPTH_LEVELS) if (depth >= from) level = name;
  return level;
}

const EMPTY = { type: "FeatureCollection", features: [] };
export const collection = (features) => ({ type: "FeatureCollection", features });

export const SOURCES = ["districts", "roads", "closed", "barred", "places", "stations", "sensors", "units"];

/** Which layers each switch of the legend governs. */
export const SWITCHES = {
  traffic: ["roads", "closed", "barred"],
  water: ["places-glow", "places"],
  sensors: ["sensors"],
  units: ["stations", "units"],
};

const RANK = ["match", ["get", "class"], ["motorway", "trunk"], 2.1, "primary", 1.7, "secondary", 1.3, "tertiary", 1, 0.7];
const byZoom = (...stops) => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops];
const width = (add) => byZoom(
  10, ["+", add / 2, ["*", 0.55, RANK]],
  13, ["+", add, ["*", 1.7, RANK]],
  16, ["+", add * 2, ["*", 5.5, RANK]],
);
/** The two directions of a street lie side by side, driving on the right. */
const offset = byZoom(11, 0, 13, ["*", 0.95, RANK], 16, ["*", 3.2, RANK]);
const detail = (zoom) => byZoom(10, 0.5, zoom, 0.8, 16, 1.25);

const ratio = ["coalesce", ["feature-state", "ratio"], -1];

export function style() {
  return {
    version: 8,
    sources: Object.fromEntries(SOURCES.map((id) => [id, { type: "geojson", data: EMPTY }])),
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#090e13" } },
      { id: "district-fill", type: "fill", source: "districts", paint: { "fill-color": "#0e161d" } },
      { id: "district-line", type: "line", source: "districts",
        paint: { "line-color": "#34495a", "line-width": 1.2, "line-dasharray": [5, 3] } },
      { id: "road-bed", type: "line", source: "roads", layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": "#1d2933", "line-width": width(0.9), "line-offset": offset } },
      { id: "roads", type: "line", source: "roads", layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": ["case", ["<", ratio, 0], SPEED_UNKNOWN,
            ["interpolate", ["linear"], ratio, ...SPEED_STOPS.flat()]],
          "line-width": width(0), "line-offset": offset,
          "line-opacity": ["interpolate", ["linear"], ratio, -1, 0.9, 0.3, 1, 0.9, 0.72],
        } },
      { id: "closed", type: "line", source: "closed",
        paint: { "line-color": "#ff6b61", "line-width": width(0.5), "line-offset": offset, "line-dasharray": [1.2, 0.7] } },
      { id: "places-glow", type: "circle", source: "places",
        paint: { "circle-color": levelColour(), "circle-opacity": ["case", ["get", "wet"], 0.22, 0],
          "circle-radius": radius(1.9), "circle-blur": 0.5 } },
      { id: "places", type: "circle", source: "places",
        paint: { "circle-color": ["case", ["get", "wet"], levelColour(), "#0d141a"],
          "circle-opacity": ["case", ["get", "wet"], 0.62, 0.9], "circle-radius": radius(1),
          "circle-stroke-width": 1.6, "circle-stroke-color": levelColour() } },
      { id: "barred", type: "symbol", source: "barred", minzoom: 13.5,
        layout: { "icon-image": "closed", "icon-size": detail(14), "icon-allow-overlap": true } },
      { id: "sensors", type: "symbol", source: "sensors",
        layout: { "icon-image": ["concat", "sensor-", ["get", "kind"], "-", ["get", "status"]],
          "icon-size": detail(13), "icon-allow-overlap": true, "icon-ignore-placement": true,
          "symbol-sort-key": ["case", ["==", ["get", "status"], "online"], 0, 1] },
        paint: { "icon-opacity": ["case", ["==", ["get", "status"], "online"], 0.85, 1] } },
      { id: "stations", type: "symbol", source: "stations",
        layout: { "icon-image": ["concat", "station-", ["get", "kind"]], "icon-size": detail(14),
          "icon-allow-overlap": true } },
      { id: "units", type: "symbol", source: "units",
        layout: { "icon-image": ["concat", "unit-", ["get", "kind"], "-", ["get", "state"]],
          "icon-size": byZoom(10, 0.62, 13, 0.82, 16, 1.1), "icon-allow-overlap": true,
          "icon-offset": ["get", "offset"], "symbol-sort-key": ["get", "rank"] } },
    ],
  };
}

function levelColour() {
  return ["match", ["get", "level"], ...Object.entries(DEPTH_COLOURS).flat(), "#8b9ca8"];
}

/** A circle grows with the water, so that depth is seen without its colour. */
function radius(times) {
  const size = ["*", times, ["+", 5, ["*", 22, ["min", 1, ["coalesce", ["get", "depth_m"], 0]]]]];
  return byZoom(10, ["*", 0.55, size], 13, size, 16, ["*", 1.6, size]);
}
