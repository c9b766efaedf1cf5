// The few things this page needs of the document.

/** An element: `h("li", {class: "x", onclick: f}, "text", child)`. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Write text only when it differs, so that the browser has nothing to do when nothing changed. */
export function say(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/**
 * Make `parent` hold one node an item, in order, keeping nodes (and focus) of items that stay.
 * `make(item)` builds a node, `update(node, item)` refreshes it.
 */
export function keyed(parent, items, key, make, update) {
  const have = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let previous = null;
  for (const item of items) {
    const name = String(key(item));
    let node = have.get(name);
    if (node) have.delete(name);
    else {
      node = make(item);
      node.dataset.key = name;
    }
    update?.(node, item);
    const after = previous ? previous.nextSibling : parent.firstChild;
    if (after !== node) parent.insertBefore(node, after);
    previous = node;
  }
  for (const node of have.values()) node.remove();
}

const SHAPES = {
  normal: "M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10z",
  blue: "M6 0l6 6-6 6-6-6z",
  yellow: "M6 .5l6 11H0z",
  orange: "M1 1h10v10H1z",
  red: "M3.5 0h5L12 3.5v5L8.5 12h-5L0 8.5v-5z",
  unknown: "M6 0a6 6 0 1 1 0 12A6 6 0 1 1 6 0zm0 2.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6z",
};

/** The shape that stands for a level, so that colour is never alone. */
export function levelShape(level) {
  return svg("svg", { class: "shape", viewBox: "0 0 12 12", "aria-hidden": "true" },
    svg("path", { d: SHAPES[level] ?? SHAPES.unknown, "fill-rule": "evenodd" }));
}
