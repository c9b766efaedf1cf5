// The centre's API: lists first and again when asked, changes as they come, orders out.
import {
  addDecisions, changeDevices, changeTraffic, put, setClock, setVitals, state, touch,
} from "./store.js";

const ROOT = "/api/v1";
const RETRY_MS = 1_000;

export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`);
    this.status = status;
  }
}

async function ask(path, options) {
  const response = await fetch(ROOT + path, { cache: "no-cache", ...options });
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

export const getIncident = (id) => ask(`/incidents/${encodeURIComponent(id)}`);

/** Hand an order to the centre; the key makes a repeated press the same order. */
export function order(incidentId, action, operator, key) {
  return ask(`/incidents/${encodeURIComponent(incidentId)}/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify({ operator }),
  });
}

const LISTS = {
  map: async () => {
    state.city = await ask("/map");
    touch("city");
  },
  clock: async () => setClock(await ask("/clock")),
  incidents: async () => {
    const all = new Map();
    for (let cursor = ""; cursor != null;) {
      const page = await ask(`/incidents?limit=200${cursor && `&cursor=${cursor}`}`);
      put(all, page.items);
      cursor = page.next;
    }
    state.incidents = all;
    touch("incidents");
  },
  units: async () => {
    state.units = new Map();
    put(state.units, (await ask("/units")).items);
    touch("units");
  },
  actuators: async () => {
    state.actuators = new Map();
    put(state.actuators, (await ask("/actuators")).items);
    touch("actuators");
  },
  places: async () => {
    state.depth = new Map((await ask("/places")).items.map((place) => [place.id, place.depth_m]));
    touch("places");
  },
  vitals: async () => setVitals((await ask("/vitals")).items),
  devices: async () => {
    state.devices = await ask("/devices?format=columns");
    touch("devices", "device-status");
  },
  traffic: async () => {
    state.traffic = { ...(await ask("/traffic")), changed: null };
    touch("traffic");
  },
  decisions: async () => {
    state.decisions = [];
    addDecisions((await ask("/decisions?limit=1000")).items);
  },
};

/** Fetch the lists named, all of them for "all"; again and again until the centre has them. */
async function fetchLists(names) {
  const wanted = names.includes("all") ? Object.keys(LISTS) : names;
  // The clock first: the score's history is drawn over it.
  if (wanted.includes("clock")) await retry(LISTS.clock);
  await Promise.all(wanted.filter((n) => n !== "clock" && LISTS[n]).map((n) => retry(LISTS[n])));
}

async function retry(fetchList) {
  for (;;) {
    try { return await fetchList(); } catch (problem) {
      setLink(problem instanceof Refused ? "waiting" : "lost");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

const HANDLERS = {
  clock: setClock,
  incident: (incident) => { put(state.incidents, [incident]); touch("incidents"); },
  unit: ({ items }) => { put(state.units, items); touch("units"); },
  actuator: ({ items }) => { put(state.actuators, items); touch("actuators"); },
  places: ({ items }) => {
    for (const { id, depth_m } of items) state.depth.set(id, depth_m);
    touch("places");
  },
  vitals: ({ items }) => setVitals(items),
  decision: ({ items }) => addDecisions(items),
  devices: changeDevices,
  traffic: changeTraffic,
};

/**
 * Open the stream, then fetch the lists. Events that come before the lists are kept and
 * applied after them: they hold new values, so seeing one twice does no harm.
 */
export function connect() {
  const stream = new EventSource(`${ROOT}/stream`);
  let early = [];
  let loading = 0;
  const load = async (names) => {
    loading += 1;
    await fetchLists(names);
    loading -= 1;
    if (loading) return;
    const waiting = early;
    early = [];
    for (const [handle, data] of waiting) handle(data);
    if (stream.readyState === EventSource.OPEN) setLink("live");
  };
  for (const [name, handle] of Object.entries(HANDLERS)) {
    stream.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      if (loading) early.push([handle, data]);
      else handle(data);
    });
  }
  stream.addEventListener("reload", (event) => load(JSON.parse(event.data).what));
  stream.addEventListener("open", () => { if (!loading) setLink("live"); });
  stream.addEventListener("error", () => setLink("lost"));
  load(["all"]);
}

function setLink(link) {
  if (state.link === link) return;
  state.link = link;
  touch("link");
}
