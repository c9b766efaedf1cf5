// The bar on top: whose city, how it is, what time it is there, whether we still hear from it.
import { byId, h, keyed, say } from "./dom.js";
import { hhmmss, isoLike } from "./format.js";
import { language, t } from "./i18n.js";
import { cityNow, cityScore, on, state } from "./store.js";

const OVER = new Set(["closed", "false_alarm"]);

export function begin() {
  on(["city", "language"], () => {
    const name = state.city?.name ?? "Chengmai 城脉";
    say(byId("city-name"), name);
    document.title = state.city ? `${name} · Chengmai 城脉` : name;
  });
  on(["link", "language"], () => {
    byId("link").dataset.state = state.link;
    say(byId("link-text"), t(`link_${state.link}`));
  });
  on(["vitals", "language"], drawPulse);
  on(["incidents", "units", "device-status", "language"], drawTally);
  on(["clock", "language"], drawDate);
  setInterval(drawClock, 200);
}

function drawClock() {
  const now = cityNow();
  if (now != null) say(byId("city-time"), hhmmss(isoLike(now, state.clock.now)));
}

function drawDate() {
  drawClock();
  if (!state.clock) return;
  const [year, month, day] = state.clock.now.slice(0, 10).split("-").map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  const locale = language() === "zh" ? "zh-CN" : "en-GB";
  say(byId("city-date"), date.toLocaleDateString(locale, {
    timeZone: "UTC", weekday: "short", day: "numeric", month: "short", year: "numeric",
  }));
  const { speed } = state.clock;
  say(byId("city-speed"), speed == null ? "" : `× ${speed >= 10 ? Math.round(speed) : speed.toFixed(1)}`);
}

function drawTally() {
  const incidents = [...state.incidents.values()].filter((i) => !OVER.has(i.state)).length;
  const units = [...state.units.values()];
  const busy = units.filter((u) => ["turnout", "en_route", "on_scene"].includes(u.state)).length;
  const status = state.devices?.status ?? [];
  const online = status.filter((s) => s === 1).length;
  const rows = [
    ["open", incidents, ""],
    ["busy", busy, ` / ${units.length}`],
    ["sensors", online, ` / ${status.length}`],
  ];
  keyed(byId("tally"), rows, ([key]) => key, () => h("li", {}, h("b"), h("span")), (node, [key, n, of]) => {
    say(node.firstChild, `${n}${of}`);
    say(node.lastChild, t(`tally_${key}`));
  });
}

const WIDTH = 240;
const HEIGHT = 36;

/** The city's score over the time this page has watched, on a scale that shows small moves. */
function drawPulse() {
  const sign = cityScore();
  const bar = byId("pulse-line").closest(".pulse");
  bar.dataset.level = sign?.level ?? "unknown";
  say(byId("city-score"), sign ? Math.round(sign.score) : "–");
  const points = state.scores;
  const [area, stroke] = byId("pulse-line").children;
  if (!points.length) {
    stroke.setAttribute("d", `M0 ${HEIGHT / 2}H${WIDTH}`);
    area.setAttribute("d", "");
    return;
  }
  const low = Math.min(...points.map((p) => p.score), points[0].score - 5);
  const high = Math.max(...points.map((p) => p.score), points[0].score + 5);
  const span = Math.max(points.at(-1).ms - points[0].ms, 1);
  const line = points.map(({ ms, score }) => {
    const x = points.length > 1 ? ((ms - points[0].ms) / span) * WIDTH : 0;
    return `${x.toFixed(1)} ${(HEIGHT - 3 - ((score - low) / (high - low)) * (HEIGHT - 6)).toFixed(1)}`;
  });
  const path = `M${line.join("L")}${points.length > 1 ? "" : `H${WIDTH}`}`;
  stroke.setAttribute("d", path);
  area.setAttribute("d", `${path}V${HEIGHT}H0Z`);
}
