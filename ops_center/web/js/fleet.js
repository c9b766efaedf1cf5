// Units glide from where they were to where they say they are: reports come seconds apart.
import { collection } from "./layers.js";

const GLIDE_MS = 900;
const FRAME_MS = 50;
const JUMP_DEGREES = 0.02; // About 2 km: no vehicle drives that between two reports.
const RANKS = { idle: 0, out_of_service: 0, returning: 1, turnout: 2, en_route: 3, on_scene: 4 };
const PARKED_PX = 17;

const still = matchMedia("(prefers-reduced-motion: reduce)");

export function createFleet(source) {
  const cars = new Map();
  let running = false;
  let drawnAt = 0;

  function update(units) {
    const now = performance.now();
    const offsets = parking(units);
    const left = new Set(cars.keys());
    for (const unit of units) {
      left.delete(unit.id);
      const old = cars.get(unit.id);
      const from = old ? at(old, now) : [unit.lon, unit.lat];
      const far = Math.hypot(unit.lon - from[0], unit.lat - from[1]) > JUMP_DEGREES;
      const moves = !far && !still.matches && (unit.lon !== from[0] || unit.lat !== from[1]);
      cars.set(unit.id, {
        unit, offset: offsets.get(unit.id), from: moves ? from : [unit.lon, unit.lat],
        begun: moves && old?.unit.lon === unit.lon && old?.unit.lat === unit.lat ? old.begun : now,
      });
    }
    for (const id of left) cars.delete(id);
    draw(now);
    if (!running) { running = true; requestAnimationFrame(frame); }
  }

  function frame(now) {
    if (now - drawnAt >= FRAME_MS) draw(now);
    running = [...cars.values()].some((car) => now - car.begun < GLIDE_MS);
    if (running) requestAnimationFrame(frame);
    else draw(now);
  }

  function draw(now) {
    drawnAt = now;
    source.setData(collection([...cars.values()].map((car) => ({
      type: "Feature",
      properties: {
        id: car.unit.id, kind: car.unit.kind, state: car.unit.state,
        rank: RANKS[car.unit.state] ?? 0, offset: car.offset,
      },
      geometry: { type: "Point", coordinates: at(car, now) },
    }))));
  }

  return { update };
}

function at({ unit, from, begun }, now) {
  const share = Math.min((now - begun) / GLIDE_MS, 1);
  return [from[0] + (unit.lon - from[0]) * share, from[1] + (unit.lat - from[1]) * share];
}

/** Units that stand at the same spot are set side by side above it. */
function parking(units) {
  const spots = new Map();
  for (const unit of units) {
    const spot = `${unit.lon.toFixed(4)} ${unit.lat.toFixed(4)}`;
    spots.set(spot, [...(spots.get(spot) ?? []), unit]);
  }
  const offsets = new Map();
  for (const parked of spots.values()) {
    parked.forEach((unit, n) => {
      const alone = parked.length === 1 && unit.state !== "idle";
      offsets.set(unit.id, alone ? [0, 0]
        : [(n - (parked.length - 1) / 2) * PARKED_PX * 1.6, unit.state === "idle" ? -PARKED_PX * 1.4 : 0]);
    });
  }
  return offsets;
}
