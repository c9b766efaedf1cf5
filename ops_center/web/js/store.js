// What the page knows, and who wants to hear when it changes. Views are told once a frame,
// however many events came in between.

export const state = {
  city: null, // {name, attribution, bounds, layers}
  clock: null, // {now, speed, version, heard}
  incidents: new Map(),
  units: new Map(),
  actuators: new Map(),
  depth: new Map(),
  vitals: [],
  devices: null, // columns
  traffic: { speed_mps: [], closed: [] },
  decisions: [],
  scores: [], // [{ms, score}] of the whole city, for the pulse
  link: "connecting",
  district: "all",
  openIncident: null,
};

const DECISIONS_MAX = 400;
const SCORES_MAX = 240;

const listeners = new Map();
const dirty = new Set();
let asked = false;

/** Call `fn` in the frame after any of `topics` was touched. */
export function on(topics, fn) {
  for (const topic of topics) {
    if (!listeners.has(topic)) listeners.set(topic, []);
    listeners.get(topic).push(fn);
  }
}

/** Say that something changed. */
export function touch(...topics) {
  for (const topic of topics) dirty.add(topic);
  if (asked) return;
  asked = true;
  // A hidden page gets no frames, and must still announce new incidents.
  if (document.hidden) setTimeout(flush, 0);
  else requestAnimationFrame(flush);
}

function flush() {
  asked = false;
  const due = new Set();
  for (const topic of dirty) for (const fn of listeners.get(topic) ?? []) due.add(fn);
  dirty.clear();
  for (const fn of due) fn();
}

/** City time now, carried on at its pace since the clock was last heard [ms]. */
export function cityNow() {
  const clock = state.clock;
  if (!clock) return null;
  // Never further than one usual gap ahead: a stopped city must not seem to run on.
  const elapsed = Math.min(performance.now() - clock.heard, 3_000);
  return clock.ms + elapsed * (clock.speed ?? 0);
}

export function setClock(clock) {
  state.clock = { ...clock, ms: Date.parse(clock.now), heard: performance.now() };
  touch("clock");
}

export function put(map, items) {
  for (const item of items) map.set(item.id, item);
}

export function setVitals(items) {
  state.vitals = items;
  const score = cityScore();
  const ms = state.clock?.ms;
  const last = state.scores.at(-1);
  if (score != null && ms != null && (!last || ms > last.ms)) {
    state.scores.push({ ms, score: score.score });
    if (state.scores.length > SCORES_MAX) state.scores.shift();
  }
  touch("vitals");
}

/** The sign that scores the whole city, where the centre publishes one. */
export function cityScore() {
  return state.vitals.find((v) => isScore(v) && v.district === "all" && v.domain === "city" && v.score != null);
}

/** Whether a sign is the score of a domain or of the city rather than an indicator. */
export const isScore = (v) => v.indicator === "score" || v.indicator.endsWith("_score");

export function addDecisions(records) {
  const last = state.decisions.at(-1)?.seq ?? 0;
  const fresh = records.filter((record) => record.seq > last);
  if (!fresh.length) return;
  state.decisions = [...state.decisions, ...fresh].slice(-DECISIONS_MAX);
  touch("decisions");
}

export function changeDevices({ row, value, status }) {
  const table = state.devices;
  if (!table) return;
  let moved = false;
  row.forEach((r, n) => {
    table.value[r] = value[n];
    moved ||= table.status[r] !== status[n];
    table.status[r] = status[n];
  });
  touch("devices", ...(moved ? ["device-status"] : []));
}

export function changeTraffic({ link, speed_mps, closed }) {
  link.forEach((l, n) => { state.traffic.speed_mps[l] = speed_mps[n]; });
  state.traffic.closed = closed;
  state.traffic.changed = [...(state.traffic.changed ?? []), ...link];
  touch("traffic");
}
