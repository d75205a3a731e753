// Traffic as a flow from keys through models to providers: width is requests, colour is health, dots move while there is traffic.

import { h, s } from "./dom.js";
import { count, percent } from "./format.js";

const GAP = 22;
const BAR = 10;
const MOST = 7;

const letters = new Intl.Segmenter("en", { granularity: "grapheme" });
const pen = document.createElement("canvas").getContext("2d");

/** A name in so many units of the picture at most, no letter of it cut in two. */
function shortened(name, width) {
  pen.font = "13px " + getComputedStyle(document.body).fontFamily;
  const fits = (text) => pen.measureText(text).width <= width;
  if (fits(name)) return name;
  let out = "";
  for (const { segment } of letters.segment(name)) {
    if (!fits(out + segment + "…")) break;
    out += segment;
  }
  return out + "…";
}

/** Sums of one side, the largest first; what does not fit is one more. */
function side(rows, name, weight) {
  const sums = new Map();
  for (const row of rows) {
    const is = row[name] ?? "none";
    const node = sums.get(is) ?? { name: is, sum: 0, failed: 0 };
    node.sum += weight(row);
    node.failed += row.failed ?? 0;
    sums.set(is, node);
  }
  const sorted = [...sums.values()].filter((node) => node.sum > 0).sort((a, b) => b.sum - a.sum);
  if (sorted.length <= MOST) return sorted;
  const rest = sorted.slice(MOST - 1);
  const sum = (member) => rest.reduce((total, node) => total + node[member], 0);
  return [...sorted.slice(0, MOST - 1), { name: `${rest.length} others`, sum: sum("sum"), failed: sum("failed"), stands: rest.map((node) =>
    node.name) }];
}

function layOut(nodes, x, height, total) {
  const scale = (height - GAP * (nodes.length - 1)) / Math.max(total, 1);
  let y = (height - (total * scale + GAP * (nodes.length - 1))) / 2;
  const found = new Map();
  for (const node of nodes) {
    Object.assign(node, { x, y, height: Math.max(3, node.sum * scale), out: 0, into: 0 });
    for (const name of node.stands ?? [node.name]) found.set(name, node);
    y += node.height + GAP;
  }
  return found;
}

function links(rows, left, right, from, to) {
  const found = new Map();
  for (const row of rows) {
    const [a, b] = [left.get(row[from] ?? "none"), right.get(row[to] ?? "none")];
    if (!a || !b || !row.requests) continue;
    const id = a.name + "\n" + b.name;
    const link = found.get(id) ?? { a, b, sum: 0, failed: 0 };
    link.sum += row.requests;
    link.failed += row.failed ?? 0;
    found.set(id, link);
  }
  return [...found.values()].sort((one, two) => one.a.y - two.a.y || one.b.y - two.b.y);
}

const kindOf = (share) => (share >= 0.2 ? "bad" : share >= 0.02 ? "warn" : "good");

/**
 * @param first rows of key and model, @param second rows of model and provider, each with `requests` and `failed`.
 * @param states provider to "good", "warn" or "bad".
 */
export function flow(first, second, states, isMoving) {
  const requests = (row) => row.requests;
  const columns = [side(first, "key", requests), side(second, "model", requests), side(second, "provider", requests)];
  const height = Math.max(200, Math.max(...columns.map((nodes) => nodes.length)) * 46);
  const total = (nodes) => nodes.reduce((sum, node) => sum + node.sum, 0);
  // On a phone names stand on the ribbons instead of beside them.
  const isNarrow = innerWidth < 640;
  const [width, margin] = isNarrow ? [360, 0] : [900, 150];
  const xs = [margin, width / 2 - BAR / 2, width - margin - BAR];
  const [keys, models, providers] = columns.map((nodes, at) => layOut(nodes, xs[at], height, total(nodes)));
  const drawn = s("svg", { viewBox: `0 -16 ${width} ${height + 26}`, class: "flow", "aria-hidden": "true" });
  const draw = (list) => {
    for (const link of list) {
      const [wide, narrow] = [(link.sum / link.a.sum) * link.a.height, (link.sum / link.b.sum) * link.b.height];
      const [y1, y2] = [link.a.y + link.a.out + wide / 2, link.b.y + link.b.into + narrow / 2];
      link.a.out += wide;
      link.b.into += narrow;
      const [x1, x2] = [link.a.x + BAR, link.b.x];
      const bend = (x1 + x2) / 2;
      const d = `M${x1} ${y1.toFixed(1)}C${bend} ${y1.toFixed(1)} ${bend} ${y2.toFixed(1)} ${x2} ${y2.toFixed(1)}`;
      const kind = kindOf(link.failed / link.sum);
      drawn.append(s("path", { d, class: `ribbon ${kind}`, "stroke-width": Math.max(1.5, (wide + narrow) / 2).toFixed(1) },
        s("title", {}, `${link.a.name} to ${link.b.name}: ${count(link.sum)} requests, ${count(link.failed)} failed`)));
      if (isMoving) drawn.append(s("path", { d, class: `stream ${kind}`, "stroke-width": "2.5" }));
    }
  };
  draw(links(first, keys, models, "key", "model"));
  draw(links(second, models, providers, "model", "provider"));
  for (const [at, nodes] of columns.entries()) {
    for (const node of nodes) {
      const kind = at === 2 ? states.get(node.name) ?? kindOf(node.failed / node.sum) : kindOf(node.failed / node.sum);
      const end = at === 2;
      drawn.append(
        s("rect", { x: node.x, y: node.y.toFixed(1), width: BAR, height: node.height.toFixed(1), rx: 3, class: `node ${kind}` }),
        s("text", {
          x: at === 1 ? node.x + BAR / 2 : end === isNarrow ? node.x - 8 : node.x + BAR + 8, y: at === 1 ? node.y - 4 : node.y + node.height / 2 + 4,
          "text-anchor": at === 1 ? "middle" : end === isNarrow ? "end" : "start", class: "label",
        }, shortened(node.name, isNarrow ? 104 : 138), s("title", {}, node.name)));
    }
  }
  return h("figure", { class: "flow-box" }, drawn, spoken(columns));
}

/** The same as a table, for those who do not see the picture. */
function spoken(columns) {
  const names = ["Key", "Model", "Provider"];
  const all = columns.flatMap((nodes, at) => nodes.map((node) => [names[at], node.name, count(node.sum), percent(node.failed / node.sum)]));
  return h("table", { class: "unseen" }, h("caption", {}, "Requests of this hour"),
    h("thead", {}, h("tr", {}, ["Part", "Name", "Requests", "Failed"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, all.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell))))));
}
