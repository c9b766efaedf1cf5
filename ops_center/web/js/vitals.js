// The city's vital signs by domain: value, level in colour, shape and word, and how sure we are.
import { byId, h, keyed, levelShape, say, svg } from "./dom.js";
import { percent, quantity } from "./format.js";
import { named, t, term } from "./i18n.js";
import { isScore, on, state, touch } from "./store.js";

const RING = 2 * Math.PI * 4;

export function begin() {
  byId("district").addEventListener("change", (event) => {
    state.district = event.target.value;
    touch("vitals");
  });
  on(["vitals", "city", "language"], draw);
}

function draw() {
  drawDistricts();
  const signs = state.vitals.filter((v) => v.district === state.district && v.domain !== "city");
  const domains = [...new Set(signs.map((v) => v.domain))];
  const body = byId("vitals");
  if (!domains.length) {
    body.replaceChildren(h("p", { class: "empty" }, t("no_vitals")));
    return;
  }
  body.querySelector(".empty")?.remove();
  keyed(body, domains, (d) => d, makeDomain, (node, domain) => drawDomain(node, domain, signs));
}

function drawDistricts() {
  const districts = state.city?.layers.districts.features ?? [];
  const known = new Set(state.vitals.map((v) => v.district));
  const items = [["all", t("whole_city")],
    ...districts.filter((d) => known.has(d.id)).map((d) => [d.id, d.properties.name])];
  const select = byId("district");
  keyed(select, items, ([id]) => id, ([id]) => h("option", { value: id }), (node, [, name]) => say(node, named(name)));
  select.value = state.district;
}

function makeDomain() {
  return h("section", { class: "domain" },
    h("header", { class: "domain__head" }, h("h3"), h("span", { class: "domain__score" })),
    h("div"));
}

function drawDomain(node, domain, signs) {
  const [head, list] = node.children;
  say(head.firstChild, term(domain));
  const mine = signs.filter((v) => v.domain === domain);
  const score = mine.find(isScore);
  head.lastChild.dataset.level = score?.level ?? "unknown";
  say(head.lastChild, score?.score == null ? "" : Math.round(score.score));
  keyed(list, mine.filter((v) => !isScore(v)), (v) => v.indicator, makeSign, drawSign);
}

function makeSign() {
  return h("div", { class: "vital" },
    h("div", { class: "vital__top" }, h("span", { class: "vital__name" }), h("span", { class: "vital__value" })),
    h("div", { class: "vital__bar" }, h("div", { class: "vital__fill" })),
    h("div", { class: "vital__foot" }, h("span", { class: "vital__level" }), makeConfidence()));
}

function makeConfidence() {
  return h("span", { class: "confidence" },
    svg("svg", { class: "confidence__ring", viewBox: "0 0 12 12", "aria-hidden": "true" },
      svg("circle", { cx: 6, cy: 6, r: 4 }), svg("circle", { class: "is-part", cx: 6, cy: 6, r: 4 })),
    h("span"));
}

function drawSign(node, sign) {
  const [top, bar, foot] = node.children;
  const [number, unit] = quantity(sign.value, sign.unit);
  const signature = [sign.indicator, number, sign.level, sign.score, sign.confidence, t("district")].join();
  if (node.dataset.signature === signature) return;
  node.dataset.signature = signature;
  node.dataset.level = sign.level;
  say(top.firstChild, term(sign.indicator));
  top.lastChild.replaceChildren(sign.value == null ? t("no_data") : number, h("small", {}, unit));
  bar.firstChild.style.width = `${sign.score ?? 0}%`;
  foot.firstChild.replaceChildren(levelShape(sign.level), term(sign.level));
  const ring = foot.lastChild.querySelector(".is-part");
  ring.setAttribute("stroke-dasharray", `${sign.confidence * RING} ${RING}`);
  say(foot.lastChild.lastChild, t("fresh", percent(sign.confidence)));
}
