// Icons drawn on canvas, for the map and for the page alike: no sprite sheet, no glyphs.
// Names: unit-{kind}-{state}, sensor-{kind}-{status}, station-{kind}, actuator-{kind}, closed.

export const COLOURS = {
  ink: "#090e13", line: "#33444f", soft: "#b4c2cc", muted: "#8b9ca8", text: "#e6edf1",
  unit: "#f2f6f8", ice: "#9fd0ff", jade: "#6fd3b4", red: "#ff6b61", yellow: "#f4cd4b",
};

const UNIT_GLYPHS = {
  pump_unit: "M12 5.2c2.6 3.2 4.2 5.4 4.2 7.6a4.2 4.2 0 1 1-8.4 0c0-2.2 1.6-4.4 4.2-7.6z",
  traffic_police: "M12 5.2l5.6 2v4.4c0 3.4-2.3 5.9-5.6 7.2c-3.3-1.3-5.6-3.8-5.6-7.2V7.2z",
  fire_engine: "M12.6 4.6c.4 3-3.8 4.6-3.8 8.4c0 3 1.6 5.4 3.6 5.4s4-1.8 4-5c0-1.8-.9-2.9-1.7-3.9c0 1.4-.6 2.1-1.3 2.3c.7-2.5.5-5.3-.8-7.2z",
  police_patrol: "M12 5l2 4.6l5 .4l-3.8 3.2l1.2 4.9L12 15.4l-4.4 2.7l1.2-4.9L5 10l5-.4z",
  ambulance: "M10.2 6h3.6v4.2H18v3.6h-4.2V18h-3.6v-4.2H6v-3.6h4.2z",
};
const OTHER_UNIT = "M8 8h8v8H8z";

const SENSOR_GLYPHS = {
  rain_gauge: "M12 4c3.4 4.2 5.2 6.7 5.2 9.4a5.2 5.2 0 1 1-10.4 0C6.8 10.7 8.6 8.2 12 4z",
  road_water_gauge: "M6.5 6.5h11v11h-11z",
  vehicle_detector: "M12 5.5l6.5 6.5l-6.5 6.5l-6.5-6.5z",
  gateway: "M12 5l7 13H5z",
};
const OTHER_SENSOR = "M12 7a5 5 0 1 1 0 10a5 5 0 1 1 0-10z";

const ACTUATOR_GLYPHS = {
  standby_pump: "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16M8.5 12h7M12.5 8.8l3.2 3.2l-3.2 3.2",
  barrier: "M6 19v-8h3v8M9 12.5L20 6.5",
  message_sign: "M4 6h16v9H4zM12 15v5M7.5 9h9M7.5 12h6",
};

const SENSOR_TONES = { online: COLOURS.jade, silent: COLOURS.yellow, offline: COLOURS.muted, faulty: COLOURS.red, never_heard: COLOURS.line };

/** A canvas showing the icon at `size` page pixels. */
export function drawIcon(name, size) {
  const scale = Math.max(2, window.devicePixelRatio || 1);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(size * scale);
  canvas.setAttribute("aria-hidden", "true");
  const pen = canvas.getContext("2d");
  pen.scale(canvas.width / 24, canvas.height / 24);
  pen.lineJoin = pen.lineCap = "round";
  paint(pen, name);
  return canvas;
}

/** The pixels of an icon, as MapLibre wants them. */
export function iconPixels(name) {
  const size = name.startsWith("unit") ? 30 : name.startsWith("sensor") ? 15 : 20;
  const canvas = drawIcon(name, size);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return { data, pixelRatio: canvas.width / size };
}

function paint(pen, name) {
  const [family, kind, state] = name.split("-");
  if (family === "unit") unit(pen, kind, state);
  else if (family === "sensor") sensor(pen, kind, state);
  else if (family === "station") station(pen, kind);
  else if (family === "actuator") stroke(pen, ACTUATOR_GLYPHS[kind] ?? OTHER_SENSOR, COLOURS.soft, 1.7);
  else if (family === "closed") closed(pen);
}

function disc(pen, radius, fill, line, width, dash = []) {
  pen.beginPath();
  pen.arc(12, 12, radius, 0, 2 * Math.PI);
  pen.fillStyle = fill;
  pen.fill();
  pen.setLineDash(dash);
  pen.lineWidth = width;
  pen.strokeStyle = line;
  pen.stroke();
  pen.setLineDash([]);
}

function solid(pen, path, colour) {
  pen.fillStyle = colour;
  pen.fill(new Path2D(path));
}

function stroke(pen, path, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke(new Path2D(path));
}

/** The ring tells the state: dashed is setting out, plain is driving, double is on scene. */
function unit(pen, kind, state) {
  const out = ["turnout", "en_route", "on_scene"].includes(state);
  const face = out ? COLOURS.unit : COLOURS.ink;
  const glyph = out ? COLOURS.ink : state === "out_of_service" ? COLOURS.line : COLOURS.soft;
  if (state === "on_scene") disc(pen, 11, COLOURS.ink, COLOURS.jade, 1.6);
  disc(pen, state === "on_scene" ? 8.6 : 10, face,
    state === "en_route" ? COLOURS.ice : out ? COLOURS.jade : COLOURS.muted,
    out ? 1.8 : 1.2, state === "turnout" ? [3, 2.4] : []);
  pen.save();
  pen.translate(12, 12);
  pen.scale(state === "on_scene" ? 0.8 : 0.92, state === "on_scene" ? 0.8 : 0.92);
  pen.translate(-12, -12);
  solid(pen, UNIT_GLYPHS[kind] ?? OTHER_UNIT, glyph);
  pen.restore();
}

/** The shape tells the kind, the fill whether it speaks: hollow or crossed out is not on line. */
function sensor(pen, kind, status) {
  const path = SENSOR_GLYPHS[kind] ?? OTHER_SENSOR;
  const tone = SENSOR_TONES[status] ?? COLOURS.muted;
  if (status === "online") {
    solid(pen, path, tone);
    stroke(pen, path, COLOURS.ink, 2);
    return;
  }
  solid(pen, path, COLOURS.ink);
  stroke(pen, path, tone, 2.6);
  if (status === "faulty" || status === "offline") stroke(pen, "M4 4l16 16", tone, 2.6);
}

function station(pen, kind) {
  pen.fillStyle = COLOURS.ink;
  pen.strokeStyle = COLOURS.muted;
  pen.lineWidth = 1.4;
  pen.beginPath();
  pen.roundRect(2.5, 2.5, 19, 19, 4);
  pen.fill();
  pen.stroke();
  solid(pen, UNIT_GLYPHS[kind] ?? OTHER_UNIT, COLOURS.muted);
}

function closed(pen) {
  disc(pen, 9.5, COLOURS.red, COLOURS.ink, 2);
  pen.fillStyle = "#fff";
  pen.fillRect(6.5, 10.3, 11, 3.4);
}
