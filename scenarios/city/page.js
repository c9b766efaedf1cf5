"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.getElementById("map");
  const ctx = canvas.getContext("2d");
  const tip = document.getElementById("tip");
  const [wide, high] = data.size;

  // Width in pixels, and pixels a metre from which a class is drawn: small roads need room.
  const ROADS = {
    motorway: ["#b5462f", 2.6, 0], trunk: ["#d0742c", 2.4, 0], primary: ["#b89235", 1.7, 0],
    secondary: ["#8d8f6a", 1.2, 0], tertiary: ["#7f8b93", 0.9, 0.012],
    residential: ["#a9b2b9", 0.7, 0.03], service: ["#c3cad0", 0.6, 0.05],
  };
  const COLOURS = ["#1d5f99", "#a33b16", "#1f7a4d", "#6a3d9a", "#8a6d1f", "#b0246b", "#0f7b83",
    "#5b4636", "#4a5fc1", "#7a7a00", "#c2572b", "#2b3f55"];
  const SHAPES = ["disc", "box", "peak", "diamond"];
  const NAMES_FROM = { street: 0.012, community: 0.06 };

  // --- what is drawn ---------------------------------------------------------------------

  const steps = (flat) => {
    const points = [];
    let x = 0, y = 0;
    for (let i = 0; i < flat.length; i += 2) points.push([x += flat[i], y += flat[i + 1]]);
    return points;
  };

  // Paths by tile, so that only what is in view is drawn.
  const TILE = Math.max(wide, high) / 24;
  const tiled = (lines) => {
    const tiles = new Map();
    for (const flat of lines) {
      const points = steps(flat);
      let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
      for (const [x, y] of points) {
        west = Math.min(west, x); east = Math.max(east, x);
        south = Math.min(south, y); north = Math.max(north, y);
      }
      const key = `${Math.floor(points[0][0] / TILE)},${Math.floor(points[0][1] / TILE)}`;
      let tile = tiles.get(key);
      if (!tile) tiles.set(key, tile = { path: new Path2D(), box: [west, south, east, north] });
      tile.box = [Math.min(tile.box[0], west), Math.min(tile.box[1], south),
        Math.max(tile.box[2], east), Math.max(tile.box[3], north)];
      points.forEach(([x, y], i) => (i ? tile.path.lineTo(x, y) : tile.path.moveTo(x, y)));
    }
    return [...tiles.values()];
  };

  const people = () => {
    const { size, rows, corner } = data.cells;
    const picture = document.createElement("canvas");
    picture.width = Math.ceil(wide / size) + 1;
    picture.height = Math.ceil(high / size) + 1;
    const brush = picture.getContext("2d");
    const image = brush.createImageData(picture.width, picture.height);
    let column = 0, row = 0;
    for (let i = 0; i < rows.length; i += 3) {
      column += rows[i]; row += rows[i + 1];
      const at = 4 * ((picture.height - 1 - row) * picture.width + column);
      image.data.set([163, 59, 22, 40 + 180 * Math.min(1, rows[i + 2] / 350)], at);
    }
    brush.putImageData(image, 0, 0);
    return { picture, size, corner };
  };

  const layers = [];
  const layer = (group, title, count, draw, options = {}) =>
    layers.push({ group, title, count, draw, shown: true, ...options });

  const rings = data.districts.map((d) => {
    const ring = steps(d.ring), path = new Path2D();
    ring.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
    let area = 0, cx = 0, cy = 0;
    for (let i = 0; i + 1 < ring.length; i++) {
      const cross = ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
      area += cross; cx += (ring[i][0] + ring[i + 1][0]) * cross; cy += (ring[i][1] + ring[i + 1][1]) * cross;
    }
    return { ...d, path, x: cx / (3 * area), y: cy / (3 * area) };
  });
  const TINTS = ["#f3f1ea", "#eef2ee", "#f1eef2", "#eef1f4"];
  layer("Land", "districts", rings.length, (view) => {
    rings.forEach((one, i) => {
      ctx.fillStyle = TINTS[i % 4]; ctx.fill(one.path);
      ctx.strokeStyle = "#9c94b5"; ctx.lineWidth = 1.4 / view.k; ctx.stroke(one.path);
    });
  }, { sign: ["line", "#9c94b5", 1.4] });

  const raster = people();
  layer("Land", "people, by cell", data.cells.rows.length / 3, () => {
    const { picture, size, corner } = raster;
    ctx.save();
    ctx.imageSmoothingEnabled = false;
    ctx.translate(corner[0], corner[1] + picture.height * size);
    ctx.scale(size, -size);
    ctx.drawImage(picture, 0, 0);
    ctx.restore();
  }, { sign: ["box", "#d79b86"] });

  const ORDER = Object.keys(ROADS).reverse();
  for (const name of ORDER.filter((one) => data.roads[one])) {
    const tiles = tiled(data.roads[name]), [colour, width, from] = ROADS[name];
    layer("Roads", name, data.roads[name].length, (view) => {
      if (view.k < from) return;
      ctx.strokeStyle = colour;
      ctx.lineWidth = width * Math.min(3, Math.max(0.7, Math.sqrt(view.k / 0.02))) / view.k;
      for (const { path, box } of tiles) {
        if (box[0] < view.east && box[2] > view.west && box[1] < view.north && box[3] > view.south) ctx.stroke(path);
      }
    }, { sign: ["line", colour, width], first: ORDER.length - ORDER.indexOf(name) });
  }

  const shape = (brush, kind, x, y, r) => {
    brush.beginPath();
    if (kind === "disc") brush.arc(x, y, r, 0, 2 * Math.PI);
    else if (kind === "box") brush.rect(x - r * 0.9, y - r * 0.9, 1.8 * r, 1.8 * r);
    else if (kind === "peak") { brush.moveTo(x, y - 1.2 * r); brush.lineTo(x + 1.1 * r, y + 0.8 * r); brush.lineTo(x - 1.1 * r, y + 0.8 * r); brush.closePath(); }
    else { brush.moveTo(x, y - 1.25 * r); brush.lineTo(x + 1.25 * r, y); brush.lineTo(x, y + 1.25 * r); brush.lineTo(x - 1.25 * r, y); brush.closePath(); }
    brush.fill(); brush.stroke();
  };

  const points = (group, sites, offset) => sites.forEach((one, i) => {
    const colour = COLOURS[(i + offset) % COLOURS.length];
    const kind = SHAPES[(Math.floor(i / COLOURS.length) + offset) % SHAPES.length];
    layer(group, one.kind, one.names.length, (view) => {
      const crowd = one.names.length > 100 ? 1.5 : 2.6;
      const r = Math.min(6, Math.max(crowd, 3 * Math.sqrt(view.k / 0.02)));
      ctx.fillStyle = colour; ctx.strokeStyle = r < 2.5 ? colour : "#fff"; ctx.lineWidth = r < 2.5 ? 0.2 : 1;
      for (let j = 0; j < one.xy.length; j += 2) {
        const [x, y] = view.at(one.xy[j], one.xy[j + 1]);
        if (x > -9 && y > -9 && x < view.w + 9 && y < view.h + 9) shape(ctx, kind, x, y, r);
      }
    }, { flat: true, sign: [kind, colour], shown: one.shown, points: one });
  });
  points("Places", data.places, 0);
  points("Stations", data.stations, 5);

  for (const level of ["street", "community"]) {
    const one = data.areas[level];
    if (!one.names.length) continue;
    const short = one.names.map((name) => name.split(",")[0]);
    layer("Areas", level === "street" ? "streets and towns" : "communities", short.length, (view) => {
      ctx.fillStyle = "#6f6887";
      ctx.font = `${level === "street" ? 12 : 11}px system-ui, sans-serif`;
      ctx.textAlign = "center"; ctx.lineWidth = 3; ctx.strokeStyle = "rgba(255,255,255,.85)";
      for (let j = 0; j < short.length; j++) {
        const [x, y] = view.at(one.xy[2 * j], one.xy[2 * j + 1]);
        if (x < -40 || y < -10 || x > view.w + 40 || y > view.h + 10) continue;
        ctx.fillRect(x - 1.5, y - 1.5, 3, 3);
        if (view.k > NAMES_FROM[level] * Math.sqrt(150000 / Math.max(wide, high, 150000))) {
          ctx.strokeText(short[j], x, y - 5); ctx.fillText(short[j], x, y - 5);
        }
      }
    }, { flat: true, sign: ["box", "#6f6887"], shown: false, points: { ...one, kind: level } });
  }
  layer("Areas", "names of districts", rings.length, (view) => {
    ctx.font = "600 13px system-ui, sans-serif"; ctx.textAlign = "center";
    ctx.lineWidth = 4; ctx.strokeStyle = "rgba(255,255,255,.85)"; ctx.fillStyle = "#4d4670";
    const taken = [];
    for (const one of [...rings].sort((a, b) => b.people - a.people)) {
      const [x, y] = view.at(one.x, one.y), half = ctx.measureText(one.name).width / 2;
      if (taken.some(([u, v, w]) => Math.abs(u - x) < w + half && Math.abs(v - y) < 16)) continue;
      taken.push([x, y, half]);
      ctx.strokeText(one.name, x, y); ctx.fillText(one.name, x, y);
    }
  }, { flat: true, sign: ["box", "#4d4670"] });

  // --- the view --------------------------------------------------------------------------

  let k = 1, left = 0, top = 0, due = false;
  const view = () => {
    const w = canvas.clientWidth, h = canvas.clientHeight;
    return {
      k, w, h, west: -left / k, east: (w - left) / k, north: high + top / k, south: high - (h - top) / k,
      at: (x, y) => [left + x * k, top + (high - y) * k],
    };
  };
  const fit = () => {
    k = Math.min(canvas.clientWidth / wide, canvas.clientHeight / high);
    left = (canvas.clientWidth - wide * k) / 2;
    top = (canvas.clientHeight - high * k) / 2;
  };
  const draw = () => {
    due = false;
    const ratio = window.devicePixelRatio || 1, now = view();
    canvas.width = Math.round(now.w * ratio); canvas.height = Math.round(now.h * ratio);
    ctx.lineJoin = ctx.lineCap = "round";
    for (const one of layers) {
      if (!one.shown) continue;
      if (one.flat) ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      else ctx.setTransform(ratio * k, 0, 0, -ratio * k, ratio * left, ratio * (top + high * k));
      one.draw(now);
    }
    rule();
  };
  const ask = () => { if (!due) { due = true; requestAnimationFrame(draw); } };
  const zoom = (factor, x, y) => {
    const next = Math.min(2, Math.max(0.5 * Math.min(canvas.clientWidth / wide, canvas.clientHeight / high), k * factor));
    left = x - (x - left) * next / k; top = y - (y - top) * next / k; k = next;
    ask();
  };
  const rule = () => {
    const wanted = 130 / k, power = 10 ** Math.floor(Math.log10(wanted));
    const span = [5, 2, 1].map((n) => n * power).find((one) => one <= wanted);
    document.querySelector("#scale span").style.width = `${span * k}px`;
    document.querySelector("#scale b").textContent = span >= 1000 ? `${span / 1000} km` : `${span} m`;
  };

  // --- pointer and keys ------------------------------------------------------------------

  const held = new Map();
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0015), event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, [event.offsetX, event.offsetY]);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => held.delete(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId), at = [event.offsetX, event.offsetY];
    if (!before) return point(at);
    held.set(event.pointerId, at);
    if (held.size === 1) { left += at[0] - before[0]; top += at[1] - before[1]; ask(); return undefined; }
    const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
    const gap = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]);
    zoom(gap(at) / Math.max(gap(before), 1), other[0], other[1]);
    return undefined;
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (move) { left += move[0]; top += move[1]; ask(); event.preventDefault(); }
    else if (event.key === "+" || event.key === "=") zoom(1.4, canvas.clientWidth / 2, canvas.clientHeight / 2);
    else if (event.key === "-") zoom(1 / 1.4, canvas.clientWidth / 2, canvas.clientHeight / 2);
  });
  const point = ([px, py]) => {
    const now = view();
    let best = 10, found = null;
    for (const one of layers) {
      if (!one.shown || !one.points) continue;
      const { xy, names } = one.points;
      for (let j = 0; j < names.length; j++) {
        const gap = Math.hypot(left + xy[2 * j] * k - px, top + (high - xy[2 * j + 1]) * k - py);
        if (gap < best) { best = gap; found = [names[j], one.title]; }
      }
    }
    if (!found) {
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      const x = (px - left) / k, y = high - (py - top) / k;
      const district = rings.find((one) => ctx.isPointInPath(one.path, x, y));
      if (district) found = [district.name, `${district.people.toLocaleString("en")} people`];
    }
    tip.hidden = !found;
    if (!found) return;
    tip.replaceChildren(found[0], Object.assign(document.createElement("small"), { textContent: found[1] }));
    tip.style.left = `${Math.min(px + 14, now.w - tip.offsetWidth - 6)}px`;
    tip.style.top = `${Math.min(py + 14, now.h - tip.offsetHeight - 6)}px`;
  };
  const middle = (factor) => () => zoom(factor, canvas.clientWidth / 2, canvas.clientHeight / 2);
  document.getElementById("nearer").addEventListener("click", middle(1.6));
  document.getElementById("farther").addEventListener("click", middle(1 / 1.6));
  document.getElementById("whole").addEventListener("click", () => { fit(); ask(); });

  // --- the legend ------------------------------------------------------------------------

  const make = (tag, ...children) => { const one = document.createElement(tag); one.append(...children); return one; };
  const sign = ([kind, colour, width]) => {
    const small = Object.assign(document.createElement("canvas"), { width: 40, height: 28 });
    small.style.cssText = "width:20px;height:14px";
    const brush = small.getContext("2d");
    brush.scale(2, 2); brush.fillStyle = brush.strokeStyle = colour;
    if (kind === "line") { brush.lineWidth = width * 1.2; brush.beginPath(); brush.moveTo(1, 7); brush.lineTo(19, 7); brush.stroke(); }
    else { brush.lineWidth = 0.5; shape(brush, kind, 10, 7.5, 5); }
    return small;
  };
  const legend = document.getElementById("legend");
  for (const group of ["Land", "Areas", "Roads", "Places", "Stations"]) {
    const mine = layers.filter((one) => one.group === group).sort((a, b) => (a.first ?? 0) - (b.first ?? 0));
    if (!mine.length) continue;
    const boxes = [];
    const all = make("button", "all"), none = make("button", "none");
    all.type = none.type = "button";
    const set = (shown) => () => { mine.forEach((one, i) => { one.shown = boxes[i].checked = shown; }); ask(); };
    all.addEventListener("click", set(true)); none.addEventListener("click", set(false));
    const field = make("fieldset", make("legend", make("span", group), all, none));
    for (const one of mine) {
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: one.shown });
      box.addEventListener("change", () => { one.shown = box.checked; ask(); });
      boxes.push(box);
      field.append(make("label", box, make("i", sign(one.sign)), one.title, make("b", one.count.toLocaleString("en"))));
    }
    if (group === "Roads") field.append(make("p", "Small roads appear from nearer."));
    legend.append(field);
  }

  new ResizeObserver(() => { if (k === 1) fit(); ask(); }).observe(canvas);
  fit(); draw();
})();
