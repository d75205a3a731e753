// What a change does, as lines that are read by eye and by ear.

import { h } from "./dom.js";

const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isFlat = (value) => typeof value !== "object" || value === null;
const plain = /^[A-Za-z0-9_][\w ./:@%-]*$/;

function word(value) {
  if (value === null || value === undefined) return "nothing";
  if (typeof value !== "string") return String(value);
  return plain.test(value) && Number.isNaN(Number(value)) && !value.endsWith(":") && !["true", "false",
    "null"].includes(value) ? value : JSON.stringify(value);
}

/** A value as lines, in the manner of YAML; short lists and objects stand on one. */
export function lines(value, indent = "") {
  if (isFlat(value)) return [indent + word(value)];
  const short = inline(value);
  if (short.length + indent.length < 70) return [indent + short];
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      const own = lines(item, "");
      return own.map((line, at) => indent + (at ? "  " : "- ") + line);
    });
  }
  return Object.entries(value).flatMap(([name, item]) => {
    const own = lines(item, "");
    const isOne = own.length === 1;
    return isOne ? [`${indent}${word(name)}: ${own[0]}`] : [`${indent}${word(name)}:`, ...own.map((line) => indent + "  " + line)];
  });
}

function inline(value) {
  if (isFlat(value)) return word(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  return `{ ${Object.entries(value).map(([name, item]) => `${word(name)}: ${inline(item)}`).join(", ")} }`;
}

/** Members one under the other, however short they are. */
const open = (value) => (isMap(value) ? Object.entries(value).flatMap(([name, item]) => {
  const own = lines(item, "");
  return own.length === 1 ? [`${word(name)}: ${own[0]}`] : [`${word(name)}:`, ...own.map((line) => "  " + line)];
}) : value === undefined || value === null ? [] : lines(value));

/** By the longest lines that both have: [kind, line], kind is same, out or in. */
export function compare(before, after) {
  const rows = before.length;
  const columns = after.length;
  const longest = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      longest[i][j] = before[i] === after[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < rows || j < columns) {
    if (i < rows && j < columns && before[i] === after[j]) {
      found.push(["same", before[i]]);
      i += 1;
      j += 1;
    } else if (j >= columns || (i < rows && longest[i + 1][j] >= longest[i][j + 1])) {
      found.push(["out", before[i]]);
      i += 1;
    } else {
      found.push(["in", after[j]]);
      j += 1;
    }
  }
  return found;
}

const MARKS = { same: [" ", ""], out: ["−", "Removed: "], in: ["+", "Added: "] };
const NEAR = 3;

/** `before` and `after` as settings have them; undefined where there is none. */
export function diff(before, after, label = "What changes") {
  const all = compare(open(before), open(after));
  const counts = { in: all.filter(([kind]) => kind === "in").length, out: all.filter(([kind]) => kind === "out").length };
  if (!counts.in && !counts.out) return h("p", { class: "faint" }, "Nothing changes.");
  const isNear = (at) => all.slice(Math.max(0, at - NEAR), at + NEAR + 1).some(([kind]) => kind !== "same");
  const rows = [];
  all.forEach(([kind, line], at) => {
    if (kind === "same" && !isNear(at)) {
      if (rows.at(-1)?.dataset.kind !== "gap") rows.push(h("li", { class: "gap", "data-kind": "gap" }, "⋯"));
      return;
    }
    const [mark, said] = MARKS[kind];
    rows.push(h("li", { class: kind, "data-kind": kind }, h("span", { "aria-hidden": "true", class: "mark" }, mark),
      said ? h("span", { class: "unseen" }, said) : null, kind === "same" ? line : h(kind === "in" ? "ins" : "del", {}, line)));
  });
  const many = (count, name) => `${count} line${count === 1 ? "" : "s"} ${name}`;
  return h("div", { class: "diff-box" }, h("p", { class: "faint" }, `${many(counts.in, "added")}, ${many(counts.out, "removed")}`),
    h("div", { class: "scroll diff-scroll", tabindex: "0", role: "region", "aria-label": label }, h("ol", { class: "diff" }, rows)));
}

/** A value as it is, for reading. */
export const shown = (value) => h("pre", { class: "mono value" }, open(value).join("\n") || "nothing");
